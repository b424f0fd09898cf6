// Uploads a file of three parts by a library's page while the connection breaks off, it is paused, and the page is left and opened again. Prints
// as JSON what was seen.
//
//   node upload.mjs http://127.0.0.1:3000 session talk.mp4 other.mp4
import { inBrowser } from "./browser.mjs";

const [base, session, file, other] = process.argv.slice(2);
const seen = { parts: [], states: [] };

await inBrowser({}, async (page, problems) => {
  const context = page.context();
  await context.addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  let broken = 2;
  let held = true;
  const number = (url) => Number(new URL(url).searchParams.get("partNumber"));
  await page.route(/partNumber=/, async (route) => {
    const part = number(route.request().url());
    if (route.request().method() !== "PUT") return route.continue();
    if (part === 2 && broken > 0) {
      broken -= 1;
      return route.abort("connectionreset");
    }
    // It is on its way and never arrives.
    if (part === 3 && held) return undefined;
    seen.parts.push(part);
    return route.continue();
  });
  await page.exposeFunction("seeState", (state) => seen.states.push(state));
  await page.addInitScript(() => {
    new MutationObserver((changes) => {
      for (const { target } of changes) if (target.matches?.(".transfer")) window.seeState(target.dataset.state);
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-state"], attributeOldValue: true });
  });
  const state = (name) => page.waitForSelector(`.transfer[data-state=${name}]`, { timeout: 60_000 });
  const said = () => page.locator(".transfer .said").textContent();
  const choose = (selector, path) => page.setInputFiles(selector, path);

  await page.goto(`${base}/dashboard/caps`);
  await choose("#files", file);
  await page.waitForSelector(".video[data-state=uploading]");
  seen.card = await page.locator(".video h2").textContent();
  seen.empty = await page.locator(".empty").count();
  await state("again");
  await page.waitForFunction(() => /^16\.8|^17 MB/.test(document.querySelector(".transfer .said").textContent), null, { timeout: 60_000 });
  await page.click("[data-act=pause]");
  await state("paused");
  seen.paused = await said();
  await page.click("[data-act=resume]");
  await state("going");
  await page.click("[data-act=pause]");
  await state("paused");
  const video = await page.locator(".video").getAttribute("data-id");

  await page.reload();
  await state("interrupted");
  seen.interrupted = await said();
  await choose(".transfer input", other);
  seen.other = await said();
  held = false;
  seen.before = seen.parts.splice(0).sort();
  await choose(".transfer input", file);
  await state("done");
  seen.after = seen.parts;
  await page.waitForSelector(`#v-${video}[data-state=ready] .shot img`, { timeout: 60_000 });
  seen.poster = await page.locator(`#v-${video} .shot img`).evaluate(async (image) => {
    await image.decode();
    return image.naturalWidth > 0;
  });
  seen.remembered = await page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith("uploads-")).map(([, text]) => text));
  seen.video = video;
  // What the page was made to lose.
  seen.problems = problems.filter((problem) => !/ERR_CONNECTION_RESET/.test(problem));
});
console.log(JSON.stringify(seen));
