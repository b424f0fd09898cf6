// Opens a share page with an empty cache and watches its video once to the end. Prints as JSON what the page asked for: requests and bytes as they came
// over the wire, by route of the site and by kind of what lies in S3.
//
//   node view.mjs http://127.0.0.1:3000/s/…
import { inBrowser } from "./browser.mjs";

const [url] = process.argv.slice(2);
const { origin } = new URL(url);
const seen = {};

// Ids, hashes and names say nothing of the kind of a request.
const kind = (method, address) => {
  const { origin: whose, pathname, searchParams } = new URL(address);
  const path = pathname.replace(/^\/static\/.*/, "/static/{file}").replace(/^\/(s|embed|api\/videos)\/[^/]+/, "/$1/{code}");
  const type = searchParams.get("videoType");
  return whose === origin ? `${method} ${path}${type ? `?videoType=${type}` : ""}` : `S3 ${method} .${pathname.split(".").pop()}`;
};

await inBrowser({}, async (page, problems) => {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const asked = new Map();
  const told = [];
  session.on("Network.requestWillBeSent", ({ requestId, request, redirectResponse }) => {
    if (redirectResponse) asked.get(requestId).bytes = redirectResponse.encodedDataLength;
    if (!request.url.startsWith("http")) return;
    asked.set(requestId, { what: kind(request.method, request.url), bytes: 0 });
    told.push(asked.get(requestId));
  });
  // What is abandoned, as ranges of a video are, was sent all the same; what is finished has its sum told.
  const more = ({ requestId, encodedDataLength }) => {
    if (asked.has(requestId)) asked.get(requestId).bytes += encodedDataLength;
  };
  session.on("Network.responseReceived", ({ requestId, response }) => more({ requestId, encodedDataLength: response.encodedDataLength }));
  session.on("Network.dataReceived", more);
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (asked.has(requestId)) asked.get(requestId).bytes = encodedDataLength;
  });
  const begun = Date.now();
  await page.goto(url);
  await page.evaluate(() => {
    const video = document.querySelector("video");
    video.muted = true;
    const ended = new Promise((resolve) => video.addEventListener("ended", resolve, { once: true }));
    video.play();
    return ended;
  });
  for (const { what, bytes } of told) {
    seen[what] ??= { requests: 0, bytes: 0 };
    seen[what].requests += 1;
    seen[what].bytes += bytes;
  }
  console.log(JSON.stringify({ seconds: (Date.now() - begun) / 1000, seen, problems }));
});
