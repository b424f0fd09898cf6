// Comments, replies, reactions, deleting and notifications in a browser without script. Prints what was seen as JSON.
//
//   node talk_plain.mjs http://127.0.0.1:3000/s/… owner's-session viewer's-session
import { inBrowser } from "./browser.mjs";

const [url, owners, viewers] = process.argv.slice(2);
const base = new URL(url).origin;
const seen = {};
const as = (page, session) => page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
const words = (page) => page.locator(".threads > li").evaluateAll((all) => all.map((one) => [...one.querySelectorAll(".words")].map((text) => text.textContent)));

await inBrowser({ javaScriptEnabled: false }, async (page, problems) => {
  await as(page, viewers);
  await page.goto(url);
  await page.fill("#words", "Plainly said");
  await page.click("text=Post");
  await page.waitForURL(/comment=/);
  await page.click("[data-emoji=👍]");
  await page.waitForURL(url);
  seen.reactions = await page.locator("[data-emoji=👍] .times").textContent();

  await as(page, owners);
  await page.goto(`${base}/dashboard/settings/account`);
  seen.bell = await page.locator(".bell").getAttribute("aria-label");
  await page.click(".bell");
  seen.told = await page.locator(".told li").count();
  seen.unread = [await page.locator(".told .unread").count()];
  await page.click("text=Mark all as read");
  seen.unread.push(await page.locator(".told .unread").count());
  await page.click("text=Settings >> nth=-1");
  await page.uncheck("[name=reactions]");
  await page.check("[value=daily]");
  await page.click("text=Save");
  await page.waitForURL(/saved=1/);
  seen.kept = [await page.isChecked("[name=reactions]"), await page.locator("[name=digest]:checked").getAttribute("value")];

  await page.goto(url);
  await page.click(".threads .reply");
  await page.fill("#words", "Plainly answered");
  await page.click("text=Post");
  await page.waitForURL(/comment=/);
  seen.marked = await page.locator(".marked .words").textContent();
  seen.threads = await words(page);
  await page.click(".threads > li > .acts .delete");
  await page.waitForURL(/#comments$/);
  [seen.deleted] = await words(page);
  seen.problems = problems;
});
console.log(JSON.stringify(seen));
