// Writing, reacting, editing and deleting without the page being loaded again.
const compose = ({ panel, says, put, tell, ask, failed, take, show, find }) => {
  const [write, react] = [".write", ".reactions"].map((name) => panel.querySelector(name));
  const { content: words, parentCommentId: parent } = write.elements;
  const [timed, moment, problem, to] = [".timed", ".moment", ".problem", ".to"].map((name) => write.querySelector(name));
  const added = (said, more = 0) => {
    take(said, true);
    show(more);
  };

  // The moment at which somebody begins to write is what they write about.
  let about = null;
  const now = () => {
    if (about === null) moment.textContent = clock(video.currentTime);
  };
  if (video) {
    timed.hidden = false;
    for (const event of ["timeupdate", "seeking"]) video.addEventListener(event, now);
    words.addEventListener("input", () => {
      about = words.value ? (about ?? video.currentTime) : null;
      now();
    });
  }

  const answer = (id, author) => {
    parent.value = id;
    to.hidden = !id;
    to.querySelector("b").textContent = author;
    if (id) words.focus();
  };
  const refuse = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
    words.toggleAttribute("aria-invalid", Boolean(text));
  };

  write.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = write.querySelector(".row button");
    button.disabled = true;
    refuse("");
    try {
      const body = { content: words.value };
      if (parent.value) body.parentCommentId = parent.value;
      if (video && timed.querySelector("input").checked && !parent.value) body.timestamp = about ?? video.currentTime;
      const said = await ask("POST", "comments", body);
      added(said, 1);
      find(said.id)?.scrollIntoView({ block: "nearest" });
      [words.value, about] = ["", null];
      answer("", "");
      if (video) now();
    } catch (error) {
      refuse(failed(error));
    }
    button.disabled = false;
    words.focus();
  });
  // As in other places where one writes: a line by Enter, sent with Control or Command.
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write.requestSubmit();
  });
  to.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    answer("", "");
    words.focus();
  });

  react.addEventListener("submit", async (event) => {
    event.preventDefault();
    const content = event.submitter.value;
    const timestamp = video ? video.currentTime : undefined;
    try {
      const said = await ask("POST", "reactions", { content, timestamp });
      added(said);
      const undo = async () => {
        await ask("DELETE", `comments/${said.id}`);
        added({ ...said, deleted: true });
        tell(says.gone);
      };
      tell(put(says.reacted, content, clock(timestamp ?? 0)), () => undo().catch((error) => tell(failed(error))));
    } catch (error) {
      tell(failed(error));
    }
  });

  const edit = (item) => {
    const [shown, acts] = [":scope > .words", ":scope > .acts"].map((name) => item.querySelector(name));
    if (item.querySelector(":scope > form")) return;
    const form = document.createElement("form");
    const text = Object.assign(document.createElement("textarea"), { value: shown.textContent, maxLength: 5000, required: true, ariaLabel: says.edit });
    const row = Object.assign(document.createElement("div"), { className: "row" });
    const button = (type, className, label) => Object.assign(document.createElement("button"), { type, className, textContent: label });
    const cancel = button("button", "plain", says.cancel);
    row.append(cancel, button("submit", "", says.save));
    form.append(text, row);
    const close = () => {
      form.remove();
      shown.hidden = acts.hidden = false;
      acts.querySelector(".edit")?.focus();
    };
    cancel.addEventListener("click", close);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const said = await ask("PATCH", `comments/${item.id.slice(2)}`, { content: text.value });
        close();
        added(said);
      } catch (error) {
        tell(failed(error));
      }
    });
    shown.hidden = acts.hidden = true;
    shown.after(form);
    text.focus();
  };

  panel.addEventListener("click", async (event) => {
    const [item, act] = [event.target.closest("li"), event.target.closest(".acts > *")];
    if (!item || !act) return;
    event.preventDefault();
    const id = item.id.slice(2);
    if (act.matches(".reply")) answer(id, item.querySelector(".by b").textContent);
    if (act.matches(".edit")) edit(item);
    if (act.matches(".delete") && confirm(says.sure)) {
      try {
        await ask("DELETE", `comments/${id}`);
        added({ id, type: "text", deleted: true, author: null, content: "", timestamp: null, createdAt: item.querySelector("time").dateTime }, -1);
        tell(says.gone);
      } catch (error) {
        tell(failed(error));
      }
    }
  });
  for (const acts of panel.querySelectorAll("[data-mine] > .acts")) {
    acts.append(Object.assign(document.createElement("button"), { type: "button", className: "edit", textContent: says.edit }));
  }
};
