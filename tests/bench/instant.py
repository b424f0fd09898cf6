"""Cap Desktop while it records in instant mode: two segments and a manifest every two seconds."""

import json
import subprocess
import urllib.request

import footage

SEGMENT = 2
# Addresses are asked for twenty segments of each track ahead, each time fifteen more of the picture are stored.
AHEAD, EVERY = 20, 15
MANIFEST = "segments/manifest.json"


def tracks(folder, seconds):
    """Picture and sound, each as what begins it and its segments. The bytes are those of the recordings in one file."""
    place = folder / f"segments-{seconds}"
    if not place.exists():
        draft = folder / "segments-draft"
        keyframes = ["-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})"]
        minute = folder / "60.segments.mp4"
        if not minute.exists():
            footage.write([*footage.FFMPEG, *footage.PICTURE, *footage.SOUND, *footage.MP4, "-bf", "0", *keyframes], minute)
        for track, stream in (("video", "0:v"), ("audio", "0:a")):
            (draft / track).mkdir(parents=True, exist_ok=True)
            names = ["-init_seg_name", "init.mp4", "-media_seg_name", "segment_$Number%03d$.m4s", "manifest.mpd"]
            command = [*footage.FFMPEG, "-stream_loop", str(seconds // 60 - 1), "-i", minute, "-map", stream, "-c", "copy", "-f", "dash"]
            command += ["-seg_duration", str(SEGMENT), "-use_template", "1", "-use_timeline", "0", *names]
            subprocess.run(command, cwd=draft / track, check=True)
        draft.rename(place)
    return {track: sorted((place / track).glob("segment_*.m4s")) for track in ("video", "audio")}, place


def size(folder, seconds):
    return sum(file.stat().st_size for files in tracks(folder, seconds)[0].values() for file in files)


class Recording:
    """A recording in progress, of the account whose key the cloud printed."""

    def __init__(self, cloud, folder, seconds):
        self.cloud, self.addresses, self.stored = cloud, {}, {"video": [], "audio": []}
        self.tracks, self.place = tracks(folder, seconds)
        self.video = cloud.call("GET", "/api/desktop/video/create?recordingMode=desktopSegments&name=Live")["id"]

    def to_its_end(self):
        self.ask_ahead(1, ["segments/video/init.mp4", "segments/audio/init.mp4", MANIFEST])
        for track in self.tracks:
            self.put(f"segments/{track}/init.mp4", (self.place / track / "init.mp4").read_bytes())
        for number in range(1, max(map(len, self.tracks.values())) + 1):
            for track, files in self.tracks.items():
                if number <= len(files):
                    self.put(name(track, number), files[number - 1].read_bytes())
                    self.stored[track].append({"index": number, "duration": float(SEGMENT)})
            if number % EVERY == 0:
                self.ask_ahead(AHEAD * (number // EVERY) + 1)
            self.manifest(False)
        self.manifest(True)
        self.cloud.call("POST", "/api/upload/recording-complete", {"videoId": self.video})
        return self.video

    def ask_ahead(self, first, subpaths=()):
        ahead = [name(track, number) for track in self.tracks for number in range(first, first + AHEAD)]
        signed = self.cloud.call("POST", "/api/upload/signed/batch", {"videoId": self.video, "subpaths": [*subpaths, *ahead]})
        self.addresses.update(signed["urls"])

    def manifest(self, complete):
        told = {"version": 2, "video_init_uploaded": True, "audio_init_uploaded": True, "video_segments": self.stored["video"],
                "audio_segments": self.stored["audio"], "is_complete": complete}
        self.put(MANIFEST, json.dumps(told).encode())

    def put(self, subpath, content):
        url = self.addresses.pop(subpath, None)
        if url is None:
            asked = {"videoId": self.video, "subpath": subpath, "method": "put"}
            url = self.cloud.call("POST", "/api/upload/signed", asked)["presignedPutData"]["url"]
        with urllib.request.urlopen(urllib.request.Request(url, data=content, method="PUT")) as answer:
            answer.read()


def name(track, number):
    return f"segments/{track}/segment_{number:03}.m4s"
