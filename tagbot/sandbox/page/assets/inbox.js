// The inbox beside the channel: photos by drag and drop, sample photos, and the command for a terminal.

import { post } from "./api.js";
import { ICONS, el, icon, reconcile } from "./dom.js";

const FIRST_SAMPLES = ["astronaut.jpg", "portraits.jpg", "mountains.jpg"]; // what cannot be learned is for later
const MOST_AT_ONCE = 40 * 2 ** 20; // bytes of one request; the sandbox takes somewhat more

export function buildInbox(section) {
  const said = el("p", { class: "said", role: "status" });
  const refused = el("ul", { class: "refused" });
  const pictures = el("div", { class: "samples" });
  const team = el("div", { class: "samples many", role: "toolbar", "aria-label": "The team's photos", onkeydown: walk });
  const command = el("code", { tabindex: "0" });
  const counts = el("p", { class: "counts" });
  const file = el("input", { type: "file", multiple: true, accept: "image/jpeg,image/png,image/webp,.json", "data-inbox": true, onchange: () => drop([...file.files]) });
  const zone = el("label", { class: "drop" }, icon(ICONS.drop), el("span", {}, el("strong", {}, "Drop photos here"), el("br"), "or choose some"), file);
  const all = el("button", { type: "button", class: "button primary", "data-samples": true, onclick: () => addSamples(FIRST_SAMPLES) }, "Add sample photos");
  const everyone = el("button", { type: "button", class: "button", "data-team": true, onclick: () => addSamples([...team.children].map((each) => each.dataset.sample)) }, "Add all of the team’s photos");

  section.append(
    el("p", { class: "lead" }, "Not a part of Slack: the folder that the bot watches."),
    zone,
    el("div", { class: "sample-row" }, pictures, all, team, everyone),
    said,
    refused,
    counts,
    el("details", {}, el("summary", {}, "From a terminal"), el("pre", { class: "command" }, command)),
  );
  catchDrops(zone, drop);

  async function drop(files) {
    for (const batch of batches(files)) {
      const form = new FormData();
      for (const each of batch) form.append("file", each, each.name);
      await tell(post("page/photos", form));
    }
    file.value = "";
  }

  const addSamples = (chosen) => tell(post("page/samples", { names: chosen }));

  async function tell(adding) {
    section.setAttribute("aria-busy", "true");
    said.textContent = "Adding …";
    refused.replaceChildren();
    try {
      const told = await adding;
      said.textContent = told.said;
      refused.replaceChildren(...told.refused.map((line) => el("li", {}, line)));
    } catch (why) {
      said.textContent = why.message;
    }
    section.removeAttribute("aria-busy");
  }

  const thumbnail = ([name, what]) =>
    el("button", { type: "button", class: "sample", title: `Add ${name}: ${what}`, "data-sample": name, onclick: () => addSamples([name]) },
      el("img", { src: `page/samples/${name}`, alt: `Add ${name}: ${what}`, width: 52, height: 52 }));

  return {
    draw({ samples, team_photos: members, add_command: typed, status }) {
      reconcile(pictures, named(samples), thumbnail);
      reconcile(team, named(members), thumbnail);
      stopAt(team, team.querySelector("[tabindex='0']") ?? team.firstElementChild);
      if (command.textContent !== typed) command.textContent = typed;
      counts.textContent = status ? waiting(status) : "";
    },
  };
}

/** Of many photos the Tab key stops at one; the arrows go on from there. */
function stopAt(strip, stop) {
  for (const each of strip.children) each.tabIndex = each === stop ? 0 : -1;
}

function walk(event) {
  const strip = event.currentTarget;
  const all = [...strip.children];
  const here = all.indexOf(document.activeElement);
  const next = all[{ ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key]];
  if (!next) return;
  event.preventDefault();
  stopAt(strip, next);
  next.focus();
}

/** Photos as `reconcile` takes them: each with its name as its key. */
const named = (photos) => Object.entries(photos ?? {}).map((photo) => [photo[0], photo]);

function waiting({ inbox, photos_without_faces: without }) {
  const lines = [];
  if (inbox) lines.push(inbox === 1 ? "1 photo waits to be taken over." : `${inbox} photos wait to be taken over.`);
  if (without) lines.push(without === 1 ? "In 1 photo no face was found." : `In ${without} photos no face was found.`);
  return lines.join(" ");
}

/** Dropped files in parts that the sandbox takes; a sidecar stays with its photo. */
function batches(files) {
  const stem = (each) => each.name.replace(/\.[^.]*$/, "");
  const sorted = [...files].sort((one, other) => stem(one).localeCompare(stem(other)));
  const parts = [[]];
  let size = 0;
  for (const each of sorted) {
    const together = parts.at(-1).some((one) => stem(one) === stem(each));
    if (size + each.size > MOST_AT_ONCE && !together) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1).push(each);
    size += each.size;
  }
  return parts.filter((part) => part.length);
}

function catchDrops(zone, drop) {
  const over = (event, on) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragenter", (event) => over(event, true));
  zone.addEventListener("dragover", (event) => over(event, true));
  zone.addEventListener("dragleave", (event) => over(event, false));
  zone.addEventListener("drop", (event) => {
    over(event, false);
    drop([...event.dataTransfer.files]);
  });
  // A photo that misses the inbox must not replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
}
