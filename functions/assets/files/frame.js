// Menus close as menus do: by Escape, and by a click elsewhere. One that would end below the window opens upwards.
const menus = () => document.querySelectorAll("details.menu-of[open]");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("details.menu-of")) return;
  const menu = target.querySelector(".menu");
  if (target.open && menu.getBoundingClientRect().bottom > innerHeight) target.dataset.up = "";
  if (!target.open) delete target.dataset.up;
}, true);
