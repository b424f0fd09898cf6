"""Recordings to measure with, and what FFmpeg finds in what came of them. This machine's FFmpeg, not the layer's."""

import hashlib
import os
import re
import statistics
import subprocess

FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
RATE = 30
PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=1920x1080:rate={RATE}:duration=60"]
SOUND = ["-f", "lavfi", "-i", "anoisesrc=amplitude=0.1:sample_rate=48000:duration=60"]
# Bits a second that a recorder of a moving 1080p screen writes.
MP4 = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "6M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k"]
WEBM = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2500k", "-c:a", "libopus"]


def make(folder, ending, seconds):
    """A recording of this length: a minute, which is encoded once, over and over."""
    folder.mkdir(parents=True, exist_ok=True)
    minute, wanted = folder / f"60.{ending}", folder / f"{seconds}.{ending}"
    if not minute.exists():
        write([*FFMPEG, *PICTURE, *SOUND, *(MP4 if ending == "mp4" else WEBM)], minute)
    if not wanted.exists():
        write([*FFMPEG, "-stream_loop", str(seconds // 60 - 1), "-i", minute, "-c", "copy"], wanted)
    return wanted


def write(command, file):
    draft = file.with_suffix(".draft" + file.suffix)
    subprocess.run([*command, draft], check=True)
    os.replace(draft, file)


def index_bytes(file):
    """Size of an MP4's `moov` (ISO/IEC 14496-12 §8.2.1), which must be last."""
    with file.open("rb") as mp4:
        end, at, last = file.stat().st_size, 0, None
        while at < end:
            mp4.seek(at)
            head = mp4.read(16)
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            length = int.from_bytes(head[8:], "big") if length == 1 else length or end - at
            last, at = (kind, length), at + length
    if last is None or last[0] != b"moov":
        raise ValueError(f"the index of {file} is not last")
    return last[1]


def packets(source):
    """A hash of all packets: stream, times, size and content of each."""
    command = [*FFMPEG, "-i", str(source), "-map", "0", "-c", "copy", "-f", "framehash", "-hash", "murmur3", "-"]
    ran = subprocess.Popen(command, stdout=subprocess.PIPE)
    digest, count = hashlib.sha256(), 0
    for line in ran.stdout:
        if not line.startswith(b"#"):
            digest.update(line)
            count += 1
    if ran.wait() != 0:
        raise subprocess.CalledProcessError(ran.returncode, command)
    return {"packets": count, "hash": digest.hexdigest()}


def times(source, stream):
    """Presentation times of a stream's packets in their order, in seconds."""
    command = ["ffprobe", "-v", "error", "-select_streams", f"{stream}:0", "-show_entries", "packet=pts_time"]
    told = subprocess.run([*command, "-of", "csv=p=0", str(source)], check=True, capture_output=True, text=True)
    return sorted(float(line.rstrip(",")) for line in told.stdout.split())


def likeness(source, encoded, begin):
    """SSIM with the source's, on the average, of the frames in the second that begins with the one at this time."""
    # Half a frame earlier, where no rounding of times decides which frame is the first.
    part = ["-ss", f"{begin - 0.5 / RATE:.4f}", "-t", "2", "-i"]
    one, other = ([*part, str(file)] for file in (encoded, source))
    # Paired by their number: the two files round times differently.
    second = f"trim=end_frame={RATE},settb=1/{RATE},setpts=N"
    compared = f"[0:v]{second}[one];[1:v]{second}[other];[one][other]ssim=stats_file=-"
    command = [*FFMPEG, *one, *other, "-lavfi", compared, "-f", "null", "-"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    frames = [float(all_planes) for all_planes in re.findall(r" All:([\d.]+)", told)]
    if len(frames) != RATE:
        raise ValueError(f"{len(frames)} frames are found in the second from {begin} s of {encoded}")
    return statistics.mean(frames)
