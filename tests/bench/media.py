"""Measures the media engine: the real functions in a local cloud against bare FFmpeg, on the same inputs, in one run.

    infra/bench-media.sh

Writes all figures as JSON and prints those that have a limit as a table.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import footage
from cloud import BenchError, Cloud
from processes import Watch, bare

MIB = 2**20
# Seconds that the transcode function may take. So long that five minutes are encoded by one invocation, which Lambda
# does not give; and so short that they are shared out over ten.
ALONE, SHARED = 3600, 325
CHUNKS = 10
# What goes through the function beside the index, in bytes.
BESIDE_INDEX = 16 * MIB
# MiB of memory of the function itself, and of disk.
MEMORY = DISK = 64
# How much less like the recording the picture may be around a join than where it was encoded at once, in SSIM.
SEAM = 0.005
ROUNDS = 3


class Report:
    """Figures, and those of them that have a limit."""

    def __init__(self):
        self.figures, self.rows, self.wrong = {}, [], False

    def most(self, what, value, limit, unit="", digits=2):
        """A figure that may be as large as its limit."""
        self.row(what, f"{value:.{digits}f}{unit}", f"≤ {limit:.{digits}f}{unit}", value <= limit)

    def same(self, what, value, expected):
        """A figure that is right or wrong, however busy the machine is."""
        self.row(what, str(value), f"= {expected}", value == expected)
        self.wrong |= value != expected

    def row(self, what, value, limit, well):
        self.rows.append({"what": what, "value": value, "limit": limit, "ok": well})
        print(f"{what:<46} {value:>14} {limit:>16}  {'ok' if well else 'over'}", flush=True)

    def takes(self, name, watch):
        """The limits of every job."""
        self.most(f"{name}: peak memory of the function", watch.function_rss, MEMORY, " MiB")
        self.most(f"{name}: peak disk", watch.disk / MIB, DISK, " MiB")


def publish(report, cloud, file, name):
    """A recording that needs no codec. Gives the seconds that did not pass in copying."""
    with Watch(cloud) as watch:
        video, sent = cloud.upload(file)
        ready = cloud.becomes_ready(video)
    moved, index = cloud.moved(video), footage.index_bytes(file)
    through = moved["bytes_read"] + moved["bytes_written"]
    outside = (moved["work_ms"] - moved["copying_ms"]) / 1000
    source, published = footage.packets(file), footage.packets(cloud.player(video))
    report.figures[f"publish {name}"] = {
        "source_bytes": file.stat().st_size, "index_bytes": index, "wall_s": round(ready - sent, 3),
        "outside_copying_s": outside, **moved, **watch.facts(), "source": source, "published": published}
    limit = index + BESIDE_INDEX
    report.most(f"publish {name}: through the function", through / MIB, limit / MIB, " MiB")
    report.same(f"publish {name}: packets equal", published == source, True)
    report.takes(f"publish {name}", watch)
    return outside


def encode(report, cloud, file, name, rounds, place):
    """A recording that has to be encoded, by turns in the cloud and bare. Gives the last one's video and FFmpeg's CPU."""
    ratios, runs = [], []
    for _ in range(rounds):
        with Watch(cloud) as watch:
            video, sent = cloud.upload(file)
            ready = cloud.becomes_ready(video)
        moved = cloud.moved(video)
        alone = [bare(command, file, place / "bare") for command in watch.commands.values()]
        if not any("libx264" in command for command in watch.commands.values()):
            raise BenchError(f"nothing was encoded for {file}; see {cloud.log}")
        cpu, wall = (sum(run[key] for run in alone) for key in ("cpu_s", "wall_s"))
        ratios.append(((watch.function_cpu + watch.ffmpeg_cpu) / cpu, moved["work_ms"] / 1000 / wall))
        runs.append({"wall_s": round(ready - sent, 3), **moved, **watch.facts(), "bare": alone,
                     "commands": list(watch.commands.values())})
    report.figures[f"encode {name}"] = {"ratios_cpu_wall": ratios, "runs": runs}
    report.most(f"encode {name}: CPU against bare FFmpeg", statistics.median(cpu for cpu, _ in ratios), 1.05)
    report.most(f"encode {name}: wall against bare FFmpeg", statistics.median(wall for _, wall in ratios), 1.10)
    report.takes(f"encode {name}", watch)
    return video, watch.ffmpeg_cpu


def share_out(report, cloud, file, single, single_cpu):
    """The same recording in chunks, against its encode at once, which is in the file `single`."""
    with Watch(cloud) as watch:
        video, sent = cloud.upload(file)
        ready = cloud.becomes_ready(video)
    joined, once = ({stream: footage.times(place, stream) for stream in "va"} for place in (cloud.player(video), single))
    pieces = cloud.pieces(video)
    apart = {stream: furthest(joined[stream], once[stream]) for stream in "va"}
    around = seams(file, cloud.player(video), single, once["v"], watch.commands.values())
    report.figures["fan-out"] = {
        "wall_s": round(ready - sent, 3), "pieces_s": pieces, "single_ffmpeg_cpu_s": single_cpu, **cloud.moved(video),
        **watch.facts(), "packets": {stream: len(joined[stream]) for stream in "va"}, "furthest_apart_s": apart, "seams": around}
    # One piece is the sound.
    report.same("fan-out: chunks", len(pieces) - 1, CHUNKS)
    report.most("fan-out: FFmpeg's CPU against one encode", watch.ffmpeg_cpu / single_cpu, 1.08)
    report.most("fan-out: longest piece against its timeout", max(pieces) / SHARED, 1 / 3)
    for stream, kind in (("v", "frames"), ("a", "sound packets")):
        report.same(f"fan-out: {kind}", len(joined[stream]), len(once[stream]))
    report.same("fan-out: times equal", apart["v"] == 0, True)
    report.same("fan-out: joins looked at", len(around), CHUNKS - 1)
    lost = [join["single"] - join["joined"] for join in around]
    report.most("fan-out: SSIM lost around joins", statistics.mean(lost), SEAM, digits=4)
    report.most("fan-out: SSIM lost around the worst join", max(lost), SEAM, digits=4)
    report.takes("fan-out", watch)


def seams(file, joined, single, times, commands):
    """How like the recording it is in the second around each join, joined and encoded at once."""
    starts = {start for command in commands for start in re.findall(r"trim=start=([\d.]+)", " ".join(command))}
    around = [(at, next(time for time in times if time >= at - 0.5)) for at in sorted(map(float, starts))]
    return [{"at_s": at, "joined": footage.likeness(file, joined, begin), "single": footage.likeness(file, single, begin)}
            for at, begin in around]


def furthest(one, other):
    """Seconds that two lists of times are apart at most."""
    return max((abs(a - b) for a, b in zip(one, other)), default=0.0)


def measure(report, options):
    place = options.state
    quick, inputs = options.quick, place / "footage"
    lengths = [(60, "60 s")] if quick else [(60, "60 s"), (300, "300 s"), (3600, "1 h")]
    with Cloud(options.programs, place / "alone", ALONE, 1) as cloud:
        # The first job also starts the function.
        outside = [publish(report, cloud, footage.make(inputs, "mp4", seconds), name) for seconds, name in lengths]
        if not quick:
            report.most("publish: time outside copying, most to least", max(outside) / min(outside), 3)
        minutes = footage.make(inputs, "webm", 60)
        encode(report, cloud, minutes, "60 s", ROUNDS, place)
        if quick:
            return
        minutes = footage.make(inputs, "webm", 300)
        video, single_cpu = encode(report, cloud, minutes, "300 s", 1, place)
        single = place / "single.mp4"
        cloud.download(video, single)
    shutil.rmtree(place / "alone")
    with Cloud(options.programs, place / "shared", SHARED, os.cpu_count()) as cloud:
        share_out(report, cloud, minutes, single, single_cpu)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True, help="folder with the built programs")
    parser.add_argument("--state", type=Path, required=True, help="folder for recordings and the clouds' data")
    parser.add_argument("--output", type=Path, required=True, help="the JSON file")
    parser.add_argument("--quick", action="store_true", help="the 60 s recordings only")
    parser.add_argument("--keep", action="store_true", help="keep the folder: the next run has its recordings")
    options = parser.parse_args()
    options.programs, options.state = options.programs.resolve(), options.state.resolve()
    report, done = Report(), False
    try:
        measure(report, options)
        done = True
    except (BenchError, OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"bench-media: {error}", file=sys.stderr)
    finally:
        machine = {"cpus": os.cpu_count(), "processor": platform.machine(), "load": os.getloadavg()}
        told = {"complete": done, "machine": machine, "limits": report.rows, "figures": report.figures}
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        # The logs tell what went wrong.
        if done and not options.keep:
            shutil.rmtree(options.state, ignore_errors=True)
    print(f"All figures: {options.output}")
    return 0 if done and not report.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
