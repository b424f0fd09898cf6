// Comments and reactions where they belong on the time line. What is close together is one mark; arrows go from one to the next.
const timeline = (panel, put, says) => {
  const scrub = document.querySelector(".scrub");
  if (!scrub) return null;
  const box = Object.assign(document.createElement("div"), { className: "marks", role: "toolbar", ariaLabel: says.marks, hidden: true });
  const bubble = Object.assign(document.createElement("div"), { className: "says", hidden: true });
  scrub.append(box);
  const APART = 26;
  let all = [];

  const length = () => (Number.isFinite(video.duration) ? video.duration : 0);
  const line = ({ author, content, type, timestamp }) => `${clock(timestamp)} · ${author ?? says.somebody}${type === "emoji" ? ` ${content}` : `: ${content}`}`;
  const lines = (group) => [...group.slice(0, 3).map(line), ...(group.length > 3 ? [put(says.more, group.length - 3)] : [])];

  const show = (button, group) => {
    bubble.replaceChildren(...lines(group).map((text) => Object.assign(document.createElement("p"), { textContent: text, dir: "auto" })));
    bubble.hidden = false;
    const [middle, half] = [button.offsetLeft + 12, bubble.offsetWidth / 2];
    bubble.style.left = `${Math.max(Math.min(middle - half, box.offsetWidth - 2 * half), 0)}px`;
  };
  const hide = () => { bubble.hidden = true; };

  const mark = (group) => {
    const emoji = group.every(({ type }) => type === "emoji");
    const button = Object.assign(document.createElement("button"), { type: "button", tabIndex: -1, ariaLabel: lines(group).join(". ") });
    if (emoji) button.textContent = group.at(-1).content;
    else button.className = "dot";
    button.style.left = `${(group[0].timestamp / length()) * 100}%`;
    button.dataset.ids = group.map(({ id }) => id).join(" ");
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => show(button, group));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, hide);
    button.addEventListener("click", () => {
      video.currentTime = group[0].timestamp;
      const said = group.find(({ type }) => type === "text");
      const item = said && document.getElementById(`c-${said.id}`);
      panel.querySelector(".marked")?.classList.remove("marked");
      item?.classList.add("marked");
      item?.scrollIntoView({ block: "nearest" });
    });
    return button;
  };

  const draw = () => {
    const width = box.parentElement.offsetWidth;
    const near = length() * (APART / Math.max(width, 1));
    const timed = all.filter(({ timestamp }) => timestamp !== null && timestamp <= length()).sort((a, b) => a.timestamp - b.timestamp);
    const groups = [];
    for (const said of timed) {
      const last = groups.at(-1);
      if (last && said.timestamp - last[0].timestamp < near) last.push(said);
      else groups.push([said]);
    }
    const focused = box.contains(document.activeElement) ? document.activeElement.dataset.ids : null;
    hide();
    box.replaceChildren(...groups.map(mark), bubble);
    box.hidden = groups.length === 0;
    const buttons = [...box.querySelectorAll("button")];
    if (buttons.length) buttons[0].tabIndex = 0;
    buttons.find(({ dataset }) => dataset.ids === focused)?.focus();
  };

  box.addEventListener("keydown", (event) => {
    const buttons = [...box.querySelectorAll("button")];
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -buttons.length, End: buttons.length }[event.key];
    if (event.key === "Escape") hide();
    if (!step) return;
    event.preventDefault();
    // The player's own arrows move the video.
    event.stopPropagation();
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  });
  video.addEventListener("durationchange", draw);
  new ResizeObserver(draw).observe(scrub);
  return (said) => {
    all = said;
    draw();
  };
};
