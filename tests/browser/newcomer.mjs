// The whole way, by people who know nothing: one signs in, uploads, and shares with a password; the other one opens the link on a phone, signs in and
// comments; the first one reads of it. Then the player in a page of another site. Prints what was seen as JSON.
//
//   node newcomer.mjs http://127.0.0.1:3000 talk.mp4 owner@example.test viewer@example.test screens/
import { createServer } from "node:http";
import { inBrowser, PHONE } from "./browser.mjs";

const [base, file, owners, viewers, screens] = process.argv.slice(2);
const seen = {};

const code = async (email) => {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const mails = await (await fetch(`${base}/_local/mail`, { headers: { accept: "application/json" } })).json();
    const mail = mails.find(({ to }) => to.includes(email));
    if (mail) return mail.text.match(/\b\d{6}\b/)[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail for ${email}`);
};
const signIn = async (page, email) => {
  await page.fill("#email", email);
  await page.click("text=Send the mail");
  await page.waitForSelector("#token");
  await page.fill("#token", await code(email));
  await page.click("button:has-text('Sign in')");
};
const show = (page, name) => page.screenshot({ path: `${screens}/newcomer-${name}.png`, fullPage: true });
const plays = (page) => page.waitForFunction(() => document.querySelector("video")?.readyState >= 2, null, { timeout: 30_000 });

await inBrowser({ permissions: ["clipboard-read", "clipboard-write"] }, async (owner, problems) => {
  await owner.goto(base);
  seen.first = new URL(owner.url()).pathname;
  await signIn(owner, owners);
  await owner.waitForSelector(".library .empty");
  await show(owner, "1-empty");
  await owner.setInputFiles("#files", file);
  await owner.waitForSelector(".video[data-state=ready]", { timeout: 90_000 });
  await show(owner, "2-uploaded");
  const id = await owner.locator(".video").getAttribute("data-id");

  await owner.goto(`${base}/dashboard/caps/${id}`);
  await owner.click(".links summary");
  await owner.fill(`#password-${id}`, "let me in");
  await owner.click(".links details[open] button:has-text('Save')");
  await owner.waitForSelector(".saved");
  seen.link = await owner.locator(".link p").textContent();
  await owner.click(".links [data-copy]");
  await owner.waitForFunction(() => document.querySelector(".copies").textContent);
  const link = await owner.evaluate(() => navigator.clipboard.readText());
  await show(owner, "3-shared");

  await inBrowser(PHONE, async (viewer, others) => {
    await viewer.goto(link);
    seen.asked = await viewer.locator("h1").textContent();
    await viewer.fill("#password", "let me in");
    await viewer.click("button:has-text('Watch')");
    await plays(viewer);
    await show(viewer, "4-watched");
    await viewer.click("text=Sign in to comment");
    await signIn(viewer, viewers);
    await plays(viewer);
    await viewer.fill("#words", "What a talk");
    await viewer.click("text=Post");
    await viewer.waitForSelector(".threads .words");
    await show(viewer, "5-commented");
    seen.others = others.filter((problem) => !/status of 403/.test(problem));
  });

  await owner.goto(`${base}/dashboard/notifications`);
  seen.told = (await owner.locator("main").innerText()).includes("What a talk");
  await show(owner, "6-told");

  // The code that the video's page gives, in a page of another site.
  await owner.goto(`${base}/dashboard/caps/${id}`);
  const embed = await owner.inputValue("#embed");
  const elsewhere = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(`<body style="margin:0">${embed}`));
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  await owner.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  const frame = owner.frameLocator("iframe");
  seen.embedded = await frame.locator("h1").first().textContent();
  await show(owner, "7-embedded");
  elsewhere.close();
  seen.problems = problems.filter((problem) => !/status of 403/.test(problem));
});
console.log(JSON.stringify(seen));
