// The page: hears what is on the member's screen, and draws it.

import { listen } from "./api.js";
import { buildBehind } from "./behind.js";
import { buildComposer } from "./composer.js";
import { el, fill, reconcile } from "./dom.js";
import { buildHome } from "./home.js";
import { buildInbox } from "./inbox.js";
import { drawMessages, keepAtEnd } from "./messages.js";
import { drawModal } from "./modal.js";
import { avatar } from "./people.js";

const FIRST = "U0ANNA0001"; // who a visitor is until they say otherwise
const HOME = "home"; // the place that is no channel
const HOME_TAB = { id: HOME, name: "FaceTag Home" };
const PANES = [["channel", "Slack"], ["inbox", "Inbox"], ["behind", "Behind"]];

const byId = (id) => document.getElementById(id);
const known = new Map(); // what the sandbox told, by name
const read = new Map(); // the newest message that each member has seen, by member and conversation
const you = { ...fromAddress(), face: null };
let stop = () => {};
let waiting = false;
let wanted = null; // the message that a link led to

const end = keepAtEnd(byId("messages"));
const composer = buildComposer(
  byId("composer"),
  () => ({ member: you.id, channel: you.place, commands: known.get("commands") ?? [] }),
  end.toEnd,
  document.querySelector("main.channel"),
);
const home = buildHome(byId("home"));
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
  const places = [HOME, ...channels.map((channel) => channel.id)];
  if (!places.includes(you.place)) you.place = channels[0]?.id ?? null;
  const names = { members, channels, you: you.id, shortcuts: known.get("shortcuts") ?? [], address: known.get("address"), go };
  const state = Object.fromEntries(known);
  drawMembers(members);
  drawPlaces(channels);
  if (you.place === HOME) home.draw(known.get("home"), names, Boolean(known.get("bot")?.connected));
  else {
    drawMessages(byId("messages"), messagesHere(), names, follow);
    end.keep();
  }
  drawModal(known.get("views") ?? [], names);
  showWanted();
  inbox.draw(state);
  behind.draw(state, names);
}

/** The members with a number each, by which they get their colour. */
function numbered(members) {
  return Object.fromEntries(Object.entries(members).map(([id, member], index) => [id, { ...member, index }]));
}

function messagesHere() {
  const all = [...known].filter(([name]) => name.startsWith("message:")).map(([, message]) => message);
  return all.filter((message) => message.channel === you.place).sort((one, other) => (one.ts < other.ts ? -1 : 1));
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
    el("span", { class: "member-name" }, member.real_name, member.is_guest ? " (guest)" : ""),
  );
}

function become(id) {
  you.id = id;
  byId("messages").replaceChildren(); // what another member chose is not theirs to see
  home.clear();
  known.clear();
  history.replaceState(null, "", address());
  connect();
}

// Its address would be taken for where one is.
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId(you.place === HOME ? "home" : "messages").focus();
});

/** Who one is and where, so that the page is the same when it is loaded again, and one can go back. */
const address = () => `#${you.id}${you.place ? `/${you.place}` : ""}`;

/** The same, read again; what is no member's id leads to the first one. */
function fromAddress() {
  const [member, place] = location.hash.slice(1).split("/");
  return { id: /^[UW][A-Z0-9]+$/.test(member) ? member : FIRST, place: place ?? null };
}

window.addEventListener("popstate", () => {
  const { id, place } = fromAddress();
  const isSame = id === you.id;
  Object.assign(you, { id, place });
  home.leave();
  if (isSame) draw();
  else become(you.id);
});

/** The app's Home, the direct conversation with it, where there is one, and the channels. */
function drawPlaces(channels) {
  if (you.place !== HOME) read.set(key(you.place), newest(you.place));
  const here = channels.find((channel) => channel.id === you.place);
  const name = you.place === HOME ? called(HOME_TAB) : here ? called(here) : "";
  drawList(byId("apps"), [HOME_TAB, ...channels.filter((channel) => channel.direct)]);
  drawList(byId("channels"), channels.filter((channel) => !channel.direct));
  byId("home").hidden = you.place !== HOME;
  byId("messages").hidden = you.place === HOME;
  byId("messages").dataset.kind = here?.direct ? "direct" : "channel";
  byId("composer").hidden = !here?.takes_words;
  byId("read-only").hidden = !here || here.takes_words;
  byId("skip").setAttribute("href", you.place === HOME ? "#home" : "#messages");
  if (byId("channel-name").textContent !== name) {
    byId("channel-name").textContent = name;
    composer.name(name.replace("# ", "#"));
  }
}

function drawList(list, places) {
  const items = places.map((place) => [place.id, [place, place.id === you.place, unread(place)]]);
  reconcile(list, items, drawPlace);
}

/** The `old` one is kept, so that the focus stays on it. */
function drawPlace([place, here, fresh], old) {
  const item = old ?? el("li", {}, el("button", { type: "button", "data-channel": place.id, onclick: () => go(place.id) }));
  const button = item.firstElementChild;
  fill(button, called(place), fresh ? el("span", { class: "unread" }, "new") : "");
  if (here) button.setAttribute("aria-current", "page");
  else button.removeAttribute("aria-current");
  return item;
}

const called = (place) => (place.direct ? `${place.name} Messages` : place.id === HOME ? place.name : `# ${place.name}`);

/** Whether something came into a direct conversation since this member last looked. */
const unread = (channel) => channel.direct && newest(channel.id) > (read.get(key(channel.id)) ?? "");
const key = (channel) => `${you.id} ${channel}`;

function newest(channel) {
  const stamps = [...known].filter(([name, each]) => name.startsWith("message:") && each.channel === channel).map(([, each]) => each.ts);
  return stamps.sort().at(-1) ?? "";
}

/** Show a place; of a channel the end, or the message at `ts`. */
function go(place, ts = null) {
  if (place !== you.place) {
    you.place = place;
    home.leave();
    byId("messages").replaceChildren();
    history.pushState(null, "", address());
  }
  wanted = ts;
  draw();
  if (!ts) end.toEnd();
}

/** Bring the message that a link led to into sight, and say where it is gone. */
function showWanted() {
  if (!wanted) return;
  const message = byId("messages").querySelector(`[data-ts="${wanted}"]`);
  composer.say(message ? "" : "This message is not here any more.");
  message?.scrollIntoView({ block: "start" });
  message?.focus({ preventScroll: true });
  wanted = null;
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
