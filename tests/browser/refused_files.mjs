// Chooses and drops files of which some cannot be uploaded, and cancels one. Prints as JSON what was seen.
//
//   node refused_files.mjs http://127.0.0.1:3000 session picture.png
import { readFile } from "node:fs/promises";
import { inBrowser } from "./browser.mjs";

const [base, session, picture] = process.argv.slice(2);
const seen = {};

await inBrowser({}, async (page, problems) => {
  await page.context().addCookies([{ name: "next-auth.session-token", value: session, url: base }]);
  await page.goto(`${base}/dashboard/caps`);
  const says = (name) => page.locator(".transfer").filter({ hasText: name }).locator(".said").textContent();
  await page.setInputFiles("#files", [
    { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") },
    { name: "empty.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(0) },
  ]);
  seen.refused = [await says("notes.txt"), await says("empty.mp4")];
  for (let rows = 2; rows > 0; rows -= 1) await page.locator(".transfer [data-act=close]").first().click();
  seen.closed = await page.locator(".uploads").isVisible();

  // Dropped, as a person drags a file onto the page.
  const bytes = [...(await readFile(picture))];
  const dropped = await page.evaluateHandle((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "A picture.png", { type: "image/png" }));
    return data;
  }, bytes);
  await page.dispatchEvent("body", "dragenter", { dataTransfer: dropped });
  seen.drop = await page.locator(".drop").isVisible();
  await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
  await page.waitForSelector(".transfer[data-state=done]");
  await page.waitForSelector(".video[data-state=ready] .shot img");
  seen.picture = await page.locator(".video").innerText();

  // Cancelled while its first part is on its way.
  await page.route(/partNumber=/, (route) => (route.request().method() === "PUT" ? undefined : route.continue()));
  await page.setInputFiles("#files", { name: "Cancelled.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(1000, 1) });
  await page.waitForSelector(".video[data-state=uploading]");
  await page.locator(".transfer", { hasText: "Cancelled" }).locator("[data-act=cancel]").click();
  await page.waitForFunction(() => document.querySelectorAll(".video").length === 1);
  seen.left = await page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith("uploads-")).map(([, text]) => text));
  seen.problems = problems;
});
console.log(JSON.stringify(seen));
