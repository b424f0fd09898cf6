// Opens the page of a recording before anything of it is there, and plays it as it comes: during the recording, across its
// end, and on from the one file that is made of it. Prints what it saw as JSON, a line for each step.
//
//   node live.mjs http://127.0.0.1:3000/s/… desktop|phone
import { inBrowser, PHONE } from "./browser.mjs";

const [url, screen] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));

await inBrowser(screen === "phone" ? PHONE : {}, async (page, problems) => {
  let loads = 0;
  page.on("load", () => (loads += 1));
  const state = () =>
    page.evaluate(() => {
      const { status, live } = document.querySelector("main").dataset;
      const video = document.querySelector("video");
      const { currentTime, currentSrc, videoHeight, duration } = video ?? {};
      return { status, live, at: currentTime, source: currentSrc?.split("videoType=")[1] ?? currentSrc?.split(":")[0], videoHeight, duration };
    });
  await page.goto(url);
  say(await state());

  await page.waitForSelector("video", { state: "attached", timeout: 60_000 });
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    window.times = [];
    video.addEventListener("timeupdate", () => window.times.push(video.currentTime));
    return video.play();
  });
  const reaches = (second) =>
    page.waitForFunction((second) => document.querySelector("video").currentTime >= second, second, { timeout: 60_000 });
  await reaches(0.5);
  const loaded = loads;
  say(await state());

  // From here on the recording ends and becomes a file, while this goes on.
  await page.waitForFunction(() => document.querySelector("main").dataset.status === "ready", null, { timeout: 60_000 });
  say(await state());
  await reaches(Number(process.argv[4]));
  // To its end, where the file takes over without the page being loaded again.
  await page.waitForFunction(() => document.querySelector("video").currentSrc.endsWith("videoType=mp4"), null, { timeout: 60_000 });
  await page.waitForFunction(() => document.querySelector("video").readyState >= 2, null, { timeout: 60_000 });
  const times = await page.evaluate(() => window.times);
  const backwards = times.some((time, index) => time < times[index - 1] - 0.1);
  say({ ...(await state()), backwards, reloaded: loads > loaded, problems });
});
