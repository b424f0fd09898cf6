// Two people at the same recording in two browsers: one says something, the other one sees it come, answers and deletes. Prints what was
// seen as JSON.
//
//   node talk.mjs http://127.0.0.1:3000/s/… owner's-session viewer's-session
import { inBrowser } from "./browser.mjs";

const [url, owners, viewers] = process.argv.slice(2);
const base = new URL(url).origin;
const seen = {};

const open = async (page, session) => {
  let loads = 0;
  page.on("load", () => (loads += 1));
  if (session) await page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  await page.goto(url);
  await page.waitForFunction(() => document.querySelector("video").readyState >= 1 && !document.querySelector(".controls").hidden);
  return () => loads;
};
const at = (page, seconds) =>
  page.evaluate((seconds) => new Promise((resolve) => {
    const video = document.querySelector("video");
    video.addEventListener("seeked", resolve, { once: true });
    video.currentTime = seconds;
  }), seconds);
const text = (page, selector) => page.locator(selector).first().textContent();
const marks = (page) => page.locator(".marks button").evaluateAll((all) => all.map((mark) => mark.ariaLabel));

await inBrowser({}, async (viewer, problems) => {
  await inBrowser({}, async (owner, others) => {
    const loads = [await open(owner, owners), await open(viewer, viewers)];

    // Nobody reloads: the comment comes by itself.
    await at(viewer, 5);
    await viewer.fill("#words", "<b>Is this</b> the final figure?");
    await viewer.click("text=Post");
    await owner.waitForSelector(".threads .words");
    seen.shown = await text(owner, ".threads .words");
    seen.at = await text(owner, ".threads .at");
    seen.announced = await text(owner, ".news");

    // A reaction at a moment, and one that is taken back.
    await at(owner, 9);
    await owner.click("[data-emoji=🙌]");
    await owner.waitForSelector(".news button");
    await viewer.waitForFunction(() => document.querySelectorAll(".marks button").length === 2);
    seen.marks = await marks(viewer);
    await owner.click("[data-emoji=👎]");
    await owner.waitForFunction(() => document.querySelector("[data-emoji='👎'] .times").textContent === "1");
    await owner.locator(".news button").click();
    await owner.waitForFunction(() => document.querySelector("[data-emoji='👎'] .times").textContent === "");
    seen.undone = await text(owner, "[data-emoji=👎] .times");

    // The marks by keyboard.
    await viewer.locator(".marks button").first().focus();
    seen.bubble = await text(viewer, ".marks .says p");
    await viewer.keyboard.press("Enter");
    seen.sought = await viewer.evaluate(() => document.querySelector("video").currentTime);
    await viewer.keyboard.press("ArrowRight");
    seen.next = await viewer.evaluate(() => document.activeElement.ariaLabel);

    await owner.click(".threads .reply");
    await owner.fill("#words", "Yes, it is.");
    await owner.keyboard.press("Control+Enter");
    await viewer.waitForSelector(".replies .words");
    seen.reply = await text(viewer, ".replies .words");

    await viewer.click(".threads > li > .acts .edit");
    await viewer.fill(".threads li textarea", "Is this the last figure?");
    await viewer.click("text=Save");
    await owner.waitForFunction(() => document.querySelector(".threads .edited"));
    seen.edited = await text(owner, ".threads .words");
    seen.counts = [await text(owner, ".count"), await text(viewer, ".count")];

    owner.on("dialog", (dialog) => dialog.accept());
    await owner.click(".threads > li > .acts .delete");
    await viewer.waitForFunction(() => document.querySelector(".threads .words").textContent.includes("deleted"));
    seen.deleted = [await text(viewer, ".threads .words"), await text(viewer, ".count")];
    seen.loads = loads.map((count) => count());

    // What the page had no room for comes by a press of its button.
    const many = url.split("/").pop();
    const ask = (text) => owner.evaluate(async ([code, content]) => {
      const headers = { "content-type": "application/json" };
      await fetch(`/api/videos/${code}/comments`, { method: "POST", headers, body: JSON.stringify({ content }) });
    }, [many, text]);
    for (let number = 0; number < 30; number += 1) await ask(`Remark ${number} ${"that goes on ".repeat(10)}`);
    const listed = owner.waitForResponse((answer) => answer.url().endsWith("/comments") && answer.request().method() === "GET");
    await owner.reload();
    await (await listed).finished();
    seen.before = await owner.locator(".threads > li").count();
    await owner.click(".older a");
    await owner.waitForFunction(() => document.querySelectorAll(".threads > li").length === 31);
    seen.older = [await owner.locator(".threads > li .words").nth(29).textContent(), await owner.locator(".older:not([hidden])").count()];
    await viewer.waitForFunction(() => document.querySelectorAll(".threads > li").length === 31);

    // Hidden pages ask for nothing. Chromium hides no page that is driven, so the page is told that it is.
    let asked = 0;
    viewer.on("request", (request) => (asked += request.url().includes("/comments")));
    await viewer.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    asked = 0;
    await owner.fill("#words", "Nobody sees this yet");
    await owner.click("text=Post");
    await owner.waitForFunction(() => document.querySelectorAll(".threads > li").length === 32);
    // Longer than a page that is looked at would wait.
    await owner.waitForTimeout(7000);
    seen.quiet = asked;
    await viewer.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await viewer.waitForFunction(() => document.querySelectorAll(".threads > li").length === 32);

    await owner.context().clearCookies();
    await owner.goto(url);
    seen.signedOut = [await text(owner, ".talk .door a"), await owner.locator("#words").count()];

    // Switched off: the page that is open lets go of it, and asks no further.
    const headers = { "content-type": "application/json", cookie: `next-auth.session-token=${owners}`, origin: base };
    await fetch(`${base}/api/videos/${url.split("/").pop()}/sharing`, { method: "PATCH", headers, body: '{"comments":false}' });
    await viewer.waitForFunction(() => !document.querySelector(".talk"), null, { timeout: 60_000 });
    asked = 0;
    await viewer.waitForTimeout(4000);
    seen.off = [await viewer.locator(".talk").count(), asked];
    seen.problems = [...problems, ...others].filter((problem) => !problem.includes("status of 403"));
  });
});
console.log(JSON.stringify(seen));
