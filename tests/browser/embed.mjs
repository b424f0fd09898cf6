// Shows a player in a page of another site, as oEmbed describes it, and the share page itself, which may not be shown there. Prints what was seen
// as JSON.
//
//   node embed.mjs http://127.0.0.1:3000 {code}
import { createServer } from "node:http";
import { inBrowser } from "./browser.mjs";

const [base, code] = process.argv.slice(2);
const described = await (await fetch(`${base}/api/oembed?url=${encodeURIComponent(`${base}/s/${code}`)}&maxwidth=320`)).json();
const other = createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  const frame = described.html.replace(`/embed/${code}`, `/embed/${code}?t=2&autoplay=1`);
  response.end(`<!doctype html><link rel=icon href=data:,>${request.url === "/share" ? `<iframe src="${base}/s/${code}"></iframe>` : frame}`);
});
await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
const site = `http://localhost:${other.address().port}`;

await inBrowser({}, async (page, problems) => {
  await page.goto(site);
  const frame = page.frames().find((frame) => frame.url().includes("/embed/"));
  await frame.waitForFunction(() => document.querySelector("video").currentTime > 2.3 && !document.querySelector("video").paused, null, { timeout: 30_000 });
  const shown = await frame.evaluate(() => {
    const { width, height } = document.querySelector(".player").getBoundingClientRect();
    return { title: document.querySelector("h1").innerText, size: [width, height], scrolls: document.documentElement.scrollHeight > innerHeight };
  });
  const played = problems.splice(0);
  await page.goto(`${site}/share`);
  // What may not be framed is an error page of the browser's own.
  const refused = problems.some((problem) => problem.includes("frame-ancestors"));
  console.log(JSON.stringify({ described, ...shown, problems: played, refused }));
});
other.close();
