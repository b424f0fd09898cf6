// A new person's first day: signs in by link and by code, names themself, shows a picture, makes a key and takes it back, lets Cap Desktop in,
// signs out, and signs out everywhere. Prints what was seen as JSON. With a folder, keeps a picture of each page.
//
//   node account.mjs http://127.0.0.1:3000 ada@example.test desktop|phone [screenshots/]
import { createServer } from "node:http";
import { inBrowser, PHONE } from "./browser.mjs";

const [base, email, screen, folder] = process.argv.slice(2);
const options = { ...(screen === "phone" ? PHONE : {}), colorScheme: process.env.DARK ? "dark" : "light" };
const seen = { problems: [] };
const browsers = [];

const picture = (page, name) => folder && page.screenshot({ path: `${folder}/${name}-${screen}${process.env.DARK ? "-dark" : ""}.png`, fullPage: true });

const mails = async () => {
  const all = await (await fetch(`${base}/_local/mail`, { headers: { accept: "application/json" } })).json();
  return all.filter((mail) => mail.to.includes(email));
};

const nextMail = async (before) => {
  for (let tries = 0; tries < 600; tries += 1) {
    const all = await mails();
    if (all.length > before) return all[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no mail came");
};

// Asks for a mail on the login page, from wherever the browser was sent there.
const ask = async (page) => {
  const before = (await mails()).length;
  await page.fill("#email", email);
  await page.click("text=Send the mail");
  await page.waitForURL(/\/verify-otp/);
  return nextMail(before);
};

const byCode = async (page) => {
  const mail = await ask(page);
  await page.fill("#token", mail.text.match(/\b\d{6}\b/)[0]);
  await page.click("button");
};

const signedIn = (page) => page.waitForURL(`${base}/dashboard/settings/account`);

await inBrowser(options, async (page, problems) => {
  browsers.push(problems);

  await page.goto(`${base}/dashboard/settings/account`);
  await page.waitForURL(/\/login/);
  await picture(page, "1-login");
  const mail = await ask(page);
  await picture(page, "2-code");
  await page.goto(mail.text.match(/https?:\S+/)[0]);
  await picture(page, "3-link");
  await page.click("button");
  await signedIn(page);
  seen.byLink = await page.locator(".who p").textContent();
  await picture(page, "4-account");

  if (folder) {
    await page.goto("about:blank");
    await page.setContent(mail.html);
    await picture(page, "5-mail");
    await page.goto(`${base}/dashboard/settings/account`);
  }

  await page.fill("#name", "Ada <b>Lovelace</b>");
  await page.click("text=Save");
  await page.waitForFunction(() => document.querySelector(".who strong")?.textContent.startsWith("Ada"));
  seen.name = await page.locator(".who strong").textContent();

  const drawn = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const context = canvas.getContext("2d");
    context.fillStyle = "#c60";
    context.fillRect(0, 0, 640, 480);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await page.setInputFiles("#file", { name: "me.png", mimeType: "image/png", buffer: Buffer.from(drawn) });
  await page.waitForSelector(".who img");
  seen.picture = await page.locator(".who img").evaluate(async (image) => {
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  });

  await page.fill("#key-name", "Build server");
  await page.click("#create-key");
  const key = (await page.locator("#new-key").textContent()).trim();
  await picture(page, "6-key");
  const ofKey = async () => (await fetch(`${base}/api/v1/caps`, { headers: { authorization: `Bearer ${key}` } })).status;
  seen.key = [await ofKey()];
  await page.goto(`${base}/dashboard/settings/account`);
  seen.shownAgain = (await page.content()).includes(key);
  await page.click("[aria-label='Revoke Build server']");
  await page.waitForFunction(() => !document.body.textContent.includes("Build server"));
  seen.key.push(await ofKey());

  // Cap Desktop listens on a loopback port, and opens the browser.
  const asked = [];
  const listener = createServer((request, response) => {
    asked.push(request.url);
    response.setHeader("content-type", "text/html");
    response.end("<link rel=icon href=data:,>Signed in");
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address();
  await page.goto(`${base}/api/desktop/session/request?type=api_key&port=${port}&platform=web`);
  await picture(page, "7-desktop");
  seen.askedBefore = asked.length;
  await page.click("button");
  await page.waitForURL(new RegExp(`^http://127.0.0.1:${port}/`));
  const given = new URL(asked[0], base).searchParams;
  seen.desktop = [...given.keys()];
  listener.close();
  const ofDesktop = async () => (await fetch(`${base}/api/v1/caps`, { headers: { authorization: `Bearer ${given.get("api_key")}` } })).status;
  seen.desktopKey = [await ofDesktop()];

  await page.goto(`${base}/dashboard/settings/account`);
  await page.click(".me summary");
  await page.click("#sign-out");
  await page.waitForURL(/\/login/);
  seen.signedOut = await page.evaluate(async () => (await fetch("/api/auth/session")).json());

  await byCode(page);
  await page.waitForURL(`${base}/dashboard/caps`);
  await page.goto(`${base}/dashboard/settings/account`);
  seen.byCode = await page.locator(".who p").textContent();

  // In a second browser the first one is seen, and everything is ended.
  await inBrowser(options, async (other, otherProblems) => {
    browsers.push(otherProblems);
    await other.goto(`${base}/login`);
    await byCode(other);
    await other.waitForURL(`${base}/dashboard/caps`);
    await other.goto(`${base}/dashboard/settings/account`);
    seen.sessions = await other.locator("[aria-labelledby=sessions] li").count();
    await picture(other, "8-sessions");
    await other.click("#sign-out-everywhere");
    await other.waitForURL(/\/login/);
  });
  await page.reload();
  await page.waitForURL(/\/login/);
  seen.everywhere = true;
  seen.desktopKey.push(await ofDesktop());
});
seen.problems = browsers.flat();
console.log(JSON.stringify(seen));
