// The messages of a channel, kept up to date one by one.

import { act } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { failed } from "./controls.js";
import { ICONS, el, icon, pictureOf, reconcile } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { avatar } from "./people.js";

const NEAR_END = 80; // pixels: who is so near the end of the channel wants to see what comes

/**
 * Keep a list at its end, whatever comes or grows in it, until somebody scrolls up; gives what shows the end again.
 */
export function keepAtEnd(list) {
  let isWanted = true;
  let last = 0;
  const toEnd = () => {
    isWanted = true;
    list.scrollTop = list.scrollHeight;
    last = list.scrollTop;
  };
  const isChoosing = () => list.querySelector("[aria-expanded=true]") !== null; // who reads names, and would lose them
  const keep = () => isWanted && !isChoosing() && toEnd();
  list.addEventListener("scroll", () => {
    const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    // What has grown meanwhile leads away from the end too, but only people go up.
    if (isNear || list.scrollTop < last) isWanted = isNear;
    last = list.scrollTop;
  });
  list.addEventListener("load", keep, true);
  list.addEventListener("error", keep, true);
  new ResizeObserver(keep).observe(list);
  return { toEnd, keep };
}

/** Show what stands in a channel: `messages` in their order, `names` to show mentions with. */
export function drawMessages(list, messages, names, follow) {
  const items = withDays(messages.filter((message) => !message.thread), messages);
  reconcile(list, items, (item, old) =>
    item.day ? divider(item.day) : drawMessage(item.message, item.replies, names, follow, old),
  );
}

/** The messages with their replies, and a line before the first of each day. */
function withDays(parents, messages) {
  const items = [];
  let last = null;
  for (const message of parents) {
    const day = dayOf(message.ts);
    if (day !== last) items.push([`day ${day}`, { day }]);
    last = day;
    items.push([message.ts, { message, replies: messages.filter((each) => each.thread === message.ts && each.ts !== message.ts) }]);
  }
  return items;
}

function divider(day) {
  return el("p", { class: "day" }, el("span", {}, day));
}

function drawMessage(message, replies, names, follow, old) {
  const kept = old?.querySelector(":scope > .body > .blocks");
  const focused = old?.contains(document.activeElement);
  const article = old ?? el("article", { class: "message", tabindex: "-1", "data-ts": message.ts });
  const blocks = kept ?? el("div", { class: "blocks" });
  if (message.ephemeral) article.setAttribute("data-ephemeral", "true");
  drawContent(blocks, message, names);
  const body = article.querySelector(":scope > .body") ?? el("div", { class: "body" }, blocks);
  const parts = [head(message, names, follow), blocks, files(message), thread(replies, names, follow)].filter(Boolean);
  // The blocks stay in their place: moving them would take the focus away.
  for (const part of [...body.children]) if (part !== blocks) part.remove();
  blocks.before(...parts.slice(0, parts.indexOf(blocks)));
  blocks.after(...parts.slice(parts.indexOf(blocks) + 1));
  if (!old) article.append(avatar(names.members[message.user]), body);
  if (focused && !article.contains(document.activeElement)) article.focus();
  return article;
}

function drawContent(blocks, message, names) {
  const use = (block, element, value) =>
    act("use", { member: names.you, where: message.ts, action_id: element.action_id, block_id: block.block_id, value });
  const screen = { names, pictures: message.pictures, chosen: message.chosen, use, where: message.ts };
  if (message.blocks.length) drawBlocks(blocks, message.blocks, screen);
  else blocks.replaceChildren(el("div", { class: "block" }, el("div", { class: "section-text" }, mrkdwn(message.text, names))));
}

function head(message, names, follow) {
  const member = names.members[message.user];
  const moment = new Date(Number(message.ts) * 1000);
  return el("header", { class: "message-head" },
    message.ephemeral ? el("p", { class: "only-you" }, icon(ICONS.eye), "Only visible to you") : "",
    el("strong", { class: "author" }, member?.name ?? message.user),
    message.by_bot || member?.is_bot ? el("span", { class: "badge" }, "APP") : "",
    el("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, clock(moment)),
    message.edited ? el("span", { class: "edited" }, "(edited)") : "",
    message.face ? el("button", { class: "follow", type: "button", title: "Show this face behind the scenes", onclick: () => follow(message.face) }, "Follow") : "",
    message.ephemeral ? "" : menu(message, names),
  );
}

// A menu closes when one goes on to something else, by the keyboard or by the pointer.
document.addEventListener("pointerdown", (event) => {
  for (const more of document.querySelectorAll(".more[open]")) more.open = more.contains(event.target);
});

/** The menu of a message: the app's shortcuts. */
function menu(message, names) {
  const items = names.shortcuts.map(({ name, callback_id: callback, description }) =>
    el("button", { type: "button", class: "button", title: description, "data-shortcut": callback, onclick: (event) => use(callback, event.target) }, name));
  const leave = (event) => (more.open &&= !event.relatedTarget || more.contains(event.relatedTarget));
  const more = el("details", { class: "more", onfocusout: leave, onkeydown: (event) => event.key === "Escape" && close() },
    el("summary", { "aria-label": "More actions", title: "More actions" }, icon(ICONS.more)),
    el("div", { class: "more-items" }, items));

  function close() {
    more.open = false;
    more.querySelector("summary").focus();
  }

  async function use(callback, button) {
    button.setAttribute("aria-busy", "true");
    const problem = await act("shortcut", { member: names.you, ts: message.ts, callback_id: callback });
    button.removeAttribute("aria-busy");
    if (problem) more.querySelector(".more-items").append(failed(problem));
    else close();
  }

  return items.length ? more : "";
}

function files(message) {
  if (!message.files.length) return null;
  return el("div", { class: "files" }, message.files.map((file) =>
    file.picture
      ? pictureOf(file.picture, file.alt || file.name)
      : el("p", { class: "no-picture" }, el("a", { href: `_control/contents/${file.id}`, download: file.name }, file.name)),
  ));
}

function thread(replies, names, follow) {
  if (!replies.length) return null;
  return el("details", { class: "thread" },
    el("summary", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
    replies.map((reply) => drawMessage(reply, [], names, follow)),
  );
}

/** The time as Slack writes it. */
function clock(moment) {
  return moment.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

function dayOf(ts) {
  const day = new Date(Number(ts) * 1000);
  if (day.toDateString() === new Date().toDateString()) return "Today";
  return day.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
}
