// Uses the library: renames, copies a link, throws away and takes back, searches, sorts, shows a list. Prints as JSON what was seen.
//
//   node library.mjs http://127.0.0.1:3000 session desktop|phone
import { inBrowser, PHONE } from "./browser.mjs";

const [base, session, screen] = process.argv.slice(2);
const seen = {};
const options = { ...(screen === "phone" ? PHONE : {}), permissions: ["clipboard-read", "clipboard-write"] };

await inBrowser(options, async (page, problems) => {
  await page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  await page.goto(`${base}/dashboard`);
  await page.waitForURL(`${base}/dashboard/caps`);
  const titles = () => page.locator(".video h2 bdi").allTextContents();
  const card = (title) => page.locator(".video").filter({ has: page.locator(`h2 bdi:text-is("${title}")`) });
  const said = (text) => page.locator(".toast", { hasText: text }).waitFor();
  const open = async (title) => card(title).locator(".more summary").click();
  seen.titles = await titles();

  await open("Alpha");
  await page.keyboard.press("Escape");
  seen.menu = [await page.locator(".more[open]").count(), await page.evaluate(() => document.activeElement.tagName)];

  await open("Alpha");
  await card("Alpha").locator("[data-act=rename]").click();
  await page.keyboard.type("Not this");
  await page.keyboard.press("Escape");
  seen.kept = await titles();
  await open("Alpha");
  await card("Alpha").locator("[data-act=rename]").click();
  await page.keyboard.type("Omega <b>");
  await page.keyboard.press("Enter");
  await said("Title saved");
  seen.renamed = await titles();
  seen.focused = await page.evaluate(() => document.activeElement.textContent);

  await open("Beta");
  await card("Beta").locator("[data-act=copy]").click();
  await said("Link copied");
  seen.copied = (await page.evaluate(() => navigator.clipboard.readText())).replace(base, "");

  const link = await card("Beta").locator(".whole").getAttribute("href");
  const shared = async () => (await page.request.get(base + link)).status();
  await open("Beta");
  await card("Beta").locator(".remove").click();
  await said("Deleted");
  seen.binned = [await titles(), await page.locator(".count").textContent(), await shared()];
  await page.click(".toast button");
  await said("library again");
  seen.restored = [await titles(), await page.locator(".count").textContent(), await shared()];

  await open("Beta");
  await card("Beta").locator(".remove").click();
  await said("Deleted");
  await page.goto(`${base}/dashboard/caps/deleted`);
  seen.deleted = await page.locator(".video h2").allTextContents();
  await page.click("text=Take back");
  await page.waitForURL(/deleted\?restored=/);
  await page.goto(`${base}/dashboard/caps`);
  await open("Gamma");
  await card("Gamma").locator(".remove").click();
  await said("Deleted");
  await page.goto(`${base}/dashboard/caps/deleted`);
  await page.click("text=Delete for good");
  await page.click("text=Yes, delete it");
  await page.waitForURL(/purged=/);
  seen.emptied = await page.locator(".empty h2").textContent();

  await page.goto(`${base}/dashboard/caps`);
  await page.fill("#q", "omega");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=omega/);
  seen.found = await titles();
  // The last one of what is shown: the page says by itself what there is now.
  await open("Omega <b>");
  await card("Omega <b>").locator(".remove").click();
  await page.waitForURL(/binned=/);
  await page.click(".notice button");
  await page.waitForURL(/restored=/);
  await page.selectOption("#sort", "title");
  await page.waitForURL(/sort=title/);
  seen.sorted = await titles();
  await page.click(".shown-as a:last-child");
  await page.waitForURL(/view=list/);
  await page.goto(`${base}/dashboard/caps`);
  seen.list = await page.locator(".cards.list").count();
  await card("Beta").locator(".whole").click();
  await page.waitForURL(/\/s\//);

  seen.problems = problems;
});

// Without script every form is there.
await inBrowser({ ...options, javaScriptEnabled: false }, async (page) => {
  await page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  await page.goto(`${base}/dashboard/caps?sort=title`);
  const first = page.locator(".video").first();
  await first.locator(".more summary").click();
  await first.locator("[name=name]").fill("Plain");
  await first.locator("form.title button").first().click();
  await page.waitForURL(/sort=title&renamed=/);
  await first.locator(".more summary").click();
  await first.locator("form.bin button").click();
  await page.waitForURL(/sort=title&binned=/);
  seen.plain = [await page.locator(".notice p").first().innerText(), await page.locator(".video").count()];
  await page.click("text=Undo");
  await page.waitForURL(/sort=title&restored=/);
  seen.plain.push(await page.locator(".video h2 bdi").allTextContents());
});
console.log(JSON.stringify(seen));
