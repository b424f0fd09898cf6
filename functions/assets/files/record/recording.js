// One recording, from its first frame until all of it is stored.
const SECONDS_A_SEGMENT = 2;

class Recording {
  #recorders = [];
  #ended = [];
  #upload = null;
  #begun = 0;
  #before = 0;
  id = "";

  async begin({ picture, sound, size }, title) {
    const inSegments = supported(PICTURES) && (!sound || supported(SOUND));
    const asked = new URLSearchParams({ recordingMode: inSegments ? "desktopSegments" : "desktopMP4", name: title, width: size.width, height: size.height });
    ({ id: this.id } = await ask("GET", `/api/desktop/video/create?${asked}`));
    if (inSegments) this.#segments(picture, sound, size);
    else this.#whole(picture, sound, size);
    for (const recorder of this.#recorders) recorder.start(SECONDS_A_SEGMENT * 1000);
    this.#begun = performance.now();
  }

  pause() {
    for (const recorder of this.#recorders) recorder.pause();
    this.#before = this.seconds;
    this.#begun = 0;
  }

  resume() {
    for (const recorder of this.#recorders) recorder.resume();
    this.#begun = performance.now();
  }

  get seconds() {
    return this.#before + (this.#begun ? (performance.now() - this.#begun) / 1000 : 0);
  }

  stop() {
    this.#before = this.seconds;
    this.#begun = 0;
    for (const recorder of this.#recorders) if (recorder.state !== "inactive") recorder.stop();
  }

  async finish() {
    await Promise.all(this.#ended);
    return this.#upload.finish();
  }

  discard() {
    return ask("DELETE", `/api/desktop/video/delete?videoId=${this.id}`);
  }

  #segments(picture, sound, size) {
    this.#upload = new Segments(this.id);
    const track = (kind, media, mimeType, options) => {
      const fragments = new Fragments();
      this.#record([media], { mimeType, ...options }, (bytes) => {
        for (const piece of fragments.take(bytes)) {
          if (piece.init) this.#upload.init(kind, piece.init);
          else this.#upload.add(kind, piece);
        }
      });
    };
    const options = { videoBitsPerSecond: bits(size), videoKeyFrameIntervalDuration: SECONDS_A_SEGMENT * 1000 };
    track("video", picture, supported(PICTURES), options);
    if (sound) track("audio", sound, supported(SOUND), { audioBitsPerSecond: 128_000 });
  }

  #whole(picture, sound, size) {
    this.#upload = new Growing(this.id);
    const options = { mimeType: supported(WHOLE), videoBitsPerSecond: bits(size), audioBitsPerSecond: 128_000 };
    this.#record(sound ? [picture, sound] : [picture], options, (bytes) => this.#upload.add(new Blob([bytes])));
  }

  // What a recorder writes is taken in its order, though reading it takes time.
  #record(tracks, options, take) {
    const recorder = new MediaRecorder(new MediaStream(tracks), options);
    const { era } = transfers;
    let taken = Promise.resolve();
    recorder.addEventListener("dataavailable", ({ data }) => {
      taken = taken.then(async () => take(new Uint8Array(await data.arrayBuffer()))).catch((error) => transfers.fail(error, era));
    });
    this.#ended.push(new Promise((resolve) => recorder.addEventListener("stop", () => resolve(taken))));
    this.#recorders.push(recorder);
  }
}

// Enough for text to stay sharp at thirty frames a second.
const bits = ({ width, height }) => Math.min(6_000_000, Math.max(1_000_000, width * height * 2.5));
