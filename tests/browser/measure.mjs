// What Chromium itself says of a share page, opened so many times in one browser after a first time that warms the server up. A new tab and an
// empty cache each time. Prints medians as a table.
//
//   node measure.mjs http://127.0.0.1:3000/s/… [10]
import { gzipSync } from "node:zlib";
import { inBrowser } from "./browser.mjs";

const [url, times = "10"] = process.argv.slice(2);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const runs = [];

await inBrowser({}, async (page) => {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const kinds = new Map();
  const bytes = {};
  session.on("Network.responseReceived", ({ requestId, type }) => kinds.set(requestId, type));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const type = kinds.get(requestId);
    bytes[type] = (bytes[type] ?? 0) + encodedDataLength;
  });
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      const video = document.querySelector("video");
      video.muted = true;
      video.requestVideoFrameCallback((now) => { window.firstFrame = now; });
      video.play().catch(() => {});
    });
  });
  for (let run = 0; run <= Number(times); run += 1) {
    await session.send("Network.clearBrowserCache");
    for (const type of Object.keys(bytes)) delete bytes[type];
    await page.goto(url, { waitUntil: "load" });
    await page.waitForFunction(() => window.firstFrame && performance.getEntriesByName("first-contentful-paint").length, null, { timeout: 30_000 });
    const timing = await page.evaluate(() => ({
      server: performance.getEntriesByType("navigation")[0].responseStart,
      paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      frame: window.firstFrame,
    }));
    if (run > 0) runs.push({ ...timing, html: bytes.Document, script: bytes.Script });
    await page.goto("about:blank");
  }
  const html = await (await fetch(url)).text();
  const script = await (await fetch(new URL(html.match(/\/static\/share-[^"]+/)[0], url))).text();
  const of = (name) => median(runs.map((run) => run[name]));
  const rows = [
    ["first byte", `${of("server").toFixed(0)} ms`],
    ["first contentful paint", `${of("paint").toFixed(0)} ms`],
    ["first frame of the video", `${of("frame").toFixed(0)} ms`],
    ["HTML transferred", `${of("html")} bytes`, "30000"],
    ["script transferred", `${of("script")} bytes`],
    ["script as gzip", `${gzipSync(script).length} bytes`, "60000"],
  ];
  for (const [what, much, most] of rows) console.log(`${what.padEnd(26)} ${much.padStart(14)}${most ? `   of ${most} at most` : ""}`);
});
