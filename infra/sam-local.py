"""Runs the API and the transcode function in Lambda's own containers, with `sam local`, until Ctrl-C.

    PORT=3000 FILE=talk.mp4 .tools/venv/bin/python infra/sam-local.py

Everything else is the local cloud: MySQL, S3, DynamoDB, mail, and the functions that neither answer requests nor transcode. It hands
each event for the transcode function over, and `sam local invoke` runs it. All data is in STATE, by default .local/sam-local. The local
cloud must be built; what goes into the containers is built into SAM_BUILD_DIR, by default .aws-sam/build.
"""

import asyncio
import ipaddress
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from samcli.yamlhelper import yaml_dump, yaml_parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST = "host.docker.internal"
TRANSCODE = "TranscodeFunction"
# What `sam local` has a use for.
RUN = ("AWS::Serverless::Function", "AWS::Serverless::HttpApi", "AWS::Serverless::LayerVersion")


def fail(text):
    sys.exit(f"sam-local: {text}")


def wait(what, condition, seconds=120):
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.2)
    return found


def bridge():
    """Address and network of the bridge on which containers reach this machine."""
    asked = subprocess.run(["docker", "network", "inspect", "bridge"], capture_output=True, text=True)
    if asked.returncode:
        fail(f"no Docker engine answers: start Docker and try again\n{asked.stderr.strip()}")
    configuration = json.loads(asked.stdout)[0]["IPAM"]["Config"][0]
    network = ipaddress.ip_network(configuration["Subnet"])
    return configuration.get("Gateway", str(network[1])), network


class Doors(threading.Thread):
    """Lets containers, and nobody else, reach ports of 127.0.0.1 on the bridge's address. Docker Desktop does so by itself, and there
    that address is not this machine's."""

    def __init__(self, address, network, ports):
        super().__init__(daemon=True)
        self.address, self.network, self.ports, self.open = address, network, ports, threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        for port in self.ports:
            try:
                await asyncio.start_server(lambda *ends, port=port: self.forward(port, *ends), self.address, port)
            except OSError as error:
                print(f"sam-local: {self.address} is not opened to containers ({error.strerror}): Docker must do it", flush=True)
                break
        self.open.set()
        await asyncio.Event().wait()

    async def forward(self, port, reader, writer):
        if ipaddress.ip_address(writer.get_extra_info("peername")[0]) in self.network:
            try:
                service = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(pipe(reader, service[1]), pipe(service[0], writer))
            except OSError:
                pass
        writer.close()


async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def template(built, arch, functions, state, base):
    """The path of the built template with the local cloud's environment, as containers must have it."""
    with open(built / "template.yaml") as file:
        content = yaml_parse(file.read())
    resources = {name: resource for name, resource in content["Resources"].items() if resource["Type"] in RUN}
    for name, resource in resources.items():
        properties = resource["Properties"]
        for uri in ("CodeUri", "ContentUri"):
            if uri in properties:
                properties[uri] = str((built / properties[uri]).resolve())
        if name in functions:
            properties["Environment"] = {"Variables": environment(functions[name]["environment"], base)}
            events = properties.get("Events", {}).items()
            properties["Events"] = {event: source for event, source in events if source["Type"] == "HttpApi"}
            # `sam local` runs no deployment.
            resource.pop("DependsOn", None)
    content["Resources"] = resources
    content["Parameters"]["Architecture"]["Default"] = arch
    content["Globals"]["Function"].pop("Environment")
    for unused in ("Outputs", "Rules"):
        content.pop(unused, None)
    path = state / "template.yaml"
    # Readable for its owner only: the environment holds secrets.
    path.touch(mode=0o600)
    path.write_text(yaml_dump(content))
    return path


def environment(given, base):
    inside = {name: value.replace("127.0.0.1", HOST) for name, value in given.items()}
    if "DATABASE_URL" in given:
        # From a container MySQL is another machine, which is asked for its certificate. It made that itself, and names no host in it.
        inside["DATABASE_URL"] += "?verify_ca=false"
    if "WEB_URL" in given:
        inside["WEB_URL"] = base
    if "S3_ENDPOINT" in given:
        # Addresses are signed for whoever stands outside.
        inside |= {
            "S3_ENDPOINT": inside["AWS_ENDPOINT_URL_S3"],
            "S3_PUBLIC_ENDPOINT": given["AWS_ENDPOINT_URL_S3"],
            "S3_REGION": given["AWS_REGION"],
            "S3_BUCKET": given["MEDIA_BUCKET"],
            "S3_ACCESS_KEY_ID": given["AWS_ACCESS_KEY_ID"],
            "S3_SECRET_ACCESS_KEY": given["AWS_SECRET_ACCESS_KEY"],
        }
    return inside


class Api:
    """The API as a client sees it."""

    def __init__(self, base, key):
        self.base, self.key = base, key

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            fail(f"{method} {path} was answered {error.code}: {error.read().decode(errors='replace')}")

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.base}/api/auth/csrf", timeout=60) as answer:
                return answer.status == 200
        except OSError:
            return False

    def upload(self, file):
        """Uploads a recording by a signed address; the id of its video."""
        query = urllib.parse.urlencode({"recordingMode": "desktopMP4", "name": file.stem})
        video = self.ask("GET", f"/api/desktop/video/create?{query}")["id"]
        signed = self.ask("POST", "/api/upload/signed", {"videoId": video, "subpath": "result.mp4", "method": "put"})
        with open(file, "rb") as data:
            headers = {"Content-Length": str(file.stat().st_size)}
            put = urllib.request.Request(signed["presignedPutData"]["url"], data, headers, method="PUT")
            urllib.request.urlopen(put).close()
        return video

    def state(self, video):
        status = self.ask("GET", f"/api/v1/caps/{video}/status")
        if status["overall"] == "failed":
            fail(f"the recording does not play: {status['upload'].get('reason')}")
        return status["overall"]


def sample(state):
    file = state / "A sample recording.mp4"
    if not file.exists():
        picture = "testsrc2=size=1280x720:rate=30:duration=6"
        tone = "sine=frequency=440:beep_factor=4:duration=6"
        subprocess.run(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone]
            + ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(file)],
            check=True,
        )
    return file


class Stack:
    """What runs, in the order in which it is stopped."""

    def __init__(self):
        self.running = []

    def start(self, *command, **options):
        # In a group of its own: Ctrl-C comes here, and from here to each in its turn.
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options)
        self.running.insert(0, process)
        return process

    def finish(self, *command):
        """What a program prints that ends by itself, unless everything is stopped before."""
        process = self.start(*command, stdout=subprocess.PIPE, text=True)
        printed, _ = process.communicate()
        self.running.remove(process)
        return printed

    def stop(self):
        for process in self.running:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def check(self):
        for process in self.running:
            if process.poll() is not None:
                fail(f"{process.args[0]} ended by itself")


def sam(*arguments):
    return ("sam", "local", *arguments, "--config-env", "local", "--config-file", str(ROOT / "samconfig.toml"))


def run(stack):
    state = pathlib.Path(os.environ.get("STATE") or ROOT / ".local/sam-local").resolve()
    built = pathlib.Path(os.environ.get("SAM_BUILD_DIR") or ROOT / ".aws-sam/build").resolve()
    file = os.environ.get("FILE") and pathlib.Path(os.environ["FILE"]).resolve()
    port = os.environ.get("PORT") or "3000"
    # Asked before minutes of building.
    if file and not file.is_file():
        fail(f"there is no file {file}")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        fail(f"PORT must be a number from 1 to 65535, not '{port}'")
    with socket.socket() as asked:
        if asked.connect_ex(("127.0.0.1", int(port))) == 0:
            fail(f"port {port} is taken: stop what listens there, or choose another with PORT=…")
    address, network = bridge()

    arch = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    if subprocess.run(["infra/build.sh", "local", arch], cwd=ROOT, env=os.environ | {"SAM_BUILD_DIR": str(built)}).returncode:
        fail("what is to run in containers could not be built")

    base = f"http://127.0.0.1:{port}"
    cloud = ["target/debug/capstan-local", "up", "--state", str(state), "--port", "0", "--no-sample", "--hand-over", TRANSCODE]
    ready = state / "ready.json"
    ready.unlink(missing_ok=True)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(state / "cloud.log", "w") as log:
        stack.start(*cloud, stdout=log)
    wait("the local cloud", lambda: stack.check() or ready.exists())
    known = json.loads(ready.read_text())
    functions = json.loads((state / "functions.json").read_text())

    services = [known["s3Endpoint"], known["dynamodbEndpoint"], known["databaseUrl"], "smtp://" + known["smtpAddress"]]
    doors = Doors(address, network, [urllib.parse.urlsplit(url).port for url in services])
    doors.start()
    doors.open.wait()

    told = ("--template", str(template(built, arch, functions, state, base)))
    stack.start(*sam("start-api", *told, "--port", port, "--warm-containers", "LAZY", "--no-watch"))
    api = Api(base, known["apiKey"])
    wait("the API", lambda: stack.check() or api.answers())

    video = api.upload(file or sample(state))
    events = state / "events" / TRANSCODE
    announced = False
    while True:
        stack.check()
        for event in sorted(events.glob("*.json")):
            transcode(stack, event, told)
            if not announced and api.state(video) == "ready":
                announced = True
                print(f"\n  Share link   {base}/s/{video}\n  Server       {base}\n  API key      {known['apiKey']}")
                print(f"  Mail         {known['base']}/_local/mail\n\n  Ctrl-C stops everything and keeps the data.\n", flush=True)
        time.sleep(0.2)


def transcode(stack, event, told):
    """Invokes the function as often as Lambda would. What comes to nothing is kept beside the events."""
    for attempt in range(1, 4):
        command = sam("invoke", TRANSCODE, *told, "--event", str(event))
        answer = stack.finish(*command)
        # `sam` succeeds whatever the function says, and prints nothing when it ended before it could.
        if answer.strip() == "null":
            return event.unlink()
        print(f"sam-local: {event.name} failed, try {attempt} of 3: {answer.strip()}", flush=True)
    print(f"sam-local: given up; the event is {event.rename(event.with_suffix('.failed'))}", flush=True)


def main():
    stack = Stack()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(stack)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        stack.stop()


main()
