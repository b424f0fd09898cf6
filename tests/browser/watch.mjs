// Opens a share page and prints its status; waits for its video, plays it, seeks, and prints what it saw. JSON, a line each.
//
//   node watch.mjs http://127.0.0.1:3000/s/… desktop|phone [screenshot.png]
import { inBrowser, PHONE } from "./browser.mjs";

const [url, screen, screenshot] = process.argv.slice(2);

await inBrowser(screen === "phone" ? PHONE : {}, async (page, problems) => {
  await page.goto(url);
  console.log(JSON.stringify({ status: await page.locator("main").getAttribute("data-status") }));
  await page.waitForSelector("video", { state: "attached", timeout: 60_000 });
  const poster = await page.evaluate(async () => {
    const image = new Image();
    image.src = document.querySelector("video").poster;
    await image.decode();
    return image.naturalWidth > 0;
  });
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    return video.play();
  });
  const from = await page.evaluate(() => document.querySelector("video").currentTime);
  await page.waitForFunction((from) => document.querySelector("video").currentTime > from + 0.2, from, { timeout: 30_000 });
  const seen = await page.evaluate(() => {
    const { currentTime, currentSrc, videoWidth, videoHeight, duration } = document.querySelector("video");
    return { to: currentTime, source: currentSrc, videoWidth, videoHeight, duration };
  });
  const seeked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        video.pause();
        video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
        video.currentTime = video.duration / 2;
      }),
  );
  if (screenshot) await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ from, ...seen, seeked, poster, problems }));
});
