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
      if (place && !blocks.contains(document.activeElement)) (successor(blocks, place) ?? section).focus({ preventScroll: true });
      const wanted = view ? "" : problem ?? (connected ? "One moment, FaceTag fills this page …" : "FaceTag has not filled this page yet. It does as soon as the bot runs.");
      if (note.textContent !== wanted) fill(note, problem && !view ? failed(problem) : wanted);
    },
  };
}

/** Which block has the focus: that of how many dividers lead to it, and its place behind the last; null where none has. */
function placeOfFocus(blocks) {
  const all = [...blocks.children];
  const here = all.findIndex((each) => each.contains(document.activeElement));
  if (here < 0) return null;
  const dividers = all.slice(0, here).filter(isDivider);
  return { part: dividers.length, at: here - 1 - all.indexOf(dividers.at(-1)) };
}

/**
 * What has the focus after what had it is gone. A question that was answered keeps its place without controls, until
 * the next one takes it: so it is what stands there, and the first control of it where it has some.
 */
function successor(blocks, { part, at }) {
  const parts = [[]];
  for (const each of blocks.children) isDivider(each) ? parts.push([]) : parts.at(-1).push(each);
  const there = parts[part] ?? parts.at(-1);
  const isQuestion = part < parts.length - 1;
  const candidates = isQuestion ? there.filter((each) => each.matches(".actions")) : there.slice(at);
  const control = candidates.map((each) => each.querySelector(USABLE)).find(Boolean);
  if (control) return control;
  const place = there[Math.min(at, there.length - 1)];
  if (place) place.tabIndex = -1;
  return place;
}

const isDivider = (block) => block.matches(".divider");
