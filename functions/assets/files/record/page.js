// The page that records. Its states are those of `data-state`; what it says stands in the page.
const recorder = document.querySelector(".recorder");
const part = (name) => recorder.querySelector(`[data-part="${name}"]`);
const form = part("choice");
const says = part("says");
const say = (name, detail = "") => (says.textContent = name ? says.dataset[name] + detail : "");
const to = (state) => (recorder.dataset.state = state);
let [sources, recording] = [null, null];

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const choice = () => {
  const fields = new FormData(form);
  const what = fields.get("what");
  return {
    screen: what !== "camera",
    camera: what === "screen" ? null : fields.get("camera"),
    microphone: fields.get("microphone") || null,
    system: fields.has("system"),
  };
};

const problem = (error) => {
  if (error.name === "NotAllowedError") return say("denied");
  if (["NotFoundError", "OverconstrainedError", "NotReadableError"].includes(error.name)) return say("missing");
  say("failed", ` ${error.message}`);
};

const release = () => {
  sources?.close();
  part("preview").srcObject = null;
  sources = null;
};

const begin = async () => {
  say("");
  to("starting");
  sources = new Sources();
  recording = new Recording();
  try {
    await sources.open(choice(), recorder.dataset.overlay);
    await recording.begin(sources, new FormData(form).get("title").trim());
  } catch (error) {
    release();
    to("idle");
    return problem(error);
  }
  sources.ended = finish;
  part("preview").srcObject = new MediaStream([sources.picture]);
  part("preview").play().catch(() => {});
  part("link").value = `${location.origin}/s/${recording.id}`;
  part("open").href = `/s/${recording.id}`;
  part("details").href = `/dashboard/caps/${recording.id}`;
  to("recording");
  part("stop").focus();
};

const finish = async () => {
  if (!["recording", "paused"].includes(recorder.dataset.state)) return;
  to("finishing");
  recording.stop();
  try {
    const stored = recording.finish();
    release();
    await stored;
    to("done");
    say("done");
    part("copy").focus();
  } catch (error) {
    lost(error);
  }
};

const lost = (error) => {
  if (recorder.dataset.state === "lost") return;
  recording?.stop();
  release();
  to("lost");
  say("lost", ` ${error.message}`);
};

const discard = async () => {
  if (!confirm(recorder.dataset.discard)) return;
  recording.stop();
  transfers.drop();
  release();
  to("idle");
  try {
    await recording.discard();
    say("discarded");
  } catch (error) {
    problem(error);
  }
};

const toggle = () => {
  const pausing = recorder.dataset.state === "recording";
  if (pausing) recording.pause();
  else recording.resume();
  to(pausing ? "paused" : "recording");
  part(pausing ? "resume" : "pause").focus();
};

// A picture of the screen, which is shared as a screenshot.
const shoot = async () => {
  say("");
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true });
    const video = Object.assign(document.createElement("video"), { srcObject: stream, muted: true });
    await video.play();
    const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    for (const track of stream.getTracks()) track.stop();
    const picture = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    to("finishing");
    const asked = new URLSearchParams({ isScreenshot: "true", name: new FormData(form).get("title").trim() });
    const { id } = await ask("GET", `/api/desktop/video/create?${asked}`);
    const subpath = "screenshot/screen-capture.png";
    const { presignedPutData } = await ask("POST", "/api/upload/signed", { videoId: id, subpath, method: "put" });
    await put(presignedPutData.url, presignedPutData.headers, picture);
    location.href = `/s/${id}`;
  } catch (error) {
    to("idle");
    problem(error);
  }
};

const copy = async () => {
  part("link").select();
  try {
    await navigator.clipboard.writeText(part("link").value);
    say("copied");
  } catch { /* it is selected */ }
};

// Names of devices are told once the person has let the page use one.
const devices = async () => {
  for (const { kind, deviceId, label } of (await navigator.mediaDevices.enumerateDevices()) ?? []) {
    const list = form.elements[{ audioinput: "microphone", videoinput: "camera" }[kind]];
    const known = !label || deviceId === "default" || !list || [...list.options].some((option) => option.value === deviceId);
    if (!known) list.add(new Option(label, deviceId));
  }
};

transfers.failed = lost;
transfers.changed = () => {
  const left = Math.ceil(transfers.bytes / 1e5) / 10;
  part("network").textContent = transfers.trouble && transfers.bytes ? says.dataset.offline : left > 0 && recorder.dataset.state === "finishing" ? `${says.dataset.left} ${left} MB` : "";
};
setInterval(() => {
  if (recording) part("clock").textContent = clock(recording.seconds);
}, 250);
addEventListener("beforeunload", (event) => {
  if (["recording", "paused", "finishing"].includes(recorder.dataset.state)) event.preventDefault();
});

if (!navigator.mediaDevices || !(supported(PICTURES) || supported(WHOLE))) {
  to("unable");
} else {
  const screens = Boolean(navigator.mediaDevices.getDisplayMedia);
  for (const option of form.querySelectorAll("[data-screen]")) option.hidden = !screens;
  if (!screens) form.elements.what.value = "camera";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  for (const [name, does] of Object.entries({ stop: finish, pause: toggle, resume: toggle, discard, shoot, copy })) part(name).addEventListener("click", does);
  navigator.mediaDevices.addEventListener("devicechange", devices);
  devices();
  to("idle");
}
