// What is said of a video, as it is said: comments and reactions of others appear by themselves.
const talk = () => {
  const panel = document.querySelector(".talk");
  if (!panel) return;
  const { code, csrf } = panel.dataset;
  const [news, threads, empty, count] = [".news", ".threads", ".empty", ".count"].map((name) => panel.querySelector(name));
  const says = news.dataset;
  const put = (text, ...values) => values.reduce((filled, value) => filled.replace("{}", value), text);
  const path = `/api/videos/${code}/`;
  const find = (id) => document.getElementById(`c-${id}`);

  // Reactions, and comments with a moment, by their ids.
  const reactions = new Map();
  const moments = new Map();
  let version = Number(panel.dataset.version);
  let total = Number(count.textContent);

  const tell = (text, undo) => {
    news.textContent = text;
    if (!undo) return;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: says.undo });
    button.addEventListener("click", undo);
    news.append(" ", button);
  };

  const ask = async (method, where, body) => {
    const headers = { "content-type": "application/json", "x-csrf-token": csrf };
    const answer = await fetch(path + where, { method, headers, body: body && JSON.stringify(body) });
    const read = await answer.json();
    if (!answer.ok) throw new Error(read.error);
    return read;
  };
  const failed = (error) => (error instanceof TypeError ? says.failed : error.message);

  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const when = (time) => {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
    const minutes = Math.round((at - Date.now()) / 60_000);
    if (minutes < -7 * 24 * 60) return;
    const [value, unit] = minutes > -60 ? [minutes, "minute"] : minutes > -1440 ? [minutes / 60, "hour"] : [minutes / 1440, "day"];
    time.textContent = ago.format(Math.trunc(value), unit);
  };

  // Fills an empty comment, or the one that is shown.
  const fill = (item, said) => {
    const [words, time, at, acts] = [".words", "time", ".at", ".acts"].map((name) => item.querySelector(`:scope > .by ${name}, :scope > ${name}`));
    words.textContent = said.deleted ? says.deleted : said.content;
    item.querySelector(":scope > .by > b").textContent = said.author ?? says.somebody;
    item.querySelector(":scope > .by > .initial").textContent = [...(said.author ?? "?")][0].toUpperCase();
    if (!said.byOwner) item.querySelector(":scope > .by > .tag")?.remove();
    const edited = item.querySelector(":scope > .by > .edited");
    if (!said.editedAt || said.deleted) edited?.remove();
    else if (!edited) item.querySelector(":scope > .by").append(Object.assign(document.createElement("span"), { className: "edited", textContent: says.edited }));
    if (said.timestamp === null) at?.remove();
    else if (at) {
      at.textContent = clock(said.timestamp);
      at.href = `/s/${code}?t=${Math.floor(said.timestamp)}`;
      at.dataset.at = said.timestamp;
    }
    if (said.deleted || !csrf) acts?.remove();
    else if (acts) {
      acts.querySelector(".reply").href = `/s/${code}?reply=${said.id}#write`;
      if (said.deletable) acts.querySelector(".delete")?.setAttribute("formaction", `${path}comments/${said.id}/delete`);
      else acts.querySelector(".delete")?.remove();
      if (said.mine && !acts.querySelector(".edit")) {
        acts.append(Object.assign(document.createElement("button"), { type: "button", className: "edit", textContent: says.edit }));
      }
    }
    time.dateTime = said.createdAt;
    when(time);
  };

  const place = (said) => {
    const item = document.createElement("li");
    item.id = `c-${said.id}`;
    item.dataset.number = said.number;
    item.append(document.getElementById("said").content.cloneNode(true));
    fill(item, said);
    const parent = said.parentCommentId && find(said.parentCommentId);
    if (said.parentCommentId && !parent) return null;
    const list = parent ? parent.querySelector(".replies") : threads;
    if (!parent) item.append(Object.assign(document.createElement("ol"), { className: "replies" }));
    // Replies read downwards; the newest thread is on top.
    const later = [...list.children].find(({ dataset }) => (parent ? Number(dataset.number) > said.number : Number(dataset.number) < said.number));
    list.insertBefore(item, later ?? null);
    return item;
  };

  const take = (said, fresh) => {
    const known = moments.has(said.id) || reactions.has(said.id) || find(said.id);
    moments.delete(said.id);
    if (said.type === "emoji") {
      if (said.deleted) reactions.delete(said.id);
      else reactions.set(said.id, said);
      if (fresh && !known && !said.deleted && !said.mine) tell(put(says.reaction, said.author ?? says.somebody));
      return;
    }
    if (!said.deleted && said.timestamp !== null) moments.set(said.id, said);
    const item = find(said.id);
    if (item && said.deleted && !item.querySelector(".replies li")) item.remove();
    else if (item) fill(item, said);
    else if (!said.deleted && fresh && place(said) && !said.mine) tell(put(says.comment, said.author ?? says.somebody));
  };

  const show = (more = 0) => {
    total += more;
    count.textContent = total;
    empty.hidden = threads.children.length > 0;
    const times = {};
    for (const { content } of reactions.values()) times[content] = (times[content] ?? 0) + 1;
    for (const one of panel.querySelectorAll("[data-emoji]")) {
      one.querySelector(".times").textContent = times[one.dataset.emoji] ?? "";
      if (one.matches(".given")) one.hidden = !times[one.dataset.emoji];
    }
    marks?.([...moments.values(), ...reactions.values()]);
  };

  // Once all that there is, then what changes. Nothing is asked for while nobody looks, and less often while nothing happens.
  const QUICK = 3000;
  let [wait, timer, full] = [QUICK, 0, false];
  const look = async () => {
    const headers = full ? { "if-none-match": `"${version}"` } : {};
    const answer = await fetch(`${path}comments${full ? `?after=${version}` : ""}`, { headers, cache: "no-store" });
    if (answer.status === 304) return;
    // Switched off, shut, or gone meanwhile.
    if ([403, 404, 410].includes(answer.status)) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const { comments, count: counted, more, version: now } = await answer.json();
    if (full && more) return location.reload();
    // At first, what was said since the page was made.
    for (const said of comments) take(said, full || said.number > version);
    if (comments.length && full) wait = QUICK;
    [version, total, full] = [now, counted, true];
    show();
  };
  const next = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(poll, wait);
  };
  const poll = async () => {
    wait = Math.min(wait * 1.15, 20_000);
    await look().catch(() => {});
    next();
  };
  const awake = () => {
    const slow = wait > QUICK * 2;
    wait = QUICK;
    if (slow) next();
  };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    wait = QUICK;
    if (!document.hidden) poll();
  });
  for (const event of ["pointermove", "keydown", "focusin"]) document.addEventListener(event, awake, { passive: true });

  const marks = video && timeline(panel, put, says);
  for (const time of panel.querySelectorAll("time")) when(time);
  if (version > 0) poll();
  else {
    full = true;
    next();
  }

  // Times lead to their moments without loading the page.
  panel.addEventListener("click", (event) => {
    const at = event.target.closest("a.at");
    if (!at || !video) return;
    event.preventDefault();
    video.currentTime = Number(at.dataset.at);
    video.scrollIntoView({ block: "nearest" });
  });
  panel.querySelector(".marked")?.scrollIntoView({ block: "center" });
  if (csrf) compose({ panel, says, put, tell, ask, failed, take, show, find });
};
