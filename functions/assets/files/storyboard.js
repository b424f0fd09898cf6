// What there is to see where the pointer is, over the scrubber.
const CUE = /(\d+):(\d\d):(\d\d\.\d+) --> .*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

const pictures = async (id) => {
  const answer = await fetch(`/api/video/storyboard?videoId=${id}`);
  if (!answer.ok) return [];
  return [...(await answer.text()).matchAll(CUE)].map(([, hours, minutes, seconds, url, ...part]) => {
    const [x, y, width, height] = part.map(Number);
    return { from: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds), url, x, y, width, height };
  });
};

const storyboard = (player, seek, end) => {
  const [preview, picture, time] = ["preview", "picture-at", "time-at"].map((name) => player.querySelector(`.${name}`));
  // Asked for when somebody looks, and again before its addresses expire.
  let [asked, cues] = [-Infinity, []];
  const ask = async () => {
    if (!("storyboard" in player.dataset) || performance.now() - asked < 3_000_000) return;
    asked = performance.now();
    cues = await pictures(player.dataset.id).catch(() => []);
  };
  const draw = (at) => {
    const cue = cues.findLast(({ from }) => from <= at);
    picture.hidden = !cue;
    if (!cue) return;
    picture.style.width = `${cue.width}px`;
    picture.style.height = `${cue.height}px`;
    picture.style.background = `url("${cue.url}") -${cue.x}px -${cue.y}px no-repeat`;
  };
  const show = async (event) => {
    const { left, width } = seek.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    if (!end()) return;
    time.textContent = clock(part * end());
    preview.hidden = false;
    draw(part * end());
    const half = preview.offsetWidth / 2;
    preview.style.left = `${Math.min(Math.max(part * width, half), width - half)}px`;
    await ask();
  };
  seek.addEventListener("pointermove", show);
  for (const event of ["pointerleave", "pointerup", "pointercancel"]) seek.addEventListener(event, () => { preview.hidden = true; });
};
