// Cuts the MP4 that a MediaRecorder writes (ISO/IEC 14496-12): what begins it, then fragments, each with its length.
const boxes = function* (bytes, from, to) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + 16 <= to; ) {
    const short = view.getUint32(at);
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    const body = at + (short === 1 ? 16 : 8);
    if (size < body - at || at + size > to) return;
    yield { type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), at, body, end: at + size, view };
    at += size;
  }
};

const box = (bytes, path, from = 0, to = bytes.length) => {
  for (const found of boxes(bytes, from, to)) {
    if (found.type !== path[0]) continue;
    return path.length === 1 ? found : box(bytes, path.slice(1), found.body, found.end);
  }
  return null;
};

const ticksASecond = (moov) => {
  const { view, body } = box(moov, ["moov", "trak", "mdia", "mdhd"]);
  return view.getUint32(body + (view.getUint8(body) ? 20 : 12));
};

// Ticks of a fragment: each sample says how long it lasts, or all last equally long.
const ticks = (moof) => {
  const header = box(moof, ["moof", "traf", "tfhd"]);
  const flags = header.view.getUint32(header.body) & 0xffffff;
  const skipped = [0x1, 0x2].reduce((bytes, flag) => bytes + (flags & flag ? (flag === 0x1 ? 8 : 4) : 0), 8);
  const each = flags & 0x8 ? header.view.getUint32(header.body + skipped) : 0;
  const run = box(moof, ["moof", "traf", "trun"]);
  const [says, count] = [run.view.getUint32(run.body) & 0xffffff, run.view.getUint32(run.body + 4)];
  if (!(says & 0x100)) return each * count;
  const first = run.body + 8 + (says & 0x1 ? 4 : 0) + (says & 0x4 ? 4 : 0);
  const stride = [0x100, 0x200, 0x400, 0x800].reduce((bytes, flag) => bytes + (says & flag ? 4 : 0), 0);
  return Array.from({ length: count }, (_, sample) => run.view.getUint32(first + sample * stride)).reduce((sum, next) => sum + next, 0);
};

class Fragments {
  #rest = new Uint8Array();
  #head = [];
  #scale = 0;

  // What came, cut: `{ init }` once, then `{ bytes, seconds }` for each fragment that is whole.
  take(bytes) {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const cut = [];
    let taken = 0;
    for (const { type, at, end } of boxes(all, 0, all.length)) {
      taken = end;
      this.#head.push(all.subarray(at, end));
      if (type === "moov") {
        this.#scale = ticksASecond(all.subarray(at, end));
        cut.push({ init: this.#joined() });
      } else if (type === "mdat") {
        const moof = this.#head.find((part) => box(part, ["moof"]));
        const seconds = moof ? ticks(moof) / this.#scale : 0;
        const whole = this.#joined();
        if (moof) cut.push({ bytes: whole, seconds });
      }
    }
    this.#rest = all.slice(taken);
    return cut;
  }

  #joined() {
    const whole = new Blob(this.#head);
    this.#head = [];
    return whole;
  }
}
