// Follows the playlists of a recording in progress with hls.js, from its beginning to a second of it. Prints what it saw as
// JSON.
//
//   node live_hls.mjs http://127.0.0.1:3000 {video} {second}
import { createRequire } from "node:module";
import { inBrowser } from "./browser.mjs";

const [origin, video, second] = process.argv.slice(2);
const library = createRequire(import.meta.url).resolve("hls.js/dist/hls.min.js");

await inBrowser({ bypassCSP: true }, async (page, problems) => {
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await page.goto(`${origin}/api/status`);
  await page.addScriptTag({ path: library });
  await page.evaluate((video) => {
    document.body.innerHTML = "<video muted></video>";
    const hls = new Hls({ startPosition: 0 });
    window.seen = { hls, errors: [] };
    hls.on(Hls.Events.ERROR, (_, error) => {
      // It says that there is a hole and that it goes on behind it.
      if (["fragGap", "bufferStalledError", "bufferNudgeOnStall", "bufferSeekOverHole"].includes(error.details)) return;
      seen.errors.push([error.details, error.response?.code, error.frag?.relurl?.split("?")[0]].join(" "));
    });
    hls.loadSource(`/api/playlist?videoId=${video}&videoType=segments-master`);
    hls.attachMedia(document.querySelector("video"));
    return document.querySelector("video").play();
  }, video);
  await page.waitForFunction((second) => document.querySelector("video").currentTime >= second, Number(second), { timeout: 60_000 });
  const seen = await page.evaluate(() => ({
    errors: seen.errors,
    sounds: seen.hls.audioTracks.length,
    live: seen.hls.levels[0].details.live,
    height: document.querySelector("video").videoHeight,
  }));
  console.log(JSON.stringify({ ...seen, problems }));
});
