// The page: hears what is on the member's screen, and draws it.

import { listen } from "./api.js";
import { buildBehind } from "./behind.js";
import { buildComposer } from "./composer.js";
import { el, reconcile } from "./dom.js";
import { buildInbox } from "./inbox.js";
import { drawMessages } from "./messages.js";
import { drawModal } from "./modal.js";
import { avatar } from "./people.js";

const FIRST = "U0ANNA0001"; // who a visitor is until they say otherwise
const PANES = [["channel", "Channel"], ["inbox", "Inbox"], ["behind", "Behind"]];

const byId = (id) => document.getElementById(id);
const known = new Map(); // what the sandbox told, by name
const read = new Map(); // the newest message that each member has seen, by member and conversation
const you = { id: location.hash.slice(1) || FIRST, channel: null, face: null };
let stop = () => {};
let waiting = false;

const composer = buildComposer(
  byId("composer"),
  () => ({ member: you.id, channel: you.channel, commands: known.get("commands") ?? [] }),
  toEnd,
  document.querySelector("main.channel"),
);
const inbox = buildInbox(byId("inbox"));
const behind = buildBehind(byId("behind"));

// ---------------------------------------------------------------- hearing

function connect() {
  stop();
  stop = listen(you.id, you.face, hear, standing);
}

function hear(set, drop, first) {
  if (first) known.clear();
  for (const [name, value] of Object.entries(set)) known.set(name, value);
  for (const name of drop) known.delete(name);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function standing(whether) {
  const trouble = byId("trouble");
  trouble.hidden = whether;
  trouble.textContent = whether ? "" : "The sandbox does not answer. This page goes on when it is started again.";
}

// ---------------------------------------------------------------- drawing

function draw() {
  const members = numbered(known.get("members") ?? {});
  const channels = known.get("channels") ?? [];
  if (!channels.some((channel) => channel.id === you.channel)) you.channel = channels[0]?.id ?? null;
  const names = { members, channels, you: you.id, shortcuts: known.get("shortcuts") ?? [] };
  drawMembers(members);
  drawChannels(channels);
  drawMessages(byId("messages"), messagesHere(), names, follow);
  drawModal(known.get("views") ?? [], names);
  const state = Object.fromEntries(known);
  inbox.draw(state);
  behind.draw(state, names);
}

/** The members with a number each, by which they get their colour. */
function numbered(members) {
  return Object.fromEntries(Object.entries(members).map(([id, member], index) => [id, { ...member, index }]));
}

function messagesHere() {
  const all = [...known].filter(([name]) => name.startsWith("message:")).map(([, message]) => message);
  return all.filter((message) => message.channel === you.channel).sort((one, other) => (one.ts < other.ts ? -1 : 1));
}

function drawMembers(members) {
  const people = Object.entries(members).filter(([, member]) => !member.is_bot && !member.deleted);
  const parent = byId("members");
  const fresh = !parent.querySelector("label");
  if (fresh) parent.append(el("div", { class: "member-list" }));
  reconcile(parent.querySelector(".member-list"), people, (member, old) => old ?? drawMember(...people.find(([, each]) => each === member)));
  for (const radio of parent.querySelectorAll("input")) radio.checked = radio.value === you.id;
}

function drawMember(id, member) {
  return el("label", { class: "member" },
    el("input", { type: "radio", name: "you", value: id, "data-member": id, onchange: () => become(id) }),
    avatar(member, "small"),
    el("span", { class: "member-name" }, member.real_name),
  );
}

function become(id) {
  you.id = id;
  history.replaceState(null, "", `#${id}`);
  byId("messages").replaceChildren(); // what another member chose is not theirs to see
  known.clear();
  connect();
}

/** The channels, and beneath them the direct conversation with the bot, where there is one. */
function drawChannels(channels) {
  read.set(key(you.channel), newest(you.channel));
  const directs = channels.filter((channel) => channel.direct);
  drawList(byId("channels"), channels.filter((channel) => !channel.direct));
  drawList(byId("directs"), directs);
  byId("directs-title").hidden = directs.length === 0;
  const here = channels.find((channel) => channel.id === you.channel);
  const name = here ? called(here) : "";
  if (byId("channel-name").textContent !== name) {
    byId("channel-name").textContent = name;
    composer.name(name.replace("# ", "#"));
  }
}

function drawList(list, channels) {
  const items = channels.map((channel) => [channel.id, [channel, channel.id === you.channel, unread(channel)]]);
  reconcile(list, items, ([channel, here, fresh]) =>
    el("li", {}, el("button", { type: "button", "aria-current": here ? "page" : null, "data-channel": channel.id, onclick: () => go(channel.id) },
      called(channel), fresh ? el("span", { class: "unread" }, "new") : "")));
}

const called = (channel) => (channel.direct ? channel.name : `# ${channel.name}`);

/** Whether something came into a direct conversation since this member last looked. */
const unread = (channel) => channel.direct && newest(channel.id) > (read.get(key(channel.id)) ?? "");
const key = (channel) => `${you.id} ${channel}`;

function newest(channel) {
  const stamps = [...known].filter(([name, each]) => name.startsWith("message:") && each.channel === channel).map(([, each]) => each.ts);
  return stamps.sort().at(-1) ?? "";
}

function go(channel) {
  you.channel = channel;
  byId("messages").replaceChildren();
  draw();
  toEnd();
}

function toEnd() {
  byId("messages").scrollTop = byId("messages").scrollHeight;
}

function follow(face) {
  you.face = face;
  connect();
  show("behind");
}

// ---------------------------------------------------------------- one part at a time, where there is room for one

function show(pane) {
  document.body.dataset.pane = pane;
  for (const button of byId("panes").children) button.setAttribute("aria-pressed", String(button.dataset.show === pane));
}

byId("panes").append(...PANES.map(([pane, label]) =>
  el("button", { type: "button", "data-show": pane, "aria-pressed": "false", onclick: () => show(pane) }, label)));
show("channel");
connect();
