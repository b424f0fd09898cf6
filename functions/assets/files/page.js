// What all states of a share page have.
const main = document.querySelector("main");
const video = document.querySelector("video");
// Read as text: parsing it would try the other page's styles against this page's policy.
const seen = async () => {
  const page = await (await fetch(location.href, { cache: "no-store" })).text();
  return page.match(/<main data-status="(\w+)"(?: data-live="(\w+)")?(?: data-progress="(\d+)")?/) ?? [];
};

// Until there is something else to show, the page looks for it.
const wait = () => {
  const look = async () => {
    try {
      const [, status, live, percent] = await seen();
      if (status && (status !== main.dataset.status || live !== main.dataset.live)) return location.reload();
      const bar = document.querySelector("progress");
      if (percent && !bar) return location.reload();
      if (percent) {
        main.dataset.progress = bar.value = percent;
        bar.nextElementSibling.textContent = `${percent} %`;
      }
    } catch { /* offline: look again */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
};
