"""Counts what a recording and a view take of everything that AWS counts: the real functions in a local cloud, with taps between
them and S3, DynamoDB and MySQL. docs/COST.md calculates with it.

    infra/bench-cost.sh

Counts are exact. Processor time is this machine's; wall time is not used, since here nothing is as far away as on AWS.
"""

import argparse
import collections
import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import footage
import instant
from cloud import REPOSITORY, BenchError, Cloud
from processes import cpu
from taps import Counts, http_tap, mysql_tap

# Seconds of what is encoded.
SHORT = 20
# What a figure is, by a word of its name.
HOW = {
    "renditions": "One recording with Renditions=720,480, until all is derived: H.264 and AAC with the index last, 1080p, 6 Mbit/s",
    "mp4": "One recording that is published as it is, uploaded in parts of 32 MiB, until all is derived: H.264 and AAC with the index last, "
           "1080p, 6 Mbit/s",
    "webm": "One recording that is encoded, until all is derived: VP8 and Opus, 1080p, 2.5 Mbit/s",
    "instant": "One recording in segments of two seconds, with a manifest after each, until all is derived: 1080p, 6 Mbit/s",
    "view in": "One view of the recording of 60 s in Chromium with an empty cache, to its end",
    "login": "One login by the code of a mail, of ten",
    "schedule": "One run with nothing to do, of fifty",
    "": "One request, of three hundred in a row",
}
FUNCTIONS = ["auth", "presign", "metadata", "share", "mail", "notify", "transcode"]
UNTOUCHED = ["capstan-local", "migrate", "forward"]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
# The taps' ports are known before the cloud's are.
WRAPPER = """#!/bin/sh
export AWS_ENDPOINT_URL_S3=http://127.0.0.1:{s3} AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:{dynamodb}
[ -z "${{DATABASE_URL:-}}" ] || DATABASE_URL=$(printf %s "$DATABASE_URL" | sed -E 's#@[^/]+/#@127.0.0.1:{mysql}/#')
export DATABASE_URL
exec {program} "$@"
"""


class Tapped:
    """A local cloud whose functions are counted."""

    def __init__(self, options, name, parameters=()):
        self.counts, self.place = Counts(), options.state / name
        programs = self.place / "programs"
        shutil.rmtree(self.place, ignore_errors=True)
        programs.mkdir(parents=True)
        for name in UNTOUCHED:
            (programs / name).symlink_to(options.programs / name)
        for name in FUNCTIONS:
            ports = {"s3": http_tap(name, "s3", self.counts, lambda: self.address("s3Endpoint")),
                     "dynamodb": http_tap(name, "dynamodb", self.counts, lambda: self.address("dynamodbEndpoint")),
                     "mysql": mysql_tap(name, self.counts, lambda: self.address("databaseUrl"))}
            wrapper = programs / name
            wrapper.write_text(WRAPPER.format(program=options.programs / name, **ports))
            wrapper.chmod(0o755)
        self.cloud = Cloud(programs, self.place / "cloud", 900, 2, seldom, parameters)
        self.site = urllib.parse.urlsplit(self.cloud.ready["base"])
        self.connection = http.client.HTTPConnection(self.site.hostname, self.site.port)

    def __enter__(self):
        return self

    def __exit__(self, *ended):
        self.cloud.__exit__(*ended)

    def address(self, which):
        url = urllib.parse.urlsplit(self.cloud.ready[which])
        return url.hostname, url.port or 3306

    def functions(self):
        with urllib.request.urlopen(f"{self.cloud.ready['lambdaEndpoint']}/_local/functions") as answer:
            return {function["binary"]: function for function in json.load(answer)}

    def spent(self):
        """Processor seconds by process: its own, and FFmpeg's."""
        return {(name, environment["pid"]): cpu(environment["pid"])
                for name, function in self.functions().items() for environment in function["environments"] if environment["pid"]}

    def rests(self):
        """Waits until no event is worked on."""
        self.cloud.wait(lambda: not any(function["asyncInFlight"] for function in self.functions().values()))

    def take(self, what):
        """What doing `what` takes, by function."""
        self.rests()
        counts, spent, log = self.counts.copy(), self.spent(), self.cloud.log.stat().st_size
        result = what()
        self.rests()
        took = collections.defaultdict(lambda: collections.defaultdict(float))
        for (name, pid), after in self.spent().items():
            before = spent.get((name, pid), (0.0, 0.0))
            took[name]["cpu_s"] += after[0] - before[0]
            took[name]["ffmpeg_cpu_s"] += after[1] - before[1]
        for who, after in self.counts.copy().items():
            for what, count in (after - counts.get(who, collections.Counter())).items():
                took[who][what] += count
        with self.cloud.log.open("rb") as file:
            file.seek(log)
            for line in file.read().decode(errors="replace").splitlines():
                name, said = (line[13:].split(maxsplit=1) + ["", ""])[:2]
                if name in FUNCTIONS:
                    billed = re.search(r" \d+ ms, billed \d+ ms", said)
                    took[name]["invocations" if billed else "own log bytes"] += 1 if billed else len(said)
        return result, of_one(took, 1)

    def ask(self, method, path, body=None, **headers):
        """Asks the site, as it stands: redirects are not followed."""
        headers = {"user-agent": BROWSER, "accept-encoding": "br", **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if body is None else json.dumps(body).encode()
        if data:
            headers |= {"content-type": "application/json", "origin": self.cloud.ready["base"]}
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise BenchError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return answer, content

    def recording(self, file):
        """Uploads a recording and waits until all is derived from it."""
        return self.derived(self.cloud.upload(file)[0])

    def derived(self, video):
        """Waits until all is derived from a video."""
        derived = re.compile(rf"jobs/derive/{video}/\S* done")
        self.cloud.wait(lambda: derived.search(self.cloud.log.read_text(errors="replace")))
        self.rests()
        return video

    def stored(self, video):
        """Bytes in the bucket by folder, of one video."""
        kept = collections.Counter()
        for file in (self.place / "cloud" / "s3").glob("*/objects/*.json"):
            told = json.loads(file.read_text())
            if video in told["key"]:
                name = re.sub(r"segment_\d+", "segment_{number}", told["key"].replace(video, "{video}"))
                kept[name] += sum(segment["size"] for segment in told["segments"])
        return dict(kept)


def seldom(template):
    """The template with schedules that do not run by themselves meanwhile."""
    return re.sub(r"rate\(\d+ (?:minute|hour)s?\)", "rate(24 hours)", template)


def views(report, tapped, video):
    """A view in a browser, and each of its requests many times over."""
    page = f"{tapped.cloud.ready['base']}/s/{video}"
    command = ["node", "tests/browser/view.mjs", page]
    viewed, took = tapped.take(lambda: subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True))
    report["view in Chromium"] = {**json.loads(viewed.stdout), "took": took}
    _, html = tapped.ask("GET", f"/s/{video}", accept_encoding="identity")
    style = re.search(rb'/static/[^"]+', html)[0].decode()
    version = tapped.ask("GET", f"/api/videos/{video}/comments?after=0")[0].getheader("etag") or '"0"'
    requests = {
        "share page": ("GET", f"/s/{video}", {}),
        "static file": ("GET", style, {}),
        "playlist": ("GET", f"/api/playlist?videoId={video}&videoType=mp4", {}),
        "poster": ("GET", f"/api/video/og?videoId={video}", {}),
        "storyboard": ("GET", f"/api/video/storyboard?videoId={video}", {}),
        "comments, nothing new": ("GET", f"/api/videos/{video}/comments?after=0", {"if_none_match": version}),
        "status by a program": ("GET", f"/api/v1/caps/{video}/status", {"authorization": f"Bearer {tapped.cloud.ready['apiKey']}"}),
        "library by a program": ("GET", "/api/v1/caps", {"authorization": f"Bearer {tapped.cloud.ready['apiKey']}"}),
    }
    for name, (method, path, headers) in requests.items():
        many(report, tapped, name, 300, lambda _: tapped.ask(method, path, **headers))
    plays = [(play, progress) for play in range(60) for progress in (0, 25, 50, 75, 95)]
    said = lambda play, progress: {"videoId": video, "playId": f"{play:032x}", "progress": progress, "sessionId": f"{play + 1:032x}"}
    many(report, tapped, "beacon", len(plays), lambda number: tapped.ask("POST", "/api/analytics/track", said(*plays[number])))


def many(report, tapped, name, times, ask):
    """The same request over and over: what one takes."""
    ask(0)
    answers, took = tapped.take(lambda: [ask(number) for number in range(times)])
    answer, content = answers[-1]
    report[name] = {"status": answer.status, "body bytes": len(content), "one": of_one(took, times)}


def of_one(took, times):
    """What one of so many takes, by function; without what it does not take."""
    return {who: {what: round(count / times, 6) for what, count in counts.items() if count} for who, counts in took.items() if any(counts.values())}


def login(report, tapped):
    """A mail with a code, and its code typed."""
    jar = {}

    def form(path, fields):
        return ask("POST", path, urllib.parse.urlencode(fields), {"content-type": "application/x-www-form-urlencoded", "origin": tapped.cloud.ready["base"]})

    def get(path):
        return ask("GET", path, None, {"accept": "application/json"})

    def ask(method, path, body, headers):
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        tapped.connection.request(method, path, body, {**headers, "user-agent": BROWSER, "cookie": cookies})
        answer = tapped.connection.getresponse()
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            jar[name] = value
        return answer.status, answer.read()

    def one(number):
        jar.clear()
        email = f"person{number}@example.com"
        token = json.loads(get("/api/auth/csrf")[1])["csrfToken"]
        form("/api/auth/signin/email", {"email": email, "csrfToken": token})
        mail = tapped.cloud.wait(lambda: next((mail for mail in json.loads(get("/_local/mail")[1]) if email in str(mail["to"])), None))
        code = re.search(r"\b\d{6}\b", mail["text"])[0]
        status, _ = form("/api/auth/callback/email", {"email": email, "token": code, "csrfToken": token})
        if status != 303:
            raise BenchError(f"the login of {email} answered {status}")
        get("/api/auth/session")

    one(0)
    times = 10
    _, took = tapped.take(lambda: [one(number) for number in range(1, times + 1)])
    report["login"] = {"one": of_one(took, times)}


def schedules(report, tapped):
    """What runs by the clock when there is nothing to do."""
    event = json.dumps({"version": "0", "id": "00000000-0000-4000-8000-000000000000", "detail-type": "Scheduled Event", "source": "aws.events",
                        "account": "000000000000", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": {}}).encode()
    names = {function["binary"]: function["name"] for function in tapped.functions().values()}

    def run(name):
        url = f"{tapped.cloud.ready['lambdaEndpoint']}/2015-03-31/functions/{names[name]}/invocations"
        with urllib.request.urlopen(urllib.request.Request(url, data=event, method="POST")) as answer:
            answer.read()

    for name in ("transcode", "notify", "mail"):
        run(name)
        times = 50
        _, took = tapped.take(lambda: [run(name) for _ in range(times)])
        report[f"schedule of {name}"] = {"one": of_one(took, times)}


def recorded(folder, ending, seconds):
    """A recording; a short one where every frame is encoded."""
    if seconds >= 60:
        return footage.make(folder, ending, seconds)
    file = folder / f"{seconds}.{ending}"
    if not file.exists():
        options = footage.MP4 if ending == "mp4" else footage.WEBM
        footage.write([*footage.FFMPEG, *footage.PICTURE, *footage.SOUND, "-t", str(seconds), *options], file)
    return file


def measure(report, options):
    inputs = options.state / "footage"
    with Tapped(options, "plain") as tapped:
        tapped.recording(footage.make(inputs, "mp4", 60))
        for ending, seconds in (("mp4", 60), ("mp4", 300), ("webm", SHORT)):
            file = recorded(inputs, ending, seconds)
            video, took = tapped.take(lambda: tapped.recording(file))
            report[f"{ending} {seconds} s"] = {"bytes": file.stat().st_size, "took": took, "stored": tapped.stored(video)}
            if (ending, seconds) == ("mp4", 60):
                watched = video
        for seconds in (60, 300):
            video, took = tapped.take(lambda: tapped.derived(instant.Recording(tapped.cloud, inputs, seconds).to_its_end()))
            report[f"instant {seconds} s"] = {"bytes": instant.size(inputs, seconds), "took": took, "stored": tapped.stored(video)}
        views(report, tapped, watched)
        login(report, tapped)
        schedules(report, tapped)
    with Tapped(options, "renditions", ["Renditions=720,480"]) as tapped:
        file = recorded(inputs, "mp4", SHORT)
        tapped.recording(footage.make(inputs, "mp4", 60))
        video, took = tapped.take(lambda: tapped.recording(file))
        report[f"mp4 {SHORT} s, renditions 720 and 480"] = {"bytes": file.stat().st_size, "took": took, "stored": tapped.stored(video)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True, help="folder with the built programs")
    parser.add_argument("--state", type=Path, required=True, help="folder for recordings and the clouds' data")
    parser.add_argument("--output", type=Path, required=True, help="the JSON file")
    options = parser.parse_args()
    options.programs, options.state = options.programs.resolve(), options.state.resolve()
    report = {"source": "infra/bench-cost.sh", "date": time.strftime("%Y-%m-%d", time.gmtime()), "programs": options.programs.name,
              "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "load": os.getloadavg()}, "figures": {}}
    try:
        measure(report["figures"], options)
        for name, figure in report["figures"].items():
            figure["how"] = next(how for word, how in HOW.items() if word in name)
    except (BenchError, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"bench-cost: {error}", file=sys.stderr)
        return 1
    finally:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(f"All figures: {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
