// The modal that a member has in front of them.

import { act } from "./api.js";
import { drawBlocks, unknown } from "./blocks.js";
import { combobox } from "./combobox.js";
import { externalPicker, failed, staticOptions } from "./controls.js";
import { ICONS, el, icon, newId } from "./dom.js";
import { memberOptions } from "./people.js";

let shown = null; // { view, dialog, fields, who }
const openers = new Map(); // by a view's id: what had the focus when it opened

/** Show the front one of these views, or none. */
export function drawModal(views, names) {
  const view = views.at(-1) ?? null;
  const focused = document.activeElement; // also in a modal that is about to go
  const before = shown?.view.id;
  if (shown && (before !== view?.id || shown.who !== names.you)) {
    shown.dialog.close();
    shown.dialog.remove();
    shown = null;
  }
  if (view && (!shown || JSON.stringify(shown.view.content) !== JSON.stringify(view.content))) open(view, names, focused);
  if (before && !views.some((each) => each.id === before)) giveFocusBack(before);
  if (!view) {
    openers.clear();
    return;
  }
  shown.view = view;
  const errors = JSON.stringify(view.errors);
  if (shown.errors === errors) return; // what is said about an empty field stays, whatever else is drawn anew
  shown.errors = errors;
  showErrors(view.errors);
}

/** To what opened a view that is closed. */
function giveFocusBack(view) {
  if (openers.has(view)) asItIsNow(openers.get(view))?.focus();
  openers.delete(view);
}

/** What had the focus may have been drawn anew: then it is what stands in its place. */
function asItIsNow(element) {
  if (element.isConnected) return element;
  const { actionId, blockId } = element.dataset;
  return actionId ? (shown?.dialog ?? document).querySelector(`[data-action-id="${actionId}"][data-block-id="${blockId}"]`) : null;
}

function open(view, names, focused) {
  const isNew = !openers.has(view.id);
  if (isNew) openers.set(view.id, focused);
  shown?.dialog.remove();
  const { content } = view;
  const title = newId("title");
  const fields = new Map();
  const dialog = el("dialog", { class: "dialog", "aria-labelledby": title, "data-callback-id": content.callback_id ?? "", "data-view-id": view.id });
  const closing = (clear) => act("close_view", { member: names.you, view: view.id, clear });
  dialog.append(
    el("form", { novalidate: true, autocomplete: "off", onsubmit: (event) => submit(event, view, names, fields) },
      el("header", {},
        el("h2", { id: title }, content.title.text),
        el("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => closing(true) }, icon(ICONS.close)),
      ),
      el("div", { class: "dialog-body" }, content.blocks.map((block) => drawBlock(block, view, names, fields))),
      el("footer", {},
        el("button", { type: "button", class: "button", "data-close": true, onclick: () => closing(false) }, content.close?.text ?? "Cancel"),
        content.submit ? el("button", { type: "submit", class: "button primary", "data-submit": true }, content.submit.text) : "",
      ),
    ),
  );
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // the bot decides whether it is closed, and we hear of it
    closing(false);
  });
  document.body.append(dialog);
  dialog.showModal();
  shown = { view, dialog, fields, who: names.you };
  const same = isNew ? null : asItIsNow(focused);
  (dialog.contains(same) ? same : fields.values().next().value)?.focus();
}

function drawBlock(block, view, names, fields) {
  if (block.type === "input") return drawInput(block, view, names, fields);
  const use = (of, element, value) =>
    act("use", { member: names.you, where: view.id, action_id: element.action_id, block_id: of.block_id, value });
  const parent = el("div");
  drawBlocks(parent, [block], { names, pictures: view.pictures, chosen: view.values, use, where: view.id });
  return parent;
}

function drawInput(block, view, names, fields) {
  const { element } = block;
  const id = newId("input");
  if (element.type === "checkboxes") return drawBoxes(block, view, fields);
  const screen = { names, block, where: view.id };
  const drawn = INPUTS[element.type]?.(element, view.values?.[block.block_id]?.[element.action_id], screen);
  if (!drawn) return unknown(element, "input");
  const field = drawn.matches("input, textarea") ? drawn : drawn.querySelector("input");
  field.id = id;
  field.dataset.actionId = element.action_id;
  field.dataset.blockId = block.block_id;
  field.removeAttribute("aria-label"); // it has a label that everybody sees
  field.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  field.required = !block.optional;
  field.valueOf = () => (drawn.current ? drawn.current() : field.value);
  fields.set(block.block_id, field);
  return el("div", { class: "input" },
    el("label", { for: id }, block.label.text, block.optional ? el("span", { class: "optional" }, " (optional)") : ""),
    drawn,
    el("p", { class: "error", id: `${id}-error`, role: "alert" }),
    el("p", { class: "hint", id: `${id}-hint` }, block.hint?.text ?? ""),
  );
}

/** A group of boxes to tick; the first of them gets the focus when something is to be mended. */
function drawBoxes(block, view, fields) {
  const { element } = block;
  const id = newId("input");
  const held = view.values?.[block.block_id]?.[element.action_id] ?? element.initial_options ?? [];
  const ticked = new Set(held.map((option) => option.value));
  const boxes = element.options.map((option) =>
    el("label", { class: "box" },
      el("input", { type: "checkbox", value: option.value, checked: ticked.has(option.value) }),
      option.text.text,
    ),
  );
  const first = boxes[0].querySelector("input");
  first.id = id;
  const values = () => boxes.map((box) => box.querySelector("input")).filter((box) => box.checked).map((box) => box.value);
  const group = el("fieldset", { class: "input", "aria-describedby": `${id}-hint ${id}-error`, "data-action-id": element.action_id, "data-block-id": block.block_id },
    el("legend", {}, block.label.text, block.optional ? el("span", { class: "optional" }, " (optional)") : ""),
    el("div", { class: "boxes" }, boxes),
    el("p", { class: "error", id: `${id}-error`, role: "alert" }),
    el("p", { class: "hint", id: `${id}-hint` }, block.hint?.text ?? ""),
  );
  first.valueOf = () => (values().length ? values() : null);
  Object.defineProperty(first, "required", { value: !block.optional });
  fields.set(block.block_id, first);
  return group;
}

const INPUTS = {
  plain_text_input: (element, value) => {
    const common = { placeholder: element.placeholder?.text, maxlength: element.max_length };
    const field = element.multiline ? el("textarea", { rows: 4, ...common }) : el("input", { type: "text", ...common });
    field.value = value ?? element.initial_value ?? "";
    return field;
  },
  email_text_input: (element, value) => {
    const field = el("input", { type: "email", placeholder: element.placeholder?.text });
    field.value = value ?? element.initial_value ?? "";
    return field;
  },
  users_select: (element, value, { names }) => picker(element, memberOptions(names.members), value ?? element.initial_user),
  static_select: (element, value) => picker(element, staticOptions(element), (value ?? element.initial_option)?.value),
  external_select: (element, value, screen) => externalPicker(element, screen.block, screen, { held: value, attributes: {}, pick: () => true }),
};

function picker(element, options, chosen) {
  return combobox({ options, chosen, placeholder: element.placeholder?.text ?? "Choose", attributes: {}, pick: () => true });
}

async function submit(event, view, names, fields) {
  event.preventDefault();
  const values = Object.fromEntries([...fields].map(([block, field]) => [block, field.valueOf() || null]));
  const missing = [...fields].filter(([block, field]) => field.required && !values[block]);
  showErrors(Object.fromEntries(missing.map(([block]) => [block, "Please complete this required field."])));
  if (missing.length) return;
  shown.errors = null; // the same errors may come again, and are to be said again then
  const form = event.target;
  form.querySelector(".dialog-body > .failed")?.remove();
  form.setAttribute("aria-busy", "true");
  const problem = await act("submit", { member: names.you, view: view.id, values });
  form.removeAttribute("aria-busy");
  if (problem) form.querySelector(".dialog-body").prepend(failed(problem));
}

/** The sentences beneath the inputs, by block_id; the first input that is wrong gets the focus. */
function showErrors(errors) {
  let first = null;
  for (const [block, field] of shown.fields) {
    const message = document.getElementById(`${field.id}-error`);
    const sentence = errors[block] ?? "";
    if (message.textContent !== sentence) message.textContent = sentence;
    field.toggleAttribute("aria-invalid", Boolean(sentence));
    if (sentence) field.setAttribute("aria-invalid", "true");
    if (sentence && !first) first = field;
  }
  first?.focus();
}
