// What people press and choose in messages and modals.

import { suggested } from "./api.js";
import { combobox } from "./combobox.js";
import { el, newId } from "./dom.js";
import { memberOptions } from "./people.js";

/**
 * An element of a block that people can use; null if this page does not know it.
 * `screen.use(block, element, value)` tells the bot and gives what went wrong, or null.
 */
export function control(element, block, screen) {
  return CONTROLS[element.type]?.(element, block, screen) ?? null;
}

const CONTROLS = {
  button: (element, block, screen) => {
    const button = el(
      "button",
      {
        type: "button",
        class: `button ${element.style ?? ""}`,
        "aria-label": element.accessibility_label,
        onclick: () => used(element, block, screen, undefined, button),
        ...marks(element, block),
      },
      element.text.text,
    );
    return element.url ? outside(element, button) : button;
  },
  users_select: (element, block, screen) =>
    select(element, block, screen, memberOptions(screen.names.members), element.initial_user),
  static_select: (element, block, screen) =>
    select(element, block, screen, staticOptions(element), element.initial_option?.value),
  external_select: (element, block, screen) => external(element, block, screen),
  overflow: (element, block, screen) =>
    select({ ...element, placeholder: { text: "More…" } }, block, screen, staticOptions(element)),
};

/** How a program finds an element. */
function marks(element, block) {
  return { "data-action-id": element.action_id, "data-block-id": block.block_id };
}

function outside(element, button) {
  button.addEventListener("click", () => window.open(element.url, "_blank", "noopener"));
  return button;
}

function select(element, block, screen, options, initial) {
  const held = screen.chosen?.[block.block_id]?.[element.action_id];
  const picker = combobox({
    options,
    chosen: held?.value ?? held ?? initial,
    placeholder: element.placeholder?.text ?? "Choose",
    attributes: marks(element, block),
    pick: (option) => used(element, block, screen, option.value, picker),
  });
  return picker;
}

function external(element, block, screen) {
  const picker = externalPicker(element, block, screen, {
    held: screen.chosen?.[block.block_id]?.[element.action_id],
    attributes: marks(element, block),
    pick: (option) => used(element, block, screen, option.value, picker),
  });
  return picker;
}

/** A picker whose options the app has: somebody types into it at `screen.where`. */
export function externalPicker(element, block, screen, { held, attributes, pick }) {
  const initial = held ?? element.initial_option;
  return combobox({
    options: initial ? [optionOf(initial)] : [],
    chosen: initial?.value,
    placeholder: element.placeholder?.text ?? "Choose",
    attributes,
    pick,
    least: element.min_query_length ?? 3,
    load: async (typed) => {
      const where = { member: screen.names.you, where: screen.where, action_id: element.action_id, block_id: block.block_id };
      const found = await suggested({ ...where, typed });
      return found && found.map(optionOf);
    },
  });
}

export function staticOptions(element) {
  const grouped = (element.option_groups ?? []).flatMap((group) => group.options);
  return [...(element.options ?? []), ...grouped].map(optionOf);
}

const optionOf = (option) => ({ value: option.value, label: option.text.text, note: option.description?.text });

/** Ask first where the bot wants that; then tell it, and say beneath the element if that failed. */
async function used(element, block, screen, value, control) {
  if (element.confirm && !(await confirmed(element.confirm))) return false;
  const row = control.closest(".block") ?? control;
  row.querySelector(":scope > .failed")?.remove();
  control.setAttribute("aria-busy", "true");
  const problem = await screen.use(block, element, value);
  control.removeAttribute("aria-busy");
  if (problem) row.append(failed(problem));
  return !problem;
}

/** What Slack tells with a little triangle. */
export function failed(problem) {
  const words = {
    dispatch_failed: "This did not reach the bot: it is not connected. Nothing was stored.",
    operation_timeout: "The bot did not answer in time. Perhaps it was stored, perhaps not.",
  };
  return el("p", { class: "failed", role: "alert" }, `⚠ ${words[problem] ?? problem} (${problem})`.replace(/\(.* .*\)$/, ""));
}

/** The dialog that a `confirm` object asks for; whether the answer was yes. */
function confirmed({ title, text, confirm, deny, style }) {
  return new Promise((resolve) => {
    const said = newId("said");
    const dialog = el(
      "dialog",
      { class: "dialog small", "aria-label": title.text, "aria-describedby": said, "data-confirm": true },
      el("form", { method: "dialog" },
        el("header", {}, el("h2", {}, title.text)),
        el("div", { class: "dialog-body" }, el("p", { id: said }, text.text)),
        el("footer", {},
          el("button", { class: "button", value: "deny" }, deny.text),
          el("button", { class: `button ${style ?? "primary"}`, value: "confirm" }, confirm.text),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "confirm");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
