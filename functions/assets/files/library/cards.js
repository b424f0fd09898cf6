// The library: what is done to a video happens in its place, and what changes by itself is looked at again.
const cards = document.querySelector(".cards");
const toast = document.querySelector(".toast");
const home = document.querySelector(".uploads");
const filled = (text, words) => text.replace(/{(\w+)}/g, (_, name) => words[name]);

// Says what was done, with a button that takes it back where that can be.
let silence;
const say = (text, label, act) => {
  clearTimeout(silence);
  const shown = document.createElement("div");
  shown.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (act) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.addEventListener("click", act);
    shown.append(button);
  }
  toast.replaceChildren(shown);
  const hush = () => {
    if (shown.matches(":hover, :focus-within")) silence = setTimeout(hush, 3000);
    else shown.remove();
  };
  silence = setTimeout(hush, act ? 15000 : 6000);
};

const post = async (path, body = {}) => {
  const headers = { "content-type": "application/json", "x-csrf-token": home.dataset.csrf };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const read = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(typeof read.error === "string" ? read.error : toast.dataset.failed);
  return read;
};
const excuse = (error) => say(error instanceof TypeError ? toast.dataset.failed : error.message);

const card = (id) => document.getElementById(`v-${id}`);
const title = (card) => card.querySelector("h2 bdi").textContent;
// Without script the form of a title stands in the menu; with it, where the title is.
const equip = (card) => {
  for (const button of card.querySelectorAll("[data-act]")) button.hidden = false;
  card.querySelector("form.title").hidden = true;
};
cards.querySelectorAll(".video").forEach(equip);

const count = (change) => {
  const total = Number(cards.dataset.total) + change;
  const line = document.querySelector(".count");
  const words = line.querySelector("span");
  cards.dataset.total = total;
  words.textContent = total === 1 ? words.dataset.one : filled(words.dataset.many, { n: total });
  cards.hidden = line.hidden = total === 0;
  if (total > 0) document.querySelector(".empty")?.remove();
};

const fetched = async (ids) => {
  const answer = await fetch(`/dashboard/caps/cards?ids=${ids}`);
  if (!answer.ok) throw new Error(toast.dataset.failed);
  const found = [...new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll(".video")];
  found.forEach(equip);
  return found;
};

const rename = (card) => {
  const form = card.querySelector("form.title");
  card.querySelector(".words").append(form);
  form.hidden = false;
  card.querySelector(".more").open = false;
  form.elements.name.select();
};
const named = (card) => {
  const form = card.querySelector("form.title");
  form.hidden = true;
  form.reset();
  card.querySelector(".whole").focus();
};

const bin = async (card) => {
  const [id, next] = [card.dataset.id, card.nextElementSibling];
  await post(`/dashboard/caps/${id}/bin`);
  card.remove();
  count(-1);
  // The page itself says what there is when nothing is left on it.
  if (!cards.children.length) return location.assign(`/dashboard/caps?binned=${id}`);
  say(toast.dataset.binned, toast.dataset.undo, async () => {
    try {
      await post(`/dashboard/caps/${id}/restore`);
      const [back] = await fetched([id]);
      cards.insertBefore(back, next?.isConnected ? next : null);
      count(1);
      back.querySelector(".whole").focus();
      say(toast.dataset.restored);
      watch();
    } catch (error) {
      excuse(error);
    }
  });
  toast.querySelector("button").focus();
};

cards.addEventListener("submit", async (event) => {
  const form = event.target;
  const of = form.closest(".video");
  event.preventDefault();
  try {
    if (form.matches(".bin")) return await bin(of);
    const { title } = await post(form.getAttribute("action"), { name: form.elements.name.value });
    of.querySelector("h2 bdi").textContent = title;
    form.elements.name.defaultValue = title;
    named(of);
    say(toast.dataset.renamed);
  } catch (error) {
    excuse(error);
  }
});

cards.addEventListener("click", async ({ target }) => {
  const act = target.closest("[data-act]")?.dataset.act;
  const of = target.closest(".video");
  if (act === "rename") rename(of);
  if (act === "keep") named(of);
  if (act !== "copy") return;
  of.querySelector(".more").open = false;
  of.querySelector(".more summary").focus();
  try {
    await navigator.clipboard.writeText(new URL(`/s/${of.dataset.id}`, location.href).href);
    say(toast.dataset.copied);
  } catch {
    say(toast.dataset.failed);
  }
});
cards.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest("form.title")) named(event.target.closest(".video"));
});
document.getElementById("sort")?.addEventListener("change", (event) => event.target.form.requestSubmit());

// What is shown of a video. Addresses of posters differ each time.
const seen = (card) =>
  [card.dataset.state, card.querySelector(".stands")?.textContent, card.querySelector("h2").textContent, !card.querySelector("img")].join();
const put = (fresh) => {
  const old = card(fresh.dataset.id);
  if (!old || seen(old) === seen(fresh)) return false;
  // Nobody's menu or half a title is taken away from under their hands.
  if (old.contains(document.activeElement) && !document.activeElement.matches(".whole")) return false;
  const focused = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (focused) fresh.querySelector(".whole").focus({ preventScroll: true });
  const { state } = fresh.dataset;
  if (state !== old.dataset.state && state === "ready") say(filled(toast.dataset.ready, { name: title(fresh) }));
  if (state !== old.dataset.state && state === "failed") say(filled(toast.dataset.lost, { name: title(fresh) }));
  return true;
};

// While something moves and somebody looks, it is looked at again: often while it changes, ever more rarely while it does not.
const [SOON, LATE] = [2000, 30000];
let [pause, timer, looking] = [SOON, undefined, false];
const look = async () => {
  const ids = [...cards.querySelectorAll("[data-moves]")].map((card) => card.dataset.id);
  if (!ids.length || document.hidden) return;
  looking = true;
  try {
    const found = await fetched(ids);
    const there = new Set(found.map((card) => card.dataset.id));
    const gone = ids.filter((id) => !there.has(id) && card(id));
    gone.forEach((id) => card(id).remove());
    if (gone.length) count(-gone.length);
    pause = found.map(put).some(Boolean) ? SOON : Math.min(pause * 1.5, LATE);
  } catch {
    pause = LATE;
  }
  looking = false;
  timer = setTimeout(look, pause);
};
const watch = () => {
  clearTimeout(timer);
  pause = SOON;
  if (!looking) timer = setTimeout(look, pause);
};
document.addEventListener("visibilitychange", () => document.hidden || watch());
watch();

// A video that has just begun, in its place.
const show = async (id) => {
  if (!("first" in cards.dataset) || card(id)) return;
  const found = await fetched([id]);
  cards.prepend(...found);
  count(found.length);
  watch();
};
