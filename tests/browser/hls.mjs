// Plays a video's renditions with hls.js, as browsers do that play none by themselves: the lowest, the highest, and after a
// seek. Prints what it saw as JSON.
//
//   node hls.mjs http://127.0.0.1:3000 {video}
import { createRequire } from "node:module";
import { inBrowser } from "./browser.mjs";

const [origin, video] = process.argv.slice(2);
const library = createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js");

// A page that plays nothing lends its origin: the share page's own player asks for the same media without `Origin`, and what
// S3 answers to that is kept for this one as well and may not be read by it.
await inBrowser({ bypassCSP: true }, async (page, problems) => {
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await page.goto(`${origin}/api/status`);
  await page.addScriptTag({ path: library });
  await page.evaluate((video) => {
    document.body.innerHTML = "<video muted></video>";
    const hls = new Hls();
    window.seen = { hls, errors: [], loaded: {} };
    hls.on(Hls.Events.ERROR, (_, error) => {
      // What another level makes useless is cancelled, and a busy machine plays faster than it loads.
      if (["aborted", "bufferStalledError", "bufferNudgeOnStall"].includes(error.details)) return;
      seen.errors.push([error.details, error.response?.code, error.frag?.relurl?.split("?")[0]].join(" "));
    });
    hls.on(Hls.Events.FRAG_LOADED, (_, { frag }) => {
      const of = frag.type === "audio" ? "audio" : hls.levels[frag.level].height;
      seen.loaded[of] = (seen.loaded[of] ?? 0) + 1;
    });
    hls.loadSource(`/api/playlist?videoId=${video}&videoType=master`);
    hls.attachMedia(document.querySelector("video"));
    return document.querySelector("video").play();
  }, video);

  const shown = [];
  const levels = await page.evaluate(() => seen.hls.levels.map(({ height }) => height));
  for (const level of [0, levels.length - 1]) {
    await page.evaluate((level) => (seen.hls.currentLevel = level), level);
    const playing = (height) => {
      const video = document.querySelector("video");
      return video.videoHeight === height && !video.seeking && video.readyState >= 3;
    };
    await page.waitForFunction(playing, levels[level], { timeout: 30_000 });
    shown.push(await page.evaluate(() => document.querySelector("video").videoHeight));
  }
  const seeked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
        video.currentTime = video.duration * 0.75;
      }),
  );
  await page.waitForFunction((from) => document.querySelector("video").currentTime > from + 0.2, seeked, { timeout: 30_000 });
  const seen = await page.evaluate(() => ({
    errors: seen.errors,
    loaded: seen.loaded,
    sounds: seen.hls.audioTracks.length,
    duration: document.querySelector("video").duration,
  }));
  console.log(JSON.stringify({ levels, shown, seeked, ...seen, problems }));
});
