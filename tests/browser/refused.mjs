// Plays a share page's renditions, as a phone does, while S3 refuses their media, as it does once addresses have expired: after half a second of
// playing, so many times. Prints how often it refused, and from what source the player got past ten seconds in the end. JSON.
//
//   node refused.mjs http://127.0.0.1:3000/s/… TIMES
import { inBrowser, PHONE } from "./browser.mjs";

const [url, times] = process.argv.slice(2);

await inBrowser(PHONE, async (page) => {
  let left = 0;
  let refused = 0;
  await page.route("**/hls/**", (route) => {
    if (left === 0) return route.continue();
    left -= 1;
    refused += 1;
    return route.fulfill({ status: 403, contentType: "application/xml", body: "<Error><Code>AccessDenied</Code></Error>" });
  });
  await page.goto(url);
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    return video.play();
  });
  const reaches = (seconds) => page.waitForFunction((to) => document.querySelector("video").currentTime > to, seconds, { timeout: 60_000 });
  await reaches(0.5);
  left = Number(times);
  await reaches(10);
  const source = await page.evaluate(() => document.querySelector("video").currentSrc);
  console.log(JSON.stringify({ refused, source }));
});
