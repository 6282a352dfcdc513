// Members as the page draws them: a square with initials, since no picture is fetched from anywhere.

import { el } from "./dom.js";

const HUES = 8; // as many as the style sheet has

/** A member's square; the bot has its own face. */
export function avatar(member, size = "") {
  if (member?.is_bot && member.handle === "facetag")
    return el("img", { class: `avatar ${size}`, src: "page/assets/icon.svg", alt: "", width: 36, height: 36 });
  const initials = (member?.real_name ?? "?").split(/\s+/).map((part) => [...part][0]).slice(0, 2).join("");
  return el("span", { class: `avatar ${size} hue-${(member?.index ?? 0) % HUES}`, "aria-hidden": "true" }, initials);
}

/** Every member as an option of a picker, as Slack lists them: bots too, and no closed accounts. */
export function memberOptions(members) {
  return Object.entries(members)
    .filter(([, member]) => !member.deleted)
    .sort(([, one], [, other]) => rank(one) - rank(other) || one.real_name.localeCompare(other.real_name))
    .map(([id, member]) => ({
      value: id,
      label: member.real_name,
      note: note(member),
      face: avatar(member, "small"),
    }));
}

function rank(member) {
  return member.is_bot ? 1 : 0;
}

function note(member) {
  if (member.is_bot) return "app";
  if (member.is_guest) return "guest";
  return member.name === member.real_name ? "" : member.name;
}
