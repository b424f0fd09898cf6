// One file on its way to S3, in parts of which a few are stored at once. Whatever breaks off is tried again.
const AT_ONCE = 4;
const TRIES = 7;
const STALLED = 45000;
const TOLD = 3000;

// Passes: the connection, or a server that is busy.
class Broken extends Error {}
// Does not pass by itself. `word` names a sentence of the page.
class Stopped extends Error {
  constructor(word, message = words[word]) {
    super(message);
    this.word = word;
  }
}

const sleep = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });

// Parts of all files share these.
const slots = { free: AT_ONCE, waiting: [] };
const take = () => (slots.free > 0 ? ((slots.free -= 1), undefined) : new Promise((resolve) => slots.waiting.push(resolve)));
const giveBack = () => (slots.waiting.shift() ?? (() => (slots.free += 1)))();

const ask = async (path, body, signal, { key, method = "POST" } = {}) => {
  const headers = { "content-type": "application/json", "x-csrf-token": home.dataset.csrf, ...(key && { "idempotency-key": key }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new Broken(error.message);
  }
  const read = await answer.json().catch(() => ({}));
  if (answer.ok) return read;
  if (answer.status === 401) throw new Stopped("signedOut");
  if (answer.status === 404) throw new Stopped("gone");
  if (answer.status === 429 || answer.status >= 500) throw new Broken(String(answer.status));
  throw new Stopped("refused", read.message ?? read.error ?? words.broken);
};

// Stores a part. `told` is told how much of it has left.
const store = (url, part, signal, told) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const end = () => (clearTimeout(timer), signal.removeEventListener("abort", abort), told(0));
    const fail = (error) => (end(), reject(error));
    const abort = () => (request.abort(), fail(signal.reason));
    const wait = () => (clearTimeout(timer), (timer = setTimeout(() => (request.abort(), fail(new Broken("stalled"))), STALLED)));
    request.open("PUT", url);
    request.upload.onprogress = ({ loaded }) => (wait(), told(loaded));
    request.onerror = () => fail(new Broken("no connection"));
    request.onload = () => {
      const etag = request.getResponseHeader("etag");
      if (request.status === 404) return fail(new Stopped("lost"));
      if (request.status !== 200 || !etag) return fail(new Broken(String(request.status)));
      end();
      resolve(etag);
    };
    signal.addEventListener("abort", abort, { once: true });
    wait();
    request.send(part);
  });

class Transfer {
  constructor(file, upload, changed) {
    Object.assign(this, { file, upload, changed, state: file ? "waiting" : "interrupted", stored: 0, flying: new Map(), past: [] });
    this.name = file?.name ?? upload.name;
    this.size = file?.size ?? upload.size;
    this.stored = upload?.done ?? 0;
    this.key = crypto.randomUUID?.() ?? `upload-${Date.now()}-${Math.random().toString(36).slice(2)}`;
  }

  get done() {
    return Math.min(this.size, this.stored + [...this.flying.values()].reduce((sum, bytes) => sum + bytes, 0));
  }

  // Bytes a second, lately.
  get speed() {
    const [[at, bytes] = [0, 0]] = this.past;
    const seconds = (performance.now() - at) / 1000;
    return seconds > 0.2 ? Math.max(0, (this.done - bytes) / seconds) : 0;
  }

  becomes(state, message) {
    if (this.state === state && this.message === message) return;
    Object.assign(this, { state, message });
    this.changed(this);
  }

  moved() {
    const now = performance.now();
    this.past.push([now, this.done]);
    while (this.past.length > 2 && now - this.past[0][0] > 8000) this.past.shift();
    if (now - (this.toldAt ?? -TOLD) < TOLD || !this.upload) return;
    this.toldAt = now;
    const body = { videoId: this.upload.video, uploaded: this.done, total: this.size, updatedAt: new Date().toISOString() };
    // Others see it on their pages; that they do not, stops nothing.
    ask("/api/desktop/video/progress", body, this.signal).catch(() => {});
  }

  pause() {
    this.controller?.abort(new Stopped("paused"));
  }

  // Until it is there or somebody stops it.
  async run() {
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    this.past = [];
    try {
      this.becomes("beginning");
      await this.whole();
      memory.forget(this.upload.video);
      this.becomes("done");
    } catch (error) {
      this.controller.abort(error);
      this.flying.clear();
      const { word } = error;
      if (word === "cancelled") return;
      if (word === "paused") return this.becomes("paused");
      if (word === "gone") memory.forget(this.upload?.video);
      this.becomes("problem", word ? error.message : words.broken);
      if (!word) console.error(error);
    }
  }

  async whole() {
    if (!this.upload) await this.create();
    const { video, subpath } = this.upload;
    // Twice: an upload whose parts S3 has dropped begins anew, for the same video.
    for (const last of [false, true]) {
      if (!this.upload.id) {
        this.upload.id = (await this.insist(() => ask("/api/upload/multipart/initiate", { videoId: video, subpath }, this.signal))).uploadId;
        this.stored = 0;
        this.keep();
      }
      try {
        await this.parts();
        return;
      } catch (error) {
        if (last || !["lost", "gone"].includes(error.word)) throw error;
        this.upload.id = undefined;
        this.controller.abort(error);
        this.controller = new AbortController();
        this.signal = this.controller.signal;
      }
    }
  }

  async create() {
    const { file } = this;
    const said = new URLSearchParams({ name: titleOf(file), ...(isPicture(file) && { isScreenshot: "true" }) });
    const { id } = await this.insist(() => ask(`/api/desktop/video/create?${said}`, undefined, this.signal, { key: this.key, method: "GET" }));
    const { name, size, lastModified: modified } = file;
    this.upload = { video: id, subpath: subpathOf(file), part: partOf(file), name, size, modified, at: Date.now(), done: 0 };
    this.keep();
    this.changed(this);
    show(id).catch(() => {});
  }

  keep() {
    this.upload.done = this.stored;
    memory.keep(this.upload);
  }

  async parts() {
    const { video: videoId, subpath, id: uploadId, part: size } = this.upload;
    const of = { videoId, subpath, uploadId };
    const length = (number) => Math.min(size, this.size - (number - 1) * size);
    const numbers = Array.from({ length: Math.ceil(this.size / size) }, (_, index) => index + 1);
    const listed = await this.insist(() => ask("/api/upload/multipart/parts", of, this.signal));
    const there = new Map(listed.parts.filter((part) => part.size === length(part.partNumber)).map((part) => [part.partNumber, part.etag]));
    this.stored = [...there.keys()].reduce((sum, number) => sum + length(number), 0);
    this.past = [];
    this.becomes("going");
    const missing = numbers.filter((number) => !there.has(number));
    const work = async () => {
      for (let number = missing.shift(); number; number = missing.shift()) {
        there.set(number, await this.one(of, number, (number - 1) * size, length(number)));
        this.stored += length(number);
        this.keep();
        this.moved();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.becomes("ending");
    const parts = numbers.map((partNumber) => ({ partNumber, etag: there.get(partNumber) }));
    await this.insist(() => ask("/api/upload/multipart/complete", { ...of, parts }, this.signal));
  }

  // An address is signed anew for each try: one that a browser slept over is good no longer.
  async one(of, partNumber, from, length) {
    return this.insist(async () => {
      await take();
      try {
        if (this.signal.aborted) throw this.signal.reason;
        const { presignedUrl } = await ask("/api/upload/multipart/presign-part", { ...of, partNumber }, this.signal);
        const told = (bytes) => (bytes ? this.flying.set(partNumber, bytes) : this.flying.delete(partNumber), this.moved());
        return await store(presignedUrl, this.file.slice(from, from + length), this.signal, told);
      } finally {
        giveBack();
      }
    });
  }

  // Does it until it is done: after a second, then ever more rarely, and at once when there is a connection again.
  async insist(attempt) {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await attempt();
        if (["offline", "again"].includes(this.state)) this.becomes("going");
        return answer;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        await this.file.slice(0, 1).arrayBuffer().catch(() => Promise.reject(new Stopped("unreadable")));
        if (navigator.onLine === false) {
          this.becomes("offline");
          await sleep(2 ** 31 - 1, this.signal);
          tries = 0;
        } else if (tries >= TRIES) {
          throw new Stopped("broken");
        } else {
          this.becomes("again");
          await sleep(Math.min(1000 * 2 ** tries, 30000) * (0.75 + Math.random() / 2), this.signal);
        }
      }
    }
  }

  // Nothing of it is kept: neither parts nor the video that they were to become.
  async cancel() {
    this.controller?.abort(new Stopped("cancelled"));
    if (!this.upload) return;
    const { video, subpath, id: uploadId } = this.upload;
    const { signal } = new AbortController();
    memory.forget(video);
    if (uploadId) await ask("/api/upload/multipart/abort", { videoId: video, subpath, uploadId }, signal).catch(() => {});
    await ask(`/api/video/delete?videoId=${video}`, undefined, signal, { method: "DELETE" }).catch(() => {});
  }
}
