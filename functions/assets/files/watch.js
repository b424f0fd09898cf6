// A recording that is there.
const watch = () => {
  // Signed addresses live for an hour: a tab left open longer asks for new ones. What fails in the same place again is
  // played from the next source, if there is one.
  const sources = video.getElementsByTagName("source");
  let failedAt = -1;
  const renew = () => {
    const at = video.currentTime;
    const playing = !video.paused;
    if (Math.abs(at - failedAt) < 0.5) {
      if (sources.length < 2) return;
      sources[0].remove();
    }
    failedAt = at;
    video.load();
    video.currentTime = at;
    if (playing) video.play().catch(() => {});
  };
  video.addEventListener("error", renew);

  // Chromium's HLS player says nothing when S3 refuses media: it stands still and claims to have what comes next. A network
  // that is only slow looks different, but for a seek.
  let still = 0;
  let last = -1;
  if (sources.length > 1) setInterval(() => {
    const stuck = video.seeking || (!video.paused && !video.ended && video.readyState > 2);
    still = stuck && video.currentTime === last ? still + 1 : 0;
    last = video.currentTime;
    if (sources.length < 2 || still < (video.seeking ? 15 : 4)) return;
    still = 0;
    renew();
  }, 1000);
};
