// Uses a share page's player by keys and by pointer. The video has sixteen seconds, renditions and a storyboard. Prints what was seen as JSON.
//
//   node player.mjs http://127.0.0.1:3000/s/…
import { inBrowser } from "./browser.mjs";

const [url] = process.argv.slice(2);
const seen = {};

await inBrowser({ permissions: ["clipboard-read", "clipboard-write"] }, async (page, problems) => {
  const look = (read) => page.locator("video").evaluate(read);
  const at = () => look(({ currentTime }) => Math.round(currentTime * 100) / 100);
  const plays = (second) =>
    page.waitForFunction((second) => document.querySelector("video").readyState >= 2 && document.querySelector("video").currentTime >= second, second);

  const starts = [];
  for (const start of ["0m3s", "2"]) {
    await page.goto(`${url}?t=${start}`);
    await plays(1);
    starts.push(await at());
  }
  seen.starts = starts;
  seen.native = await look(({ controls }) => controls);
  seen.time = await page.locator(".time").innerText();

  const press = async (key) => {
    await page.keyboard.press(key);
    return at();
  };
  seen.moves = [];
  for (const key of ["9", "j", "l", "ArrowLeft", "ArrowRight", "l", "0", "j"]) seen.moves.push(await press(key));
  await press("m");
  seen.muted = await look(({ muted }) => muted);
  await press(">");
  await press(">");
  await press("<");
  seen.speed = await look(({ playbackRate }) => playbackRate);
  await press("f");
  await page.waitForFunction(() => document.fullscreenElement?.classList.contains("player"));
  await press("f");
  await page.waitForFunction(() => !document.fullscreenElement);
  await press("k");
  await plays(0.3);
  seen.big = await page.locator(".start").isVisible();
  await press(" ");
  seen.paused = await look(({ paused }) => paused);

  seen.captionsBefore = await page.locator(".captions").isVisible();
  await look((video) => video.addTextTrack("captions", "English", "en"));
  await page.locator(".captions").waitFor();
  await press("c");
  seen.captions = await look(({ textTracks }) => textTracks[0].mode);

  // What is shown over the scrubber, at a tenth of the video and at a fifth.
  const seek = await page.locator(".seek").boundingBox();
  const point = (part) => page.mouse.move(seek.x + seek.width * part, seek.y + seek.height / 2);
  await point(0.05);
  await page.waitForFunction(() => !document.querySelector(".preview").hidden);
  seen.preview = [];
  for (const part of [0.1, 0.2]) {
    await page.waitForFunction(
      ([x, y, drawn]) => {
        const move = new PointerEvent("pointermove", { clientX: x, clientY: y, bubbles: true });
        document.querySelector(".seek").dispatchEvent(move);
        return document.querySelector(".picture-at").style.backgroundPosition.startsWith(drawn);
      },
      [seek.x + seek.width * part, seek.y, part === 0.1 ? "0px" : "-160px"],
    );
    seen.preview.push(await page.locator(".time-at").textContent());
  }
  seen.storyboard = await page.evaluate(async () => {
    const image = new Image();
    image.src = document.querySelector(".picture-at").style.backgroundImage.slice(5, -2);
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  });
  await page.mouse.move(0, 0);

  await press("5");
  await page.click(".copy");
  await page.waitForFunction(() => document.querySelector(".copied").textContent === "Copied");
  seen.copied = (await page.evaluate(() => navigator.clipboard.readText())).split("?")[1];

  await page.selectOption(".quality", "master");
  await page.waitForFunction(() => document.querySelector("video").currentSrc.endsWith("=master") && document.querySelector("video").readyState >= 2);
  seen.quality = [await page.locator(".quality").inputValue(), await at()];
  await press("k");
  await plays(8.5);
  seen.sizes = await page.locator(".quality option").allTextContents();
  await page.selectOption(".quality", { label: "180p" });
  await page.waitForFunction(() => document.querySelector("video").videoHeight === 180);
  await plays(9);
  await press("k");

  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(url);
  await plays(0);
  seen.remembered = await look(({ playbackRate }) => playbackRate);
  seen.wide = await page.evaluate(() => {
    const parts = [...document.querySelectorAll(".bar > *")].filter((part) => part.checkVisibility());
    return [document.documentElement.scrollWidth, Math.max(...parts.map((part) => part.getBoundingClientRect().right)) <= 320];
  });
  // Chromium's HLS player, begun in the middle, at times meets its own browser's blocking (ORB), asks again and plays on, as was seen above.
  seen.problems = problems.filter((problem) => !problem.startsWith("net::ERR_BLOCKED_BY_ORB"));
});

await inBrowser({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } }, async (page) => {
  await page.goto(url);
  seen.withoutScript = [await page.locator("video[controls]").isVisible(), await page.locator(".controls, .start, .copy").locator("visible=true").count(), await page.evaluate(() => document.documentElement.scrollWidth)];
});
console.log(JSON.stringify(seen));
