// A browser with nothing remembered, and what goes wrong in its page.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const PHONE = { viewport: { width: 390, height: 844 } };

// Opens an empty page, hands it to `use` with a list that fills with problems, and closes the browser.
export async function inBrowser(options, use) {
  const profile = await mkdtemp(join(tmpdir(), "capstan-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? ["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`).find(existsSync),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
    ],
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    const problems = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("requestfailed", (request) => {
      // A player cancels ranges that it no longer needs, and a page that reloads cancels what it was asking for.
      const reason = request.failure()?.errorText;
      if (reason !== "net::ERR_ABORTED") problems.push(`${reason}: ${new URL(request.url()).pathname}`);
    });
    await use(page, problems);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}
