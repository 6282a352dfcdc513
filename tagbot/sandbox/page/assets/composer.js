// The field beneath the channel: words, files, and commands with what Slack suggests.

import { act, encoded } from "./api.js";
import { failed } from "./controls.js";
import { ICONS, el, icon, newId } from "./dom.js";

/**
 * Build it once. `where()` gives the member, the channel and the commands; `toEnd()` shows the newest messages, as
 * who says something wants to see it. Files may be dropped anywhere on the `channel`.
 */
export function buildComposer(form, where, toEnd, channel) {
  const list = el("ul", { role: "listbox", id: newId("commands"), class: "options", "aria-label": "Commands", hidden: true });
  const field = el("input", {
    type: "text",
    name: "text",
    id: "say",
    role: "combobox",
    "aria-label": "Message",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
  });
  const send = el("button", { type: "submit", class: "send", "aria-label": "Send" }, icon(ICONS.send));
  const file = el("input", { type: "file", multiple: true, "aria-label": "Attach photos", "data-attach": true, onchange: () => share([...file.files]) });
  const attach = el("label", { class: "attach", title: "Attach photos" }, icon(ICONS.attach), file);
  const problem = el("div", { class: "composer-problem" });
  let active = -1;

  const rows = () => [...list.querySelectorAll("[role=option]")];

  function suggest() {
    const typed = field.value;
    const fitting = typed.startsWith("/") ? suggestions(where().commands).filter((each) => each.text.startsWith(typed)) : [];
    active = -1;
    list.replaceChildren(...fitting.map(row));
    list.hidden = fitting.length === 0;
    field.setAttribute("aria-expanded", String(fitting.length > 0));
    field.removeAttribute("aria-activedescendant");
  }

  function row({ text, note }) {
    return el("li", {
      role: "option", id: newId("command"), "data-value": text, "aria-selected": "false",
      onmousedown: (event) => event.preventDefault(),
      onclick: () => take(text),
    }, el("code", {}, text), el("span", { class: "option-note" }, note));
  }

  function take(text) {
    field.value = text;
    suggest();
    if (!text.endsWith(" ")) list.hidden = true;
    field.focus();
  }

  function move(step) {
    active = (active + step + rows().length) % rows().length;
    rows().forEach((each, index) => {
      each.classList.toggle("active", index === active);
      each.setAttribute("aria-selected", String(index === active));
    });
    field.setAttribute("aria-activedescendant", rows()[active].id);
  }

  async function submit() {
    const text = field.value.trim();
    if (!text) return;
    const { member, channel } = where();
    field.value = "";
    suggest();
    problem.replaceChildren();
    toEnd();
    const [command, ...rest] = text.split(/\s+/);
    const error = text.startsWith("/")
      ? await act("slash", { member, channel, command, text: rest.join(" ") })
      : await act("say", { member, channel, text });
    if (error) problem.replaceChildren(failed(error));
  }

  /** Post files in one message, with what is typed. */
  async function share(files) {
    if (!files.length) return;
    const { member, channel: here } = where();
    const text = field.value.trim();
    field.value = file.value = "";
    suggest();
    problem.replaceChildren();
    toEnd();
    const error = await act("share", { member, channel: here, text, files: await Promise.all(files.map(encoded)) });
    if (error) problem.replaceChildren(failed(error));
  }

  const over = (on) => channel.classList.toggle("over", on && !form.hidden);
  channel.addEventListener("dragover", () => over(true));
  channel.addEventListener("dragleave", (event) => over(channel.contains(event.relatedTarget)));
  channel.addEventListener("drop", (event) => {
    over(false);
    if (!form.hidden) share([...event.dataTransfer.files]);
  });
  field.addEventListener("input", suggest);
  field.addEventListener("blur", () => (list.hidden = true));
  field.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (open && event.key === "ArrowDown") move(1);
    else if (open && event.key === "ArrowUp") move(-1);
    else if (open && event.key === "Escape") list.hidden = true;
    else if (open && event.key === "Tab" && !event.shiftKey) take(rows()[Math.max(active, 0)].dataset.value);
    else if (open && event.key === "Enter" && active >= 0) take(rows()[active].dataset.value);
    else if (event.key === "Enter") submit();
    else return;
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.append(problem, el("div", { class: "composer-box" }, list, attach, field, send));
  const narrow = window.matchMedia("(max-width: 819px)"); // as in page.css
  let name = "";
  const hint = () => field.setAttribute("placeholder", `Message ${name}${narrow.matches ? "" : ", + for photos"}, / for commands`);
  narrow.addEventListener("change", hint);
  return {
    name(channel) {
      name = channel;
      hint();
    },
    say: (words) => problem.replaceChildren(...(words ? [el("p", { role: "status" }, words)] : [])),
  };
}

/** Each command, and each of the ways to use it that its hint names. */
function suggestions(commands) {
  return commands.flatMap(({ command, description, usage_hint: hint }) => [
    { text: `${command} `, note: description },
    ...ways(hint ?? "").map((way) => {
      const [word, ...rest] = way.split(" ");
      return { text: `${command} ${word}`, note: rest.join(" ") };
    }),
  ]);
}

/** `status | retry [a|b]` names two ways: the bars in brackets part nothing. */
function ways(hint) {
  return hint.split(/\s*\|\s*(?![^[]*\])/).filter(Boolean);
}
