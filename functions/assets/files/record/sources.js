// What is recorded: one track of pictures and at most one of sound, whatever they are made of.
const PICTURES = ["avc1.64002A", "avc1.4D402A", "avc1.42E02A", "avc1.42E01E"].map((codec) => `video/mp4;codecs=${codec}`);
const SOUND = ["audio/mp4;codecs=mp4a.40.2", "audio/mp4;codecs=opus"];
const WHOLE = ["video/webm;codecs=vp9,opus", "video/webm;codecs=vp8,opus", "video/webm"];
const [WIDE, HIGH] = [1920, 1080];

const supported = (types) => types.find((type) => window.MediaRecorder?.isTypeSupported(type));

const even = (side) => Math.max(2, Math.round(side / 2) * 2);

// The size in which a picture is recorded: its own, fitted into 1080p.
const fitting = ({ width = WIDE, height = HIGH }) => {
  const scale = Math.min(1, WIDE / width, HIGH / height);
  return { width: even(width * scale), height: even(height * scale) };
};

class Sources {
  #streams = [];
  #worker = null;
  #audio = null;
  picture = null;
  sound = null;
  size = null;
  // Called when whoever records has ended the sharing with the browser's own button.
  ended = () => {};

  // Asks for the screen first: browsers let a page do so only right after a click.
  async open({ screen, camera, microphone, system }, overlay) {
    const shown = screen && (await this.#keep(navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: 30 },
      audio: system,
      systemAudio: "include",
      selfBrowserSurface: "exclude",
      surfaceSwitching: "include",
    })));
    const chosen = (id) => (id === "default" ? {} : { deviceId: { exact: id } });
    const face = camera && (await this.#keep(navigator.mediaDevices.getUserMedia({ video: { ...chosen(camera), width: { ideal: screen ? 640 : 1280 }, height: { ideal: screen ? 480 : 720 } } })));
    const voice = microphone && (await this.#keep(navigator.mediaDevices.getUserMedia({ audio: { ...chosen(microphone), echoCancellation: true, noiseSuppression: true } })));

    const [main] = (shown || face).getVideoTracks();
    this.size = fitting(main.getSettings());
    main.addEventListener("ended", () => this.ended());
    this.picture = shown ? this.#composed(main, face?.getVideoTracks()[0], overlay) : main;
    this.sound = this.#mixed([shown, voice].filter((stream) => stream && stream.getAudioTracks().length));
  }

  close() {
    for (const stream of this.#streams) for (const track of stream.getTracks()) track.stop();
    this.#worker?.terminate();
    this.#audio?.close();
    this.#streams = [];
  }

  async #keep(asked) {
    const stream = await asked;
    this.#streams.push(stream);
    return stream;
  }

  // Browsers that let no script touch frames record the screen as it comes, without the camera.
  #composed(screen, camera, overlay) {
    if (!window.MediaStreamTrackProcessor || !window.MediaStreamTrackGenerator) return screen;
    const frames = (track) => new MediaStreamTrackProcessor({ track }).readable;
    const drawn = new MediaStreamTrackGenerator({ kind: "video" });
    const work = { screen: frames(screen), out: drawn.writable, ...this.size };
    if (camera) work.camera = frames(camera);
    this.#worker = new Worker(overlay);
    this.#worker.postMessage(work, [work.screen, work.out, ...(camera ? [work.camera] : [])]);
    return drawn;
  }

  #mixed(streams) {
    if (!streams.length) return null;
    this.#audio = new AudioContext();
    const mixed = this.#audio.createMediaStreamDestination();
    for (const stream of streams) this.#audio.createMediaStreamSource(stream).connect(mixed);
    return mixed.stream.getAudioTracks()[0];
  }
}
