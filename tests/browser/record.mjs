// Records in a browser whose camera, microphone and screen are made up. Prints as JSON what was seen before the recording ended,
// and after.
//
//   node record.mjs http://127.0.0.1:3000 session '{"what":"both"}'
import { inBrowser } from "./browser.mjs";

const [base, session, wishes] = process.argv.slice(2);
const { what, mp4 = true, pause = false, offline = false, stalled = false, discard = false, screens = null } = JSON.parse(wishes);
const seen = {};

// Chromium's own figures of a page that plays: that it does, and how large the picture is.
const watch = async (context, path) => {
  const page = await context.newPage();
  await page.goto(base + path);
  await page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, null, { timeout: 60_000 });
  await page.evaluate(async () => {
    const video = document.querySelector("video");
    video.muted = true;
    await video.play();
  });
  await page.waitForFunction(() => document.querySelector("video").currentTime > 0.5, null, { timeout: 60_000 });
  const played = await page.evaluate(() => {
    const video = document.querySelector("video");
    return { live: document.querySelector("main").dataset.live ?? null, width: video.videoWidth, sound: video.webkitAudioDecodedByteCount > 0 };
  });
  await page.close();
  return played;
};

// Pictures of a state, wide and narrow, light and dark.
const show = async (page, name) => {
  if (!screens) return;
  for (const [screen, width, height] of [["wide", 1280, 800], ["narrow", 320, 640]]) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${screens}/${name}-${screen}-${colorScheme}.png`, fullPage: true });
    }
  }
};

const args = [
  "--no-sandbox",
  "--autoplay-policy=no-user-gesture-required",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--auto-select-desktop-capture-source=Entire screen",
];
await inBrowser({ args }, async (page, problems) => {
  const context = page.context();
  await context.addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  if (!mp4) await page.addInitScript(() => (MediaRecorder.isTypeSupported = (type) => type.startsWith("video/webm")));
  // Its connection is neither answered nor closed.
  let held = stalled;
  let broken = false;
  await page.route(/segment_002\.m4s/, (route) => {
    if (!held) return route.continue();
    held = false;
    return undefined;
  });
  await page.route(/\.m4s/, (route) => (broken ? route.abort() : route.fallback()));
  await page.goto(`${base}/dashboard/caps/record`);
  await page.check(`[name=what][value=${what}]`);
  await page.fill("[name=title]", "Recorded here");
  await page.click("text=Start recording");
  await page.waitForSelector(".recorder[data-state=recording]");
  if (discard) {
    seen.discarded = await page.inputValue("#link");
    await watch(context, new URL(seen.discarded).pathname);
    page.on("dialog", (dialog) => dialog.accept());
    broken = true;
    await page.waitForFunction(() => /No connection/.test(document.querySelector("[data-part=network]").textContent), null, { timeout: 60_000 });
    await page.click("[data-part=discard]");
    await page.waitForFunction(() => /deleted/.test(document.querySelector("[data-part=says]").textContent));
    broken = false;
    await page.click("text=Start recording");
    await page.waitForSelector(".recorder[data-state=recording]");
  }
  seen.link = await page.inputValue("#link");
  const path = new URL(seen.link).pathname;
  if (offline) {
    await context.setOffline(true);
    await page.waitForFunction(() => /No connection/.test(document.querySelector("[data-part=network]").textContent), null, { timeout: 60_000 });
    await context.setOffline(false);
    problems.length = 0;
  }
  if (mp4) seen.before = await watch(context, path);
  await show(page, "record-recording");
  if (pause) {
    await page.click("[data-part=pause]");
    await page.waitForSelector("[data-state=paused]");
    const at = await page.textContent("[data-part=clock]");
    seen.stands = at;
    await show(page, "record-paused");
    await page.click("[data-part=resume]");
  }
  if (!mp4) await page.waitForFunction(() => document.querySelector("[data-part=clock]").textContent >= "0:03");
  await page.click("[data-part=stop]");
  await page.waitForSelector(".recorder[data-state=done]", { timeout: 75_000 });
  await show(page, "record-done");
  seen.says = await page.textContent("[data-part=says]");
  const status = () => page.evaluate(async (id) => (await (await fetch(`/api/v1/caps/${id}/status`)).json()).overall, path.slice(3));
  for (const end = Date.now() + 90_000; (seen.overall = await status()) !== "ready" && Date.now() < end && seen.overall !== "failed"; ) await page.waitForTimeout(200);
  seen.after = await watch(context, path);
  seen.problems = problems;
});
console.log(JSON.stringify(seen));
