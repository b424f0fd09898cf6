// Opens a share page and prints its status; waits for its video, plays it, seeks, and prints what it saw. JSON, a line each.
//
//   node watch.mjs http://127.0.0.1:3000/s/… [screenshot.png]
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, screenshot] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "capstan-browser-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? ["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`).find(existsSync),
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
  ],
  viewport: { width: 1280, height: 800 },
});

try {
  const page = context.pages()[0] ?? (await context.newPage());
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => {
    // A player cancels ranges that it no longer needs, and a page that reloads cancels what it was asking for.
    const reason = request.failure()?.errorText;
    if (reason !== "net::ERR_ABORTED") problems.push(`${reason}: ${new URL(request.url()).pathname}`);
  });

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
    const { currentTime, videoWidth, videoHeight, duration } = document.querySelector("video");
    return { to: currentTime, videoWidth, videoHeight, duration };
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
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
