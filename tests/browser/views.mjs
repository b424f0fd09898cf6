// Watches a share page to its end with a browser that a person has, reloads and watches again, then with another browser, and with one that asks not
// to be tracked. Prints what each told of it as JSON.
//
//   node views.mjs http://127.0.0.1:3000/s/… "Mozilla/5.0 …"
import { inBrowser } from "./browser.mjs";

const [url, userAgent] = process.argv.slice(2);
const seen = { answers: [] };

const told = async (page) => {
  const told = [];
  // A beacon's body is not shown to whoever watches the network.
  await page.exposeFunction("beacon", (said) => told.push(JSON.parse(said)));
  await page.addInitScript(() => {
    const send = navigator.sendBeacon.bind(navigator);
    Navigator.prototype.sendBeacon = (url, said) => {
      said.text().then((text) => window.beacon(text));
      return send(url, said);
    };
  });
  page.on("response", async (response) => {
    if (response.url().endsWith("/api/analytics/track")) seen.answers.push([response.status(), (await response.request().allHeaders()).origin]);
  });
  return told;
};

const watch = async (page) => {
  if (!(await page.locator("video").count())) return;
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    video.play();
    return new Promise((resolve) => video.addEventListener("ended", resolve, { once: true }));
  });
};

const until = async (condition) => {
  for (let tries = 0; !condition() && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
};

await inBrowser({ userAgent }, async (page, problems) => {
  seen.one = await told(page);
  await page.goto(url);
  const video = await page.locator("video").count();
  await watch(page);
  await until(() => seen.one.length >= (video ? 5 : 1));
  await page.reload();
  await watch(page);
  await until(() => seen.one.length >= (video ? 10 : 2));
  seen.problems = problems;
});
await inBrowser({ userAgent }, async (page) => {
  seen.two = await told(page);
  await page.goto(url);
  const video = await page.locator("video").count();
  await watch(page);
  await until(() => seen.two.length >= (video ? 5 : 1));
});
await inBrowser({ userAgent }, async (page) => {
  seen.three = await told(page);
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { value: true }));
  await page.goto(url);
  await watch(page);
});
console.log(JSON.stringify(seen));
