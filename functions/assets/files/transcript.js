// What is said, as the browser has read it for the player: to read, to search in, and to go to.
const transcript = () => {
  const panel = document.querySelector(".transcript");
  const element = video?.querySelector("track");
  if (!panel || !element) return;
  const { track } = element;
  const [list, find] = [panel.querySelector("ol"), panel.querySelector(".find")];
  const [search, said] = [find.querySelector("input"), find.querySelector("span")];
  const steps = [...find.querySelectorAll("button")];
  let lines = [];

  const line = (cue) => {
    const [item, button, at, words] = ["li", "button", "span", "span"].map((name) => document.createElement(name));
    at.textContent = clock(cue.startTime);
    words.dir = "auto";
    words.textContent = cue.getCueAsHTML().textContent;
    button.type = "button";
    button.tabIndex = -1;
    button.append(at, words);
    item.append(button);
    return { cue, button, words, text: words.textContent.toLowerCase() };
  };
  // One line takes part in the order of Tab; arrows go on from it.
  const reach = (index) => {
    for (const { button } of lines) if (button.tabIndex === 0) button.tabIndex = -1;
    if (lines[index]) lines[index].button.tabIndex = 0;
  };
  const show = () => {
    if (lines.length) return;
    lines = [...(track.cues ?? [])].map(line);
    list.replaceChildren(...lines.map(({ button }) => button.parentElement));
    list.hidden = find.hidden = lines.length === 0;
    reach(0);
    follow();
  };
  const index = (button) => lines.findIndex((line) => line.button === button);
  // The list moves by itself only while nobody reads in it, and never the page.
  const reveal = ({ button }) => list.scrollTo({ top: button.offsetTop - list.clientHeight / 3 });
  const follow = () => {
    const now = new Set(track.activeCues ?? []);
    for (const { cue, button } of lines) now.has(cue) ? (button.ariaCurrent = "true") : button.removeAttribute("aria-current");
    const first = lines.find(({ cue }) => now.has(cue));
    if (first && !list.matches(":hover, :focus-within") && !search.value) reveal(first);
  };

  list.addEventListener("click", (event) => {
    const at = index(event.target.closest("button"));
    if (at < 0) return;
    reach(at);
    video.currentTime = lines[at].cue.startTime;
    video.play().catch(() => {});
  });
  list.addEventListener("keydown", (event) => {
    const at = index(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (!lines[to]) return;
    reach(to);
    lines[to].button.focus();
  });

  let found = [];
  let chosen = -1;
  const ranges = (words) => lines.flatMap(({ words: { firstChild }, text }) => {
    const all = [];
    for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + words.length)) {
      if (at + words.length <= firstChild.length) all.push(new StaticRange({ startContainer: firstChild, startOffset: at, endContainer: firstChild, endOffset: at + words.length }));
    }
    return all;
  });
  const choose = (to) => {
    for (const { button } of lines) delete button.dataset.found;
    chosen = found.length ? (to + found.length) % found.length : -1;
    for (const button of steps) button.disabled = found.length === 0;
    const { none, one, many } = said.dataset;
    const words = [none, one][found.length] ?? many.replace("{at}", chosen + 1).replace("{n}", found.length);
    said.textContent = search.value.trim() ? words : "";
    if (!found[chosen]) return;
    found[chosen].button.dataset.found = "";
    reach(lines.indexOf(found[chosen]));
    reveal(found[chosen]);
  };
  search.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    found = words ? lines.filter(({ text }) => text.includes(words)) : [];
    if (CSS.highlights) CSS.highlights.set("found", new Highlight(...(words ? ranges(words) : [])));
    choose(0);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") choose(chosen + (event.shiftKey ? -1 : 1));
  });
  for (const button of steps) button.addEventListener("click", () => choose(chosen + Number(button.dataset.by)));

  track.addEventListener("cuechange", follow);
  element.addEventListener("load", show);
  element.addEventListener("error", () => {
    list.before(Object.assign(document.createElement("p"), { role: "alert", textContent: panel.dataset.failed }));
  });
  // Nothing is loaded for who does not look.
  const open = () => {
    if (!panel.open) return;
    if (track.mode === "disabled") track.mode = "hidden";
    if (element.readyState === 2) show();
  };
  panel.addEventListener("toggle", open);
  if (matchMedia("(min-width: 900px)").matches) panel.open = true;
};
