// A picker as Slack has it: a field to type into, and a list of what fits (the ARIA pattern “combobox”).

import { ICONS, el, icon, newId } from "./dom.js";

const LEAST_ROOM = 130; // pixels: a list that has less, for three options or four, below its field opens above it
const LONGEST = 320; // pixels: the height of a list at most
const GAP = 4; // pixels between a field and its list, and between a list and the window's edge

/**
 * `options`: `{ value, label, note, face }`, `chosen`: the value that stands in it.
 * `attributes` go to the field; `pick(option)` is called with what was chosen.
 * With `load(typed)`, which gives them, options are asked for as somebody types, from `least` letters on.
 */
export function combobox({ options, chosen, placeholder, attributes, pick, load = null, least = 0 }) {
  const list = el("ul", { role: "listbox", id: newId("list"), class: "options", hidden: true });
  const field = el("input", {
    type: "text",
    class: "picker-field",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder,
    "aria-label": placeholder,
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    ...attributes,
  });
  const state = { active: 0, shown: [], value: chosen ?? null, option: options.find((option) => option.value === chosen) ?? null };
  const label = () => state.option?.label ?? "";
  // A message may be drawn anew, without this field, while its list is open.
  const keepPlace = () => (field.isConnected ? place(list, field, isAbove) : close());
  let isAbove = false;

  function open(typed) {
    if (load) {
      ask(typed);
      return;
    }
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    show(options.filter((option) => fits(option, words)), "Nobody of that name");
  }

  function show(fitting, none) {
    state.shown = fitting;
    state.active = Math.max(0, state.shown.findIndex((option) => option.value === state.value));
    list.replaceChildren(...state.shown.map(drawn), ...(state.shown.length ? [] : [el("li", { class: "none" }, none)]));
    if (list.hidden) {
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
      isAbove = isBetterAbove(list, field, load ? LONGEST : list.offsetHeight);
      for (const [what, event] of MOVES) what?.addEventListener(event, keepPlace, true);
    }
    keepPlace();
    mark();
  }

  /** What is offered follows when the app has answered; an answer to what was typed before is too late. */
  async function ask(typed) {
    state.asked = typed;
    if (typed.length < least) {
      show([], "Type to search");
      return;
    }
    show([], "One moment…");
    const found = await load(typed);
    if (state.asked !== typed || list.hidden) return;
    show(found ?? [], found ? "Nobody of that name" : "The app did not answer.");
  }

  function close() {
    if (load && field.value === "") state.value = state.option = null; // what was emptied is not chosen any more
    for (const [what, event] of MOVES) what?.removeEventListener(event, keepPlace, true);
    list.hidden = true;
    list.removeAttribute("style");
    list.replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    field.value = label();
  }

  function drawn(option) {
    return el(
      "li",
      {
        role: "option",
        id: newId("option"),
        "data-value": option.value,
        "aria-selected": String(option.value === state.value),
        // Before the field loses its focus, which would close the list.
        onmousedown: (event) => event.preventDefault(),
        onmousemove: () => {
          state.active = state.shown.indexOf(option);
          mark();
        },
        onclick: () => choose(option),
      },
      option.face ?? "",
      el("span", { class: "option-label" }, option.label),
      option.note ? el("span", { class: "option-note" }, option.note) : "",
    );
  }

  function mark() {
    const active = state.shown.length ? list.children[state.active] : null;
    for (const child of list.children) child.classList.toggle("active", child === active);
    if (!active) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", active.id);
      active.scrollIntoView({ block: "nearest" });
    }
  }

  async function choose(option) {
    const before = { value: state.value, option: state.option };
    Object.assign(state, { value: option.value, option });
    field.value = label();
    close();
    if ((await pick(option)) === false) {
      Object.assign(state, before);
      field.value = label();
    }
  }

  function move(event, step) {
    event.preventDefault();
    if (list.hidden) open("");
    else {
      state.active = (state.active + step + state.shown.length) % Math.max(1, state.shown.length);
      mark();
    }
  }

  const keys = {
    ArrowDown: (event) => move(event, 1),
    ArrowUp: (event) => move(event, -1),
    Enter: (event) => {
      event.preventDefault();
      if (list.hidden) open("");
      else if (state.shown.length) choose(state.shown[state.active]);
    },
    Escape: (event) => {
      if (list.hidden) return;
      event.preventDefault(); // a dialog around it stays open
      event.stopPropagation();
      close();
    },
    Tab: () => close(),
  };

  field.addEventListener("keydown", (event) => keys[event.key]?.(event));
  field.addEventListener("input", () => open(field.value));
  field.addEventListener("click", () => {
    if (!list.hidden) return;
    field.select();
    open("");
  });
  field.addEventListener("blur", close);
  field.value = label();
  const picker = el("span", { class: "picker" }, field, icon(ICONS.chevron), list);
  picker.current = () => state.value;
  return picker;
}

function fits(option, words) {
  const text = `${option.label} ${option.note ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** What moves a field on the screen while its list is open; a phone's keyboard changes what is seen of the window. */
const MOVES = [[window, "scroll"], [window, "resize"], [window.visualViewport, "resize"], [window.visualViewport, "scroll"]];

/** From where to where one sees the window, which a phone's keyboard covers in part. */
function seen() {
  const { offsetTop: top = 0, height = window.innerHeight } = window.visualViewport ?? {};
  return { top, bottom: top + height };
}

/**
 * Whether there is too little room below the field, also when its pane is scrolled: above it is often the face that
 * is asked about.
 */
function isBetterAbove(list, field, height) {
  const below = () => seen().bottom - field.getBoundingClientRect().bottom - 2 * GAP;
  const pane = field.closest(".messages, .home, .dialog-body");
  const missing = Math.min(LONGEST, height) - below();
  if (pane && missing > 0) {
    const most = field.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
    pane.scrollTop += Math.max(0, Math.min(missing, most));
  }
  const above = field.getBoundingClientRect().top - seen().top;
  return below() < Math.min(LEAST_ROOM, height) && above > below();
}

/**
 * Put the list to its field, as wide as that. It lies above all else, so that no dialog and no pane that scrolls cuts
 * it off or is pushed by it.
 */
function place(list, field, isAbove) {
  const box = field.getBoundingClientRect();
  const { top, bottom } = seen();
  const room = (isAbove ? box.top - top : bottom - box.bottom) - 2 * GAP;
  const { style } = list;
  style.left = `${box.left}px`;
  style.width = `${box.width}px`;
  style.maxHeight = `${Math.min(LONGEST, room)}px`;
  style.top = isAbove ? "auto" : `${box.bottom + GAP}px`;
  style.bottom = isAbove ? `${document.documentElement.clientHeight - box.top + GAP}px` : "auto";
  style.visibility = isSeen(field, box) ? "" : "hidden";
}

/** Whether the field is not scrolled out of its pane: its list would lie beside nothing. */
function isSeen(field, { left, right, top, bottom }) {
  return document.elementFromPoint((left + right) / 2, (top + bottom) / 2) === field;
}
