// The controls of a player. Without them the browser's own are there.
const clock = (seconds) => {
  const whole = Math.floor(seconds || 0);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

// `90`, `90s` and `1m30s` are the same moment.
const moment = (text) => {
  const [, hours, minutes, seconds] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text ?? "") ?? [];
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
};

const remembered = {
  get speed() {
    try { return localStorage.getItem("speed"); } catch { return null; }
  },
  set speed(value) {
    try { localStorage.setItem("speed", value); } catch { /* nothing is remembered for who wants that */ }
  },
};

const control = () => {
  const player = document.querySelector(".player");
  const part = (name) => player.querySelector(`.${name}`);
  const [seek, speed, volume, controls] = ["seek", "speed", "volume", "controls"].map(part);
  const end = () => {
    if (Number.isFinite(video.duration)) return video.duration;
    return video.seekable.length ? video.seekable.end(video.seekable.length - 1) : 0;
  };
  const go = (seconds) => { video.currentTime = Math.min(Math.max(seconds, 0), end() || seconds); };
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  const press = (name, on) => part(name).setAttribute("aria-pressed", String(on));

  const played = () => {
    const length = end();
    seek.max = length;
    if (!seek.matches(":active")) seek.value = video.currentTime;
    seek.style.setProperty("--played", `${length ? (seek.value / length) * 100 : 0}%`);
    seek.setAttribute("aria-valuetext", `${clock(video.currentTime)} / ${clock(length)}`);
    part("now").textContent = clock(video.currentTime);
    part("length").textContent = clock(length);
  };
  const state = () => {
    player.dataset.playing = String(!video.paused);
    part("play").ariaLabel = part("play").dataset[video.paused ? "play" : "pause"];
    part("start").hidden = video.currentTime > 0 || !video.paused;
  };
  const sound = () => {
    volume.value = video.muted ? 0 : video.volume;
    volume.style.setProperty("--played", `${volume.value * 100}%`);
    press("mute", video.muted);
  };
  for (const event of ["timeupdate", "durationchange", "progress", "seeking"]) video.addEventListener(event, played);
  for (const event of ["play", "pause", "ended", "seeking"]) video.addEventListener(event, state);
  video.addEventListener("volumechange", sound);

  const fast = (value) => {
    video.defaultPlaybackRate = video.playbackRate = Number(value);
    remembered.speed = speed.value = value;
  };
  const known = [...speed.options].map((option) => option.value);
  const step = (by) => fast(known[Math.min(Math.max(known.indexOf(speed.value) + by, 0), known.length - 1)]);
  if (known.includes(remembered.speed)) fast(remembered.speed);

  // What is captioned is known once the browser has read it.
  const tracks = () => [...video.textTracks].filter(({ kind }) => ["captions", "subtitles"].includes(kind));
  const captions = () => {
    part("captions").hidden = tracks().length === 0;
    press("captions", tracks().some(({ mode }) => mode === "showing"));
  };
  const caption = () => {
    const shown = tracks().some(({ mode }) => mode === "showing");
    tracks().forEach((track, index) => { track.mode = !shown && index === 0 ? "showing" : "hidden"; });
  };
  for (const event of ["addtrack", "removetrack", "change"]) video.textTracks.addEventListener(event, captions);

  const fullscreen = () => {
    if (document.fullscreenElement) return void document.exitFullscreen();
    if (player.requestFullscreen) return void player.requestFullscreen().catch(() => {});
    // A phone's own player, where pages may not fill the screen.
    video.webkitEnterFullscreen?.();
  };
  document.addEventListener("fullscreenchange", () => press("fullscreen", Boolean(document.fullscreenElement)));
  const pip = () => (document.pictureInPictureElement ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(() => {});
  const mute = () => { video.muted = !video.muted; };

  const presses = { play: toggle, start: toggle, mute, captions: caption, pip, fullscreen };
  for (const [name, act] of Object.entries(presses)) part(name).addEventListener("click", act);
  video.addEventListener("click", toggle);
  seek.addEventListener("input", () => go(Number(seek.value)));
  volume.addEventListener("input", () => Object.assign(video, { volume: Number(volume.value), muted: volume.value === "0" }));
  speed.addEventListener("change", () => fast(speed.value));

  const louder = (by) => Object.assign(video, { muted: false, volume: Math.min(Math.max(video.volume + by, 0), 1) });
  const keys = {
    " ": toggle, k: toggle, f: fullscreen, m: mute, c: caption,
    j: () => go(video.currentTime - 10), l: () => go(video.currentTime + 10),
    ArrowLeft: () => go(video.currentTime - 5), ArrowRight: () => go(video.currentTime + 5),
    ArrowUp: () => louder(0.1), ArrowDown: () => louder(-0.1),
    "<": () => step(-1), ">": () => step(1),
  };
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select, textarea, input:not([type=range])")) return;
    // A button is pressed by space, and a volume is set by arrows.
    if ((key === " " && target.closest("button, a")) || (key.startsWith("Arrow") && target === volume)) return;
    const act = /^[0-9]$/.test(key) ? () => go((end() * Number(key)) / 10) : keys[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    event.preventDefault();
    awake();
    act();
  });

  // While it plays and nobody moves, nothing lies over the picture.
  let asleep;
  const awake = () => {
    delete player.dataset.idle;
    clearTimeout(asleep);
    asleep = setTimeout(() => {
      if (!video.paused && !controls.matches(":hover, :focus-within")) player.dataset.idle = "";
    }, 2500);
  };
  for (const event of ["pointermove", "pointerdown", "focusin"]) player.addEventListener(event, awake);
  video.addEventListener("play", awake);
  video.addEventListener("pause", awake);

  quality(part("quality"));
  storyboard(player, seek, end);
  video.controls = false;
  controls.hidden = false;
  part("pip").hidden = !document.pictureInPictureEnabled;
  for (const show of [played, state, sound, captions]) show();
};

// Renditions are for browsers that play them by themselves; others have the whole file.
const quality = (select) => {
  if (!select || !video.canPlayType("application/vnd.apple.mpegurl")) return;
  const address = (type) => `/api/playlist?videoId=${video.closest(".player").dataset.id}&videoType=${type}`;
  const shown = () => { select.value = video.currentSrc.split("videoType=")[1] ?? ""; };
  // Which sizes there are is asked for once somebody watches, or looks.
  const sizes = async () => {
    const answer = await fetch(address("master"));
    const heights = answer.ok ? (await answer.text()).matchAll(/RESOLUTION=\d+x\d+.*\n.*&rendition=(\d+)/g) : [];
    const sorted = [...heights].map(([, height]) => Number(height)).sort((a, b) => b - a);
    select.options[0].after(...sorted.map((height) => new Option(`${height}p`, `master&rendition=${height}`)));
    shown();
  };
  let asked = false;
  const ask = () => {
    if (!asked) sizes().catch(() => {});
    asked = true;
  };
  video.addEventListener("play", ask);
  for (const event of ["pointerenter", "focus"]) select.addEventListener(event, ask);
  video.addEventListener("loadedmetadata", shown);
  select.addEventListener("change", () => {
    const [at, playing] = [video.currentTime, !video.paused];
    for (const source of video.querySelectorAll("source")) source.remove();
    video.src = address(select.value);
    video.currentTime = at;
    if (playing) video.play().catch(() => {});
  });
  select.hidden = false;
  shown();
};
