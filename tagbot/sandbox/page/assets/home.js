// The app's Home, as it is for the member whom the visitor plays.

import { act } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { failed } from "./controls.js";
import { el, fill } from "./dom.js";

const USABLE = "button, input, a[href]";

/** Build it once, into a section of its own. */
export function buildHome(section) {
  const note = el("div", { class: "home-note", role: "status" });
  const blocks = el("div", { class: "blocks" });
  section.append(note, blocks);
  let opened = null; // by whom, and whether the bot was there to hear of it
  let problem = null;

  /** Slack tells the bot each time that somebody opens their Home; here also once a bot that was away is back. */
  async function open(member, connected) {
    opened = { member, connected };
    problem = await act("open_home", { member });
  }

  return {
    /** Have the bot hear of it when the Home is shown the next time. */
    leave() {
      opened = null;
      problem = null;
    },
    clear() {
      blocks.replaceChildren();
    },
    draw(view, names, connected) {
      if (opened?.member !== names.you || (connected && !opened.connected)) open(names.you, connected);
      opened.connected = connected;
      const use = (block, element, value) =>
        act("use", { member: names.you, where: view.id, action_id: element.action_id, block_id: block.block_id, value });
      const place = placeOfFocus(blocks);
      drawBlocks(blocks, view?.content.blocks ?? [], { names, pictures: view?.pictures ?? {}, chosen: view?.values, use, where: view?.id });
      keepFocus(section, blocks, place);
      const wanted = view ? "" : problem ?? (connected ? "One moment, FaceTag fills this page …" : "FaceTag has not filled this page yet. It does as soon as the bot runs.");
      if (note.textContent !== wanted) fill(note, problem && !view ? failed(problem) : wanted);
    },
  };
}

/** Which block has the focus; -1 where none has. */
function placeOfFocus(blocks) {
  return [...blocks.children].findIndex((each) => each.contains(document.activeElement));
}

/** What had the focus may be gone, as it was answered: what stands in its place has it now. */
function keepFocus(section, blocks, place) {
  if (place < 0 || blocks.contains(document.activeElement)) return;
  const next = [...blocks.children].slice(place).map((each) => each.querySelector(USABLE)).find(Boolean);
  (next ?? section).focus({ preventScroll: true });
}
