"""What processes take, as Linux tells in /proc (proc_pid_stat(5), proc_pid_status(5)), and FFmpeg run by itself."""

import os
import subprocess
import threading
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
INTERVAL = 0.05


def cpu(pid):
    """Processor time in seconds, user and system: of the process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return 0.0, 0.0
    own, children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICKS, children / TICKS


def peak_rss(pid):
    """Most memory that the process held since its start, or since it was last forgotten, in MiB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), default=0.0)


def children(pid):
    found = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += thread.read_text().split()
        except OSError:
            pass
    return found


def size(folder):
    """Bytes of the files in a folder."""
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            try:
                total += os.lstat(os.path.join(place, file)).st_size
            except OSError:
                pass
    return total


class Watch:
    """Watches the transcode function and its FFmpegs while something is published."""

    def __init__(self, cloud):
        self.cloud, self.stop = cloud, threading.Event()
        self.before = {pid: cpu(pid) for pid in cloud.pids()}
        for pid in self.before:
            # Forgets the peak (proc_pid_clear_refs(5)).
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.commands, self.ffmpeg_rss, self.disk = {}, 0.0, 0
        self.thread = threading.Thread(target=self.look)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        pids = self.cloud.pids()
        spent = [[after - before for after, before in zip(cpu(pid), self.before.get(pid, (0.0, 0.0)))] for pid in pids]
        self.function_cpu = sum(own for own, _ in spent)
        self.ffmpeg_cpu = sum(ended for _, ended in spent)
        self.function_rss = max(map(peak_rss, pids), default=0.0)

    def look(self):
        pids, until = [], 0.0
        while not self.stop.wait(INTERVAL):
            if time.monotonic() > until:
                pids, until = self.cloud.pids(), time.monotonic() + 0.5
            for child in [child for pid in pids for child in children(pid)]:
                self.ffmpeg(child)
            self.disk = max(self.disk, size(self.cloud.state / "tmp"))

    def ffmpeg(self, pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
            if command and os.path.basename(command[0]) == "ffmpeg":
                self.commands[pid] = [os.readlink(f"/proc/{pid}/exe"), *command[1:]]
        except OSError:
            return
        self.ffmpeg_rss = max(self.ffmpeg_rss, peak_rss(pid))

    def facts(self):
        return {
            "function_cpu_s": round(self.function_cpu, 2),
            "ffmpeg_cpu_s": round(self.ffmpeg_cpu, 2),
            "function_peak_rss_mib": round(self.function_rss, 1),
            "ffmpeg_peak_rss_mib": round(self.ffmpeg_rss, 1),
            "peak_disk_mib": round(self.disk / 2**20, 1),
        }


def bare(command, source, output):
    """Runs one of the function's commands on local files instead of its addresses: processor and wall time in seconds."""
    addresses = iter([str(source), str(output)])
    local = [next(addresses) if part.startswith("http://") else part for part in command]
    local = [local[0], "-y", *("file" if part == "http,tcp" else part for part in local[1:])]
    # An option of connections, which a file does not know.
    at = local.index("-recv_buffer_size")
    del local[at:at + 2]
    begun = time.monotonic()
    child = subprocess.Popen(local, cwd="/", env={}, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, local)
    return {"cpu_s": used.ru_utime + used.ru_stime, "wall_s": time.monotonic() - begun, "rss_mib": used.ru_maxrss / 1024}
