// Looks at pages wide and narrow, light and dark: what axe-core finds wrong, what is wider than the screen. Keeps a picture of each. Prints what it
// found as JSON.
//
//   node states.mjs http://127.0.0.1:3000 screens/ '[{"name":"login","path":"/login","cookie":"…"}]'
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { inBrowser } from "./browser.mjs";

const [base, folder, list] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const found = [];
await mkdir(folder, { recursive: true });

await inBrowser({}, async (page, problems) => {
  for (const { name, path, cookie } of JSON.parse(list)) {
    await page.context().clearCookies();
    if (cookie) await page.context().addCookies([{ name: "next-auth.session-token", value: cookie, url: base }]);
    for (const [screen, width, height] of [["wide", 1280, 800], ["narrow", 320, 640]]) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        await page.goto(`${base}${path}`);
        const video = page.locator("video[src], video source");
        if (await video.count()) await page.waitForFunction(() => document.querySelector("video").readyState >= 2, null, { timeout: 30_000 });
        const shown = `${name}-${screen}-${colorScheme}`;
        await page.screenshot({ path: `${folder}/${shown}.png`, fullPage: true });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        for (const { id, nodes } of violations) found.push(`${shown}: ${id}: ${nodes[0].html}: ${nodes[0].failureSummary}`);
        if ((await page.evaluate(() => document.documentElement.scrollWidth)) > width) found.push(`${shown}: wider than the screen`);
        // A link that leads nowhere says so with its status too, and Chromium calls media that it no longer needs blocked.
        found.push(...problems.splice(0).filter((problem) => !/status of (403|404|410)|ERR_BLOCKED_BY_ORB/.test(problem)).map((problem) => `${shown}: ${problem}`));
      }
    }
  }
});
console.log(JSON.stringify(found));
