// Making elements. Text goes in as text nodes only: names and messages come from elsewhere.

/** An element with attributes (those that are null or false are left out) and children. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Put these children into an element, in place of what it has. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
}

/**
 * Make an element's children be those that `items` say, in their order, without touching those that stay.
 * `items`: pairs of a key and a value; `make(value)` draws a child. A child is drawn anew when its value changes,
 * so whoever types or looks at something else is not disturbed.
 */
export function reconcile(parent, items, make) {
  const keys = new Set(items.map(([key]) => key));
  // What goes, goes first: what stays is not moved then, and keeps the focus.
  for (const child of [...parent.children]) if (!keys.has(child.reconciled?.key)) child.remove();
  const old = new Map([...parent.children].map((child) => [child.reconciled.key, child]));
  let place = parent.firstElementChild;
  for (const [key, value] of items) {
    const text = JSON.stringify(value);
    let child = old.get(key);
    if (!child || child.reconciled.text !== text) {
      const fresh = make(value, child);
      fresh.reconciled = { key, text };
      if (child && child !== fresh) child.replaceWith(fresh);
      if (child === place) place = fresh;
      child = fresh;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

/** A button that stays pressed until it is pressed again. The `old` one is kept, so that the focus stays on it. */
export function toggle(old, pressed, press, attributes, ...children) {
  const isPressed = () => button.getAttribute("aria-pressed") === "true";
  const button = old ?? el("button", { type: "button", ...attributes, onclick: () => press(!isPressed(), button) }, ...children);
  button.setAttribute("aria-pressed", String(Boolean(pressed)));
  return button;
}

const LARGEST = 360; // pixels: the side of a picture at most

/** A picture of the sandbox's, with the room that it takes also before it is there. */
export function pictureOf({ id, width, height }, alt) {
  const factor = Math.min(1, LARGEST / width, LARGEST / height);
  const [wide, high] = [width, height].map((side) => Math.max(1, Math.round(side * factor)));
  return el("img", { class: "picture", src: `_control/contents/${id}`, alt, width: wide, height: high });
}

let counter = 0;

/** An id that no other element has. */
export function newId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** An icon of ours: lines in the text's colour, for eyes only. */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  eye: "M1.5 8s2.5-4.5 6.5-4.5S14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  chevron: "M4 6.5 8 10.5 12 6.5",
  warning: "M8 2 14.5 13.5H1.5zM8 6.5v3M8 11.5v.3",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  send: "M2 2.5 14.5 8 2 13.5 4 8zM4 8h6",
  attach: "M8 3v10M3 8h10",
  more: "M8 3.2v.3M8 8v.3M8 12.8v.3",
  drop: "M8 2v8M4.5 6.5 8 10 11.5 6.5M2 12v2h12v-2",
};
