if (video) control();
transcript();
if (main.dataset.live === "playing") live();
else if (video) watch();
else if (document.querySelector(".spinner")) wait();
if (video || document.querySelector(".picture")) tell();

if (video && main.dataset.live !== "playing") {
  const asked = new URLSearchParams(location.search);
  const start = moment(asked.get("t"));
  const begin = () => { video.currentTime = start; };
  if (start > 0 && video.readyState) begin();
  else if (start > 0) video.addEventListener("loadedmetadata", begin, { once: true });
  // Browsers may refuse to begin with sound; without, none does.
  if (main.className === "embedded" && asked.get("autoplay") === "1") {
    video.play().catch((error) => {
      if (error.name !== "NotAllowedError") return;
      video.muted = true;
      video.play().catch(() => {});
    });
  }
}

// Links to the page, and to the moment that is shown.
const copy = document.querySelector(".copy");
if (copy && navigator.clipboard) {
  const [at, done] = [copy.querySelector(".copy-at"), document.querySelector(".copied")];
  const show = () => {
    const now = clock(video.currentTime);
    if (now === at.textContent) return;
    at.textContent = now;
    done.textContent = "";
  };
  video.addEventListener("timeupdate", show);
  video.addEventListener("seeking", show);
  copy.addEventListener("click", async () => {
    const link = new URL(location.pathname, location.origin);
    if (video.currentTime >= 1) link.searchParams.set("t", Math.floor(video.currentTime));
    await navigator.clipboard.writeText(link.href);
    done.textContent = done.dataset.done;
  });
  copy.hidden = false;
}

talk();
