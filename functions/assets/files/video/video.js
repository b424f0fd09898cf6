// Copies what a button holds, and says so in the button's place for a moment.
for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    document.querySelector(".copies").textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 2000);
  });
}
