// A recording that is still being made: its segments are put together here as they come, since not every browser follows a
// playlist that grows. Where there is no MediaSource, the browser's own player has the playlist.
const live = () => {
  const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const playlist = (kind) => `/api/playlist?videoId=${video.dataset.id}&videoType=segments-${kind}`;
  const AHEAD = 60;

  const text = async (kind) => {
    const answer = await fetch(playlist(kind), { cache: "no-store" });
    return answer.ok ? answer.text() : "";
  };

  const entries = (list) => {
    const entries = [];
    let gap = false;
    for (const line of list.split("\n")) {
      if (line === "#EXT-X-GAP") gap = true;
      if (!line || line.startsWith("#")) continue;
      entries.push(gap ? null : line);
      gap = false;
    }
    return entries;
  };

  const bytes = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(String(answer.status));
    return new Uint8Array(await answer.arrayBuffer());
  };

  // The profile and level of H.264 stand behind the name of its configuration (ISO/IEC 14496-15 §5.3.3.1).
  const type = (kind, init) => {
    const text = String.fromCharCode(...init);
    if (kind === "audio") return `audio/mp4; codecs="${text.includes("Opus") ? "opus" : "mp4a.40.2"}"`;
    const at = text.indexOf("avcC") + 5;
    const profile = [...init.slice(at, at + 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `video/mp4; codecs="avc1.${profile}"`;
  };

  const settled = (buffer) =>
    new Promise((resolve, reject) => {
      if (!buffer.updating) return resolve();
      buffer.addEventListener("updateend", resolve, { once: true });
      buffer.addEventListener("error", reject, { once: true });
    });

  const append = async (buffer, data) => {
    for (;;) {
      try {
        buffer.appendBuffer(data);
        return await settled(buffer);
      } catch (error) {
        // What was watched makes room; when nothing has been, there is nothing to do but to wait.
        if (error.name !== "QuotaExceededError") throw error;
        const end = video.currentTime - 10;
        if (end > 0) buffer.remove(0, end);
        await settled(buffer);
        await sleep(1);
      }
    }
  };

  const track = async (source, kind) => {
    const list = await text(kind);
    const init = await bytes(list.match(/#EXT-X-MAP:URI="([^"]+)"/)[1]);
    return { kind, init, buffer: source.addSourceBuffer(type(kind, init)), next: 0 };
  };

  const loaded = ({ buffered }) => (buffered.length ? buffered.end(buffered.length - 1) : 0);

  // Appends a track's segments, as many as are soon played, to the recording's end.
  const follow = async (track) => {
    for (;;) {
      try {
        const list = await text(track.kind);
        const known = entries(list);
        while (track.next < known.length) {
          while (loaded(track.buffer) > video.currentTime + AHEAD) await sleep(1);
          const url = known[track.next];
          if (url) await append(track.buffer, await bytes(url));
          track.next += 1;
        }
        if (list.includes("#EXT-X-ENDLIST")) return;
      } catch (error) {
        if (video.error || video.dataset.file === "") return;
      }
      await sleep(2);
    }
  };

  // Playing stands still before a segment that never came, or a little behind it when sound went on without a picture; a seek
  // gets it going again.
  let last = -1;
  const skip = () => {
    const [at, before] = [video.currentTime, last];
    last = at;
    if (video.paused || video.readyState > 2 || at !== before) return;
    for (let range = 0; range < video.buffered.length; range += 1) {
      if (video.buffered.end(range) < at + 0.5) continue;
      last = -1;
      return void (video.currentTime = Math.max(at, video.buffered.start(range)) + 0.001);
    }
  };

  const play = async (source) => {
    const kinds = (await text("master")).includes("TYPE=AUDIO") ? ["video", "audio"] : ["video"];
    const tracks = [];
    for (const kind of kinds) tracks.push(await track(source, kind));
    for (const { buffer, init } of tracks) await append(buffer, init);
    setInterval(skip, 500);
    await Promise.all(tracks.map(follow));
    if (source.readyState === "open") source.endOfStream();
  };

  if (window.MediaSource) {
    const source = new MediaSource();
    source.addEventListener("sourceopen", () => play(source).catch(() => failed()), { once: true });
    video.src = URL.createObjectURL(source);
  }

  // What was played of the segments goes on in the file that is made of them, at the same second. Whoever watches is not
  // interrupted for it: at the end, at a pause, or when segments fail, there is time.
  const says = document.querySelector(".live");
  let file = false;
  const change = () => {
    if (!file || video.dataset.file === "") return;
    const [at, playing] = [video.currentTime, !video.paused && !video.ended];
    const source = video.dataset.file;
    video.dataset.file = "";
    video.replaceChildren();
    video.preload = "metadata";
    video.src = source;
    video.currentTime = at;
    if (playing) video.play().catch(() => {});
  };
  const failed = () => {
    if (file) return change();
    says.textContent = says.dataset.later;
  };
  video.addEventListener("error", failed);
  video.addEventListener("pause", change);
  video.addEventListener("ended", change);
  const look = async () => {
    try {
      const [, status] = await seen();
      if (status) main.dataset.status = status;
      if (status === "failed") return location.reload();
      if (status === "ready") {
        file = true;
        says.remove();
        delete main.dataset.live;
        if (video.paused || video.ended || video.error) change();
        return;
      }
    } catch { /* offline: look again */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
};
