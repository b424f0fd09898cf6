// Uploads captions as their owner, and reads, searches and goes to them as a viewer. The video has sixteen seconds and renditions. Prints what was
// seen as JSON.
//
//   node captions.mjs http://127.0.0.1:3000 video session
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inBrowser, PHONE } from "./browser.mjs";

const [base, video, session] = process.argv.slice(2);
const share = `${base}/s/${video}`;
const seen = { problems: [], open: [] };
const folder = await mkdtemp(join(tmpdir(), "capstan-captions-"));
const file = async (name, text) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const cue = (number, from, words) => `${number}\n00:00:0${from},000 --> 00:00:0${from + 1},900\n${words}\n\n`;
const words = cue(1, 0, "First") + cue(2, 2, "Second &lt;i>of&lt;/i> all") + cue(3, 6, "Third of all") + cue(4, 8, "Last");

const signedIn = (page) => page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
const read = (page) => page.waitForFunction(() => document.querySelectorAll(".transcript li").length > 0);

await inBrowser({}, async (page, problems) => {
  await signedIn(page);
  await page.goto(`${base}/dashboard/caps/${video}`);
  await page.setInputFiles("#captions-file", await file("wrong.srt", "1\n00:00:02,000 --> 00:00:01,000\nBackwards\n"));
  await page.click("text=Upload captions");
  seen.refused = await page.locator("#problem").textContent();
  problems.length = 0;
  await page.setInputFiles("#captions-file", await file("right.srt", words));
  await page.click("text=Upload captions");
  await page.waitForURL(/saved=1/);
  seen.uploaded = await page.locator("section:has(#captions) > p").textContent();
  seen.problems.push(...problems);
});

await inBrowser({}, async (page, problems) => {
  await page.goto(share);
  await read(page);
  seen.lines = await page.locator(".transcript li").count();
  seen.open.push(await page.locator(".transcript").evaluate(({ open }) => open));
  seen.track = await page.locator("track").evaluate(({ srclang, label }) => [srclang, label]);
  const look = (read) => page.locator("video").evaluate(read);
  await page.locator("button.captions").click();
  seen.showing = await look(({ textTracks: [track] }) => track.mode);
  await look((video) => { video.currentTime = 2.5; });
  await page.waitForFunction(() => document.querySelector("video").textTracks[0].activeCues[0]?.startTime === 2);
  seen.shown = await look(({ textTracks: [{ activeCues }] }) => activeCues[0].getCueAsHTML().textContent);

  await page.fill(".find input", "OF");
  const said = page.locator(".find span");
  seen.marked = 0;
  seen.found = await said.textContent();
  // "of" is not in "Second <i>of" as a tag, but as words.
  seen.marked = await page.evaluate(() => CSS.highlights.get("found").size);
  await page.keyboard.press("Enter");
  seen.next = await said.textContent();
  // Slowly, so that a busy machine sees it there.
  await look((video) => { video.playbackRate = 0.1; });
  await page.locator(".transcript li button[data-found]").click();
  await page.waitForFunction(() => document.querySelector(".transcript [aria-current=true]")?.textContent.includes("Third"));
  seen.went = await look((video) => { video.pause(); return video.currentTime; });
  seen.current = await page.locator(".transcript [aria-current=true] span:last-child").textContent();
  const focused = () => page.evaluate(() => document.activeElement.lastChild.textContent);
  seen.keys = [];
  for (const key of ["ArrowDown", "Home"]) {
    await page.keyboard.press(key);
    seen.keys.push(await focused());
  }
  await page.fill(".find input", "");
  await look((video) => video.play());
  await page.waitForFunction(() => document.querySelector(".quality").options.length > 2);
  await page.selectOption(".quality", "mp4");
  await page.waitForFunction(() => document.querySelector("video").currentSrc.endsWith("mp4") && document.querySelector("video").readyState >= 2);
  await look((video) => { video.pause(); video.currentTime = 0.5; });
  await page.waitForFunction(() => document.querySelector("video").textTracks[0]?.activeCues?.[0]?.startTime === 0);
  seen.other = await look((video) => [`${video.textTracks.length}:${video.querySelectorAll("track").length}`, video.textTracks[0].activeCues[0].text]);
  await page.goto(`${base}/embed/${video}`);
  seen.embedded = await page.locator("track").evaluate(({ kind }) => kind);
  seen.problems.push(...problems);
});

await inBrowser({}, async (page, problems) => {
  await signedIn(page);
  await page.goto(`${base}/dashboard/caps/${video}`);
  await page.click("text=Edit the words");
  await page.fill("[name=cue-0]", "The very first");
  await page.click("text=Save");
  await page.waitForURL(/saved=1/);
  await page.goto(share);
  await read(page);
  seen.edited = await page.locator(".transcript li span:last-child").first().textContent();
  seen.problems.push(...problems);
});

await inBrowser(PHONE, async (page, problems) => {
  await page.goto(share);
  await page.waitForFunction(() => document.querySelector("video").readyState >= 1);
  seen.open.push(await page.locator(".transcript").evaluate(({ open }) => open));
  await page.locator(".transcript summary").click();
  await read(page);
  seen.problems.push(...problems);
});

await inBrowser({ javaScriptEnabled: false }, async (page) => {
  await page.goto(share);
  seen.withoutScript = [await page.locator(".transcript a").count(), await page.locator(".find").isVisible()];
});
await rm(folder, { recursive: true });
console.log(JSON.stringify(seen));
