// A picture is made small here, which also leaves behind what a camera writes into it, and goes straight to S3.
const picture = document.getElementById("picture");
picture.hidden = false;
const status = picture.querySelector("p");
const say = (text) => { status.textContent = text; };
const ask = async (path, body) => {
  const headers = { "content-type": "application/json", "x-csrf-token": picture.dataset.csrf };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const read = await answer.json();
  if (!answer.ok) throw new Error(read.error);
  return read;
};
const small = async (file) => {
  const image = await createImageBitmap(file);
  const side = Math.min(image.width, image.height);
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 256 });
  canvas.getContext("2d").drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, 256, 256);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
};
document.getElementById("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try {
    say(status.dataset.uploading);
    const blob = await small(file);
    const { url, headers } = await ask("/api/settings/user/avatar", { contentType: blob.type, size: blob.size });
    const stored = await fetch(url, { method: "PUT", headers, body: blob });
    if (!stored.ok) throw new Error(status.dataset.failed);
    await ask("/api/settings/user/avatar/complete", {});
    location.reload();
  } catch (error) {
    say(error instanceof DOMException ? status.dataset.unreadable : error.message);
  }
});
