// Stores what is recorded while it is recorded, whatever the network does meanwhile.
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// A connection can go without a word. Longer than the gateway lets anything take; and than a part takes at 20 kB a second.
const ANSWERED = 35_000;
const patience = (bytes) => AbortSignal.timeout(ANSWERED + bytes / 20);

// What will not become better by itself.
class Refused extends Error {}

const ask = async (method, path, body) => {
  const headers = body ? { "content-type": "application/json" } : {};
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal: patience(0) });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  const message = said.message ?? said.error ?? String(answer.status);
  // Who is signed out may sign in again in another tab, and what comes too often may come later.
  throw [400, 403, 404, 409, 413].includes(answer.status) ? new Refused(message) : new Error(message);
};

// Does it until it is done: after half a second, then ever more rarely, and at once when the network is back.
const insist = async (attempt) => {
  for (let wait = 0.5; ; wait = Math.min(wait * 2, 15)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Refused) throw error;
      transfers.stalled();
      const online = new Promise((resolve) => addEventListener("online", resolve, { once: true }));
      await Promise.race([sleep(wait * (0.75 + Math.random() / 2)), online]);
    }
  }
};

const put = async (url, headers, body) => {
  const answer = await fetch(url, { method: "PUT", headers, body, signal: patience(body.size ?? body.length) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.headers.get("etag");
};

// A few at once; what waits is counted, so that the page can say so.
const transfers = {
  most: 4,
  running: 0,
  waiting: [],
  bytes: 0,
  trouble: false,
  // Which recording it is all for: what was begun for one that is thrown away is nothing to the next.
  era: 0,
  changed: () => {},
  failed: () => {},
  drop() {
    Object.assign(this, { era: this.era + 1, waiting: [], bytes: 0, trouble: false });
    this.changed();
  },
  fail(error, era) {
    if (era === this.era) this.failed(error);
  },
  stalled() {
    this.trouble = true;
    this.changed();
  },
  add(era, size, work) {
    if (era !== this.era) return;
    this.bytes += size;
    this.waiting.push([size, work, era]);
    this.next();
  },
  next() {
    if (this.running === this.most || !this.waiting.length) return this.changed();
    const [size, work, era] = this.waiting.shift();
    this.running += 1;
    insist(work)
      .then(() => (this.trouble = false), (error) => this.fail(error, era))
      .finally(() => {
        this.running -= 1;
        if (era === this.era) this.bytes -= size;
        this.next();
      });
    this.next();
  },
  async done() {
    while (this.running || this.waiting.length) await sleep(0.1);
  },
};

// Segments of pictures and sound, and the list of them, from which the share page plays while they come.
class Segments {
  static AHEAD = 10;
  #video;
  #addresses = new Map();
  #listed = { video: [], audio: [] };
  #begun = { video: false, audio: false };
  #numbers = { video: 0, audio: 0 };
  #stored = Promise.resolve();
  #told = false;
  #list = null;
  #era = transfers.era;

  constructor(video) {
    this.#video = video;
  }

  init(kind, bytes) {
    transfers.add(this.#era, bytes.size, async () => {
      await this.#store(`segments/${kind}/init.mp4`, bytes);
      this.#begun[kind] = true;
    });
  }

  add(kind, { bytes, seconds }) {
    const index = (this.#numbers[kind] += 1);
    transfers.add(this.#era, bytes.size, async () => {
      await this.#store(`segments/${kind}/segment_${String(index).padStart(3, "0")}.m4s`, bytes);
      this.#listed[kind].push({ index, duration: seconds });
      this.#tell();
    });
  }

  async finish() {
    await transfers.done();
    await this.#stored;
    await insist(() => this.#manifest(true));
    return insist(() => ask("POST", "/api/upload/recording-complete", { videoId: this.#video }));
  }

  async #store(subpath, bytes) {
    if (!this.#addresses.has(subpath)) await this.#sign(subpath);
    const { url, headers } = this.#addresses.get(subpath);
    this.#addresses.delete(subpath);
    await put(url, headers, bytes);
  }

  // The next ones of both kinds are signed with it, so that there is one call for many segments.
  async #sign(subpath) {
    const next = ["video", "audio"].flatMap((kind) =>
      Array.from({ length: Segments.AHEAD }, (_, ahead) => `segments/${kind}/segment_${String(this.#numbers[kind] + ahead + 1).padStart(3, "0")}.m4s`),
    );
    const subpaths = [...new Set([subpath, ...next])].filter((name) => name === subpath || !this.#addresses.has(name));
    const { uploads } = await ask("POST", "/api/upload/signed/batch", { videoId: this.#video, subpaths });
    for (const [name, upload] of Object.entries(uploads)) this.#addresses.set(name, upload);
  }

  // At most once a second, and one after another: the last one counts.
  #tell() {
    if (this.#told) return;
    this.#told = true;
    this.#stored = this.#stored
      .then(() => sleep(1))
      .then(() => {
        this.#told = false;
        return insist(() => this.#manifest(false));
      })
      .catch((error) => transfers.fail(error, this.#era));
  }

  async #manifest(isComplete) {
    const sorted = (kind) => this.#listed[kind].toSorted((one, other) => one.index - other.index);
    const manifest = {
      version: 2,
      video_init_uploaded: this.#begun.video,
      audio_init_uploaded: this.#begun.audio,
      video_segments: sorted("video"),
      audio_segments: sorted("audio"),
      is_complete: isComplete,
    };
    const subpath = "segments/manifest.json";
    // The address holds for an hour, and is stored to again and again.
    if (!this.#list || Date.now() - this.#list.since > 1_800_000) {
      const { presignedPutData } = await ask("POST", "/api/upload/signed", { videoId: this.#video, subpath, method: "put" });
      this.#list = { ...presignedPutData, since: Date.now() };
    }
    const { url, headers } = this.#list;
    try {
      await put(url, headers, JSON.stringify(manifest));
    } catch (error) {
      this.#list = null;
      throw error;
    }
  }
}

// One file that grows, in parts of one size: of a WebM nothing plays before its end is there.
class Growing {
  static PART = 8 << 20;
  static SUBPATH = "raw-upload.webm";
  #names;
  #upload;
  #kept = new Blob();
  #parts = [];
  #era = transfers.era;

  constructor(video) {
    this.#names = { videoId: video, subpath: Growing.SUBPATH };
    this.#upload = insist(() => ask("POST", "/api/upload/multipart/initiate", this.#names));
    this.#upload.catch((error) => transfers.fail(error, this.#era));
  }

  add(bytes) {
    this.#kept = new Blob([this.#kept, bytes]);
    while (this.#kept.size >= Growing.PART) this.#send(Growing.PART);
  }

  async finish() {
    if (this.#kept.size) this.#send(this.#kept.size);
    await transfers.done();
    const { uploadId } = await this.#upload;
    return insist(() => ask("POST", "/api/upload/multipart/complete", { ...this.#names, uploadId, parts: this.#parts }));
  }

  #send(size) {
    const part = { partNumber: this.#parts.length + 1, etag: "", size };
    const bytes = this.#kept.slice(0, size);
    this.#kept = this.#kept.slice(size);
    this.#parts.push(part);
    transfers.add(this.#era, size, async () => {
      const { uploadId } = await this.#upload;
      const { presignedUrl } = await ask("POST", "/api/upload/multipart/presign-part", { ...this.#names, uploadId, partNumber: part.partNumber });
      part.etag = await put(presignedUrl, {}, bytes);
    });
  }
}
