// Slack's mrkdwn, as far as bots use it, into nodes. What is not known stays as it is written.

import { el } from "./dom.js";

const PATTERN =
  /```([^]+?)```|`([^`\n]+)`|<([^<>\n]+)>|(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])|(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])|\n/g;

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** Slack's three entities as the characters that they stand for. */
export function unescaped(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

/** The nodes of a text. `names`: what is needed to show mentions, `{ members, channels, you }`. */
export function mrkdwn(text, names) {
  return quotes(text).map(([quoted, part]) =>
    quoted ? el("blockquote", {}, inline(part, names)) : el("span", { class: "words" }, inline(part, names)),
  );
}

/** The text in parts, those of lines that begin with `>` apart. */
function quotes(text) {
  const parts = [];
  for (const line of text.split("\n")) {
    const match = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const last = parts.at(-1);
    if (last && last[0] === Boolean(match)) last[1] += `\n${match ? match[1] : line}`;
    else parts.push([Boolean(match), match ? match[1] : line]);
  }
  return parts;
}

function inline(text, names) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(PATTERN)) {
    if (match.index > from) nodes.push(unescaped(text.slice(from, match.index)));
    nodes.push(node(match, names));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(unescaped(text.slice(from)));
  return nodes;
}

function node([whole, block, code, angle, bold, italic, struck], names) {
  if (block !== undefined) return el("pre", {}, unescaped(block));
  if (code !== undefined) return el("code", {}, unescaped(code));
  if (angle !== undefined) return reference(angle, names) ?? unescaped(whole);
  if (bold !== undefined) return el("strong", {}, inline(bold, names));
  if (italic !== undefined) return el("em", {}, inline(italic, names));
  if (struck !== undefined) return el("s", {}, inline(struck, names));
  return el("br");
}

/** What stands in angle brackets: a member, a channel, a call to all, or a link. */
function reference(text, names) {
  const [target, label] = text.split("|", 2);
  if (/^@[UW]/.test(target)) return mention(target.slice(1), names);
  if (/^#C/.test(target)) {
    const channel = names.channels.find((each) => each.id === target.slice(1));
    const called = `#${channel?.name ?? label ?? target.slice(1)}`;
    return channel ? inside(called, channel.id, null, names) : el("span", { class: "mention" }, called);
  }
  if (/^!/.test(target)) return el("span", { class: "mention you" }, `@${target.slice(1)}`);
  const message = permalink(target, names);
  if (message) return inside(unescaped(label ?? target), message.channel, message.ts, names);
  if (/^(https?|mailto):/.test(target)) return link(target, label);
  return null;
}

/** A member by name. */
export function mention(id, names) {
  const mine = id === names.you ? " you" : "";
  return el("span", { class: `mention${mine}`, "data-mention": id }, `@${names.members[id]?.name ?? id}`);
}

/** The channel and the message that an address leads to, where it is one of this workspace's. */
function permalink(target, names) {
  const path = names.address && target.startsWith(names.address) ? target.slice(names.address.length) : "";
  const [, channel, seconds, fraction] = /^archives\/(\w+)\/p(\d+)(\d{6})$/.exec(path) ?? [];
  return channel ? { channel, ts: `${seconds}.${fraction}` } : null;
}

/** A link to a channel, or to a message in it, which this page opens by itself. */
function inside(label, channel, ts, names) {
  const address = `${names.address ?? ""}archives/${channel}${ts ? `/p${ts.replace(".", "")}` : ""}`;
  const open = (event) => {
    event.preventDefault();
    names.go(channel, ts);
  };
  return el("a", { class: ts ? null : "mention", href: address, onclick: open }, label);
}

/** A link that leads out; nothing is fetched before somebody follows it. */
export function link(target, label) {
  const safe = /^(https?|mailto):/.test(target);
  const text = unescaped(label ?? target);
  return safe ? el("a", { href: unescaped(target), target: "_blank", rel: "noreferrer noopener" }, text) : text;
}
