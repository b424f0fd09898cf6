// What a file is, and how much of it there is.
const ENDINGS = ["mp4", "m4v", "mov", "webm", "mkv", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "wmv", "flv", "3gp", "ogv"];
const SUBPATHS = {
  png: "screenshot/screen-capture.png",
  jpg: "screenshot/screen-capture.jpg",
  jpeg: "screenshot/screen-capture.jpg",
  mov: "raw-upload.mov",
  webm: "raw-upload.webm",
  mkv: "raw-upload.mkv",
};
const MIB = 1 << 20;
// S3 takes 10,000 parts of at least 5 MiB.
const MOST_PARTS = 9500;

const words = Object.fromEntries([...document.querySelectorAll("#upload-words dt")].map((name) => [name.textContent, name.nextElementSibling.textContent]));

const bytes = (number) => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(Math.floor(Math.log10(Math.max(number, 1)) / 3), units.length - 1);
  const scaled = number / 1000 ** unit;
  return `${scaled < 10 && unit ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`;
};

const ending = (file) => (/\.([a-z0-9]+)$/i.exec(file.name)?.[1] ?? "").toLowerCase();
const isPicture = (file) => ["image/png", "image/jpeg"].includes(file.type) || ["png", "jpg", "jpeg"].includes(ending(file));
const isVideo = (file) => file.type.startsWith("video/") || ENDINGS.includes(ending(file));

// Why a file cannot be uploaded, in a sentence.
const refusal = (file) => {
  const { mostOfPicture, most } = home.dataset;
  if (!isPicture(file) && !isVideo(file)) return words.kind;
  if (file.size === 0) return words.empty;
  if (isPicture(file) && file.size > mostOfPicture) return filled(words.large, { most: bytes(mostOfPicture) });
  if (file.size > most) return filled(words.largest, { most: bytes(most) });
  return undefined;
};

// A title is one line.
const titleOf = (file) => [...file.name.replace(/\.[a-z0-9]{1,5}$/i, "").replace(/\p{Cc}/gu, " ").trim()].slice(0, 255).join("");
const subpathOf = (file) => SUBPATHS[file.type === "image/png" ? "png" : ending(file)] ?? (isPicture(file) ? SUBPATHS.jpg : "raw-upload.mp4");
const partOf = (file) => Math.max(8, Math.ceil(file.size / MOST_PARTS / MIB)) * MIB;

// What this browser remembers of uploads that have begun, so that they can go on after a reload. S3 keeps their parts for a week.
const WEEK = 6.5 * 24 * 3600 * 1000;
const shelf = `uploads-${home.dataset.user}`;
const memory = {
  all() {
    try {
      return JSON.parse(localStorage.getItem(shelf) ?? "[]").filter(({ at }) => Date.now() - at < WEEK);
    } catch {
      return [];
    }
  },
  write(all) {
    try {
      localStorage.setItem(shelf, JSON.stringify(all));
    } catch {
      // Full or switched off: the upload goes on, and begins anew after a reload.
    }
  },
  keep(upload) {
    this.write([...this.all().filter(({ video }) => video !== upload.video), upload]);
  },
  forget(video) {
    this.write(this.all().filter((upload) => upload.video !== video));
  },
};
const isSame = (upload, file) => upload.name === file.name && upload.size === file.size && upload.modified === file.lastModified;
