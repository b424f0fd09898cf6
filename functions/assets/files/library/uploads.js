// Files that are chosen or dropped here, and those whose upload was interrupted.
const FILES_AT_ONCE = 3;
const list = home.querySelector("ul");
const model = document.getElementById("upload");
const active = new Set();
const ENDED = ["done", "paused", "problem", "interrupted"];

const sentence = (transfer) => {
  if (transfer.message) return transfer.message;
  const { done, size, speed } = transfer;
  return filled(words[transfer.state], { done: bytes(done), all: bytes(size), speed: bytes(speed) });
};

class Row {
  constructor(file, upload) {
    this.element = model.content.firstElementChild.cloneNode(true);
    this.transfer = new Transfer(file, upload, () => this.draw());
    this.find("bdi").textContent = this.transfer.name;
    this.find("progress").setAttribute("aria-label", this.transfer.name);
    this.find("input").addEventListener("change", ({ target }) => target.files[0] && this.chosen(target.files[0]));
    this.element.addEventListener("click", ({ target }) => this[target.closest("[data-act]")?.dataset.act]?.());
    list.append(this.element);
    home.hidden = false;
    active.add(this);
    this.draw();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  // A screen reader hears of states, and not of every byte.
  draw() {
    const { state, done, size } = this.transfer;
    this.element.dataset.state = state;
    this.find("progress").value = state === "done" ? 1 : size ? done / size : 0;
    this.find(".said").textContent = sentence(this.transfer);
    const spoken = this.find("[role=status]");
    if (this.spoke !== state + this.transfer.message) spoken.textContent = `${this.transfer.name}: ${sentence(this.transfer)}`;
    this.spoke = state + this.transfer.message;
    const shown = {
      pause: !ENDED.includes(state) && state !== "ending",
      resume: state === "paused" || (state === "problem" && Boolean(this.transfer.file) && !this.refused),
      cancel: state !== "done" && state !== "ending" && !this.refused,
      close: state === "done" || Boolean(this.refused),
    };
    for (const [act, isShown] of Object.entries(shown)) this.find(`[data-act=${act}]`).hidden = !isShown;
    this.find("label").hidden = state !== "interrupted";
    if (ENDED.includes(state)) next();
  }

  // In one tab at a time, where the browser knows that.
  async start() {
    this.held?.();
    const { upload } = this.transfer;
    const run = () => this.transfer.run().then(() => card(this.transfer.upload?.video) && watch());
    if (!upload || !navigator.locks) return run();
    return navigator.locks.request(`upload-${upload.video}`, { ifAvailable: true }, (lock) =>
      lock ? run() : this.transfer.becomes("problem", words.elsewhere));
  }

  pause() {
    if (this.transfer.state === "waiting") this.transfer.becomes("paused");
    else this.transfer.pause();
  }

  resume() {
    this.transfer.becomes("waiting");
    next();
  }

  chosen(file) {
    const { upload } = this.transfer;
    if (!isSame(upload, file)) {
      this.transfer.message = filled(words.other, { name: upload.name, all: bytes(upload.size) });
      return this.draw();
    }
    this.transfer.file = file;
    this.resume();
  }

  refuse(reason) {
    this.refused = true;
    this.transfer.becomes("problem", reason);
  }

  async cancel() {
    this.close();
    await this.transfer.cancel();
    const of = card(this.transfer.upload?.video);
    if (!of) return;
    of.remove();
    count(-1);
    if (!cards.children.length) location.reload();
  }

  close() {
    active.delete(this);
    this.element.remove();
    home.hidden = active.size === 0;
    next();
  }
}

const next = () => {
  const going = [...active].filter(({ transfer }) => ![...ENDED, "waiting"].includes(transfer.state)).length;
  const waiting = [...active].filter(({ transfer }) => transfer.state === "waiting");
  for (const row of waiting.slice(0, Math.max(0, FILES_AT_ONCE - going))) {
    row.transfer.state = "beginning";
    row.start();
  }
};

const add = (files) => {
  for (const file of files) {
    const interrupted = [...active].find(({ transfer }) => transfer.state === "interrupted" && isSame(transfer.upload, file));
    if (interrupted) {
      interrupted.chosen(file);
      continue;
    }
    const reason = refusal(file);
    const row = new Row(file);
    if (reason) row.refuse(reason);
  }
  next();
};

// Each upload is locked by the tab that does it: what is remembered and not locked was interrupted.
const recall = async () => {
  const held = (await navigator.locks?.query())?.held.map(({ name }) => name) ?? [];
  for (const upload of memory.all()) if (!held.includes(`upload-${upload.video}`)) new Row(undefined, upload);
};

const files = document.getElementById("files");
for (const way of document.querySelectorAll(".upload")) way.hidden = false;
files.addEventListener("change", () => {
  add(files.files);
  files.value = "";
});

const drop = document.querySelector(".drop");
const brings = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => brings(event) && (drop.hidden = false));
addEventListener("dragover", (event) => brings(event) && event.preventDefault());
addEventListener("dragleave", (event) => event.relatedTarget || (drop.hidden = true));
addEventListener("drop", (event) => {
  if (!brings(event)) return;
  event.preventDefault();
  drop.hidden = true;
  add(event.dataTransfer.files);
});

setInterval(() => {
  for (const row of active) if (row.transfer.state === "going") row.draw();
}, 500);
addEventListener("beforeunload", (event) => {
  if ([...active].some(({ transfer }) => ![...ENDED, "waiting"].includes(transfer.state))) event.preventDefault();
});
recall();
