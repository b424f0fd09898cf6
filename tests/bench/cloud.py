"""A local cloud of one's own, and somebody who uploads to it as the clients do."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Of an upload, in bytes. S3 takes 5 MiB to 5 GiB.
PART = 32 << 20
PATIENCE = 3600.0


class BenchError(Exception):
    """Something did not work, so that there is nothing to measure."""


class Cloud:
    """template.yaml on this machine, with another timeout of the transcode function and at most so many of it at once, changed
    further by `prepare`."""

    def __init__(self, programs, state, timeout, at_once, prepare=None, parameters=()):
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True)
        self.state, self.log = state, state / "log"
        template = state / "template.yaml"
        changed = with_timeout((REPOSITORY / "template.yaml").read_text(), timeout, at_once)
        template.write_text((prepare or until_ready)(changed))
        command = [programs / "capstan-local", "up", "--no-sample", "--stop-on-stdin-close", "--port", "0"]
        command += ["--template", template, "--functions", programs, "--state", state]
        command += ["--mysql-home", REPOSITORY / ".tools/mysql"]
        command += [part for parameter in parameters for part in ("--parameter", parameter)]
        # The layer's FFmpeg first, as on Lambda.
        path = f"{REPOSITORY / '.tools/opt/bin'}:{os.environ['PATH']}"
        with self.log.open("wb") as log:
            # It ends when this program does, whose end of the pipe then closes.
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, env={**os.environ, "PATH": path}, stdin=subprocess.PIPE, stdout=log, stderr=log)
        self.ready = json.loads(self.wait(lambda: read(state / "ready.json"), 180))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def wait(self, condition, patience=PATIENCE):
        """What `condition` gives, once it gives something."""
        end = time.monotonic() + patience
        while not (found := condition()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"the local cloud ended, or took too long; see {self.log}")
            time.sleep(0.02)
        return found

    def upload(self, file):
        """Uploads a recording in parts. The video's id, and when its last call returned."""
        created = self.call("GET", f"/api/desktop/video/create?recordingMode=desktopMP4&name={file.name}")
        video = {"videoId": created["id"]}
        upload = {**video, "uploadId": self.call("POST", "/api/upload/multipart/initiate", video)["uploadId"]}
        parts = []
        with file.open("rb") as recording:
            while part := recording.read(PART):
                number = {"partNumber": len(parts) + 1}
                url = self.call("POST", "/api/upload/multipart/presign-part", {**upload, **number})["presignedUrl"]
                with urllib.request.urlopen(urllib.request.Request(url, data=part, method="PUT")) as answer:
                    parts.append({**number, "etag": answer.headers["etag"].strip('"'), "size": len(part)})
        self.call("POST", "/api/upload/multipart/complete", {**upload, "parts": parts})
        return created["id"], time.monotonic()

    def becomes_ready(self, video):
        """Waits for the end of the work on a video; when it was. The log is looked at, since asking the API would be
        work on the same cores."""
        ended = re.compile(rf" (ready|failed) .*video={video}\b")
        line = self.wait(lambda: ended.search(self.log.read_text(errors="replace")))
        at = time.monotonic()
        state = self.call("GET", f"/api/v1/caps/{video}/status")
        if line[1] != "ready" or state["overall"] != "ready":
            raise BenchError(f"{video} was not published: {state}; see {self.log}")
        self.wait(lambda: self.transcode()["asyncInFlight"] == 0)
        return at

    def transcode(self):
        """The transcode function's counters and processes."""
        with urllib.request.urlopen(f"{self.ready['lambdaEndpoint']}/_local/functions") as answer:
            return next(function for function in json.load(answer) if function["binary"] == "transcode")

    def pids(self):
        """Processes of the transcode function."""
        return [environment["pid"] for environment in self.transcode()["environments"] if environment["pid"]]

    def player(self, video):
        """Address at which the player reads a video."""
        with urllib.request.urlopen(f"{self.ready['base']}/api/playlist?videoId={video}&videoType=mp4") as answer:
            return answer.url

    def download(self, video, file):
        """Keeps what the player would read."""
        with urllib.request.urlopen(self.player(video)) as answer, file.open("wb") as kept:
            shutil.copyfileobj(answer, kept)

    def moved(self, video):
        """What the invocations for a video have reported, summed up."""
        total = {}
        for line in self.log.read_text(errors="replace").splitlines():
            if f"video={video}" in line and (" job " in line or " copied in place " in line):
                for name, value in re.findall(r"(\w+)=(\d+)(?= |$)", line):
                    total[name] = total.get(name, 0) + int(value)
        return total

    def pieces(self, video):
        """Wall time of the invocations for pieces of a video, in seconds."""
        done = re.findall(rf" jobs/\S*{video}\S* done, (\d+) ms", self.log.read_text(errors="replace"))
        return [int(ms) / 1000 for ms in done]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.ready['apiKey']}", "content-type": "application/json"}
        request = urllib.request.Request(self.ready["base"] + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def with_timeout(template, timeout, at_once):
    """The template with another timeout of the transcode function, also one that Lambda does not give."""
    changed, timeouts = re.subn(r"(?m)^      Timeout: !Ref TranscodeTimeout$", f"      Timeout: {timeout}", template)
    limit = f"      ReservedConcurrentExecutions: {at_once}"
    changed, limits = re.subn(r"(?m)^      ReservedConcurrentExecutions: .*TranscodeConcurrency.*$", limit, changed)
    if (timeouts, limits) != (1, 1):
        raise BenchError("the transcode function's timeout and concurrency are not where they were in template.yaml")
    return changed


def until_ready(template):
    """The template without what is derived from a video once it plays: it would be measured with what makes it play."""
    jobs = "Rules: [{Name: prefix, Value: jobs/}]"
    if template.count(jobs) != 1:
        raise BenchError("the transcode function's jobs are not where they were in template.yaml")
    return template.replace(jobs, "Rules: [{Name: prefix, Value: jobs/p}]")


def read(file):
    return file.read_bytes() if file.exists() else None
