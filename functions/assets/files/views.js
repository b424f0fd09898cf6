// Tells this site, and nobody else, that somebody watches and which quarters they get to. Whether that arrives changes nothing here. Whoever asks
// not to be tracked is not told of. A browser is known by a random word that it makes up anew each day.
const tell = () => {
  if (!navigator.sendBeacon || navigator.globalPrivacyControl || navigator.doNotTrack === "1") return;
  const word = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const viewer = () => {
    const today = new Date().toISOString().slice(0, 10);
    try {
      const [day, known] = (localStorage.getItem("viewer") ?? "").split(" ");
      if (day === today && known) return known;
      const made = word();
      localStorage.setItem("viewer", `${today} ${made}`);
      return made;
    } catch { return undefined; }
  };
  const [videoId, playId] = [location.pathname.split("/").pop(), word()];
  let told = -1;
  const say = (progress) => {
    if (progress <= told) return;
    told = progress;
    // As JSON, so that the browser says which site it comes from.
    const said = JSON.stringify({ videoId, playId, progress, sessionId: viewer() });
    navigator.sendBeacon("/api/analytics/track", new Blob([said], { type: "application/json" }));
  };

  if (!video) {
    // A picture is seen by whoever looks at it for a moment.
    let look;
    const looks = () => {
      clearTimeout(look);
      if (document.visibilityState === "visible") look = setTimeout(say, 2000, 0);
    };
    document.addEventListener("visibilitychange", looks);
    return looks();
  }
  video.addEventListener("playing", () => say(0));
  video.addEventListener("timeupdate", () => {
    if (video.seeking || (video.paused && !video.ended)) return;
    const percent = (video.currentTime / video.duration) * 100;
    // As good as the end: few watch the last frame.
    const passed = [25, 50, 75, 95].filter((mark) => percent >= mark);
    if (passed.length) say(passed.at(-1));
  });
};
