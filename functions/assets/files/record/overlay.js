// A worker that draws the camera over the screen, frame by frame: the page that records is hidden most of the time, and the
// timers of hidden pages hardly run. What is drawn has one size, whatever becomes of the window that is recorded.
const BETWEEN = 1000 / 30;
// A screen that stands still sends no frames. The recording's segments need some.
const STILL = 500;
// Of the picture's height.
const CAMERA = 0.24;
const MARGIN = 0.03;

onmessage = ({ data: { screen, camera, out, width, height } }) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  const writer = out.getWriter();
  const last = {};
  let [drawn, writing] = [0, false];

  const fitted = (frame) => {
    const scale = Math.min(width / frame.displayWidth, height / frame.displayHeight);
    const [wide, high] = [frame.displayWidth * scale, frame.displayHeight * scale];
    context.fillRect(0, 0, width, height);
    context.drawImage(frame, (width - wide) / 2, (height - high) / 2, wide, high);
  };

  const round = (frame) => {
    const side = CAMERA * height;
    const [x, y] = [MARGIN * height, height - side - MARGIN * height];
    const cut = Math.min(frame.displayWidth, frame.displayHeight);
    context.save();
    context.beginPath();
    context.arc(x + side / 2, y + side / 2, side / 2, 0, 2 * Math.PI);
    context.clip();
    context.drawImage(frame, (frame.displayWidth - cut) / 2, (frame.displayHeight - cut) / 2, cut, cut, x, y, side, side);
    context.restore();
  };

  const draw = async () => {
    const now = performance.now();
    if (!last.screen || writing || now - drawn < BETWEEN - 2) return;
    [drawn, writing] = [now, true];
    fitted(last.screen);
    if (last.camera) round(last.camera);
    await writer.write(new VideoFrame(canvas, { timestamp: now * 1000 }));
    writing = false;
  };

  const follow = async (name, frames) => {
    const reader = frames.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      last[name]?.close();
      last[name] = value;
      draw();
    }
  };

  follow("screen", screen);
  if (camera) follow("camera", camera);
  setInterval(() => {
    if (performance.now() - drawn > STILL) draw();
  }, STILL / 2);
};
