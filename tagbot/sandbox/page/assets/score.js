// How well people and the machine do, and the switch for the machine's vote.

import { post } from "./api.js";
import { el, reconcile, toggle } from "./dom.js";

export function buildScore(section) {
  const facts = el("dl", { class: "score", "data-stats": true });
  const vote = el("div", { class: "mishaps" });
  section.append(facts, vote);
  return {
    draw({ stats, status, machine_vote: on }) {
      reconcile(facts, stats && status ? sentences(stats, status.faces, on).map((fact) => [fact[0], fact]) : [], drawFact);
      reconcile(vote, [["vote", on]], drawSwitch);
    },
  };
}

/** Terms, and what is to say of them. */
function sentences(stats, faces, on) {
  const asked = Object.entries(faces).reduce((sum, [state, count]) => sum + (state === "waiting" ? 0 : count), 0);
  const { labelled, machine } = stats;
  return [
    ["Faces", `${asked} asked about, ${labelled} labelled`],
    ["For each labelled", labelled ? `${each(stats.answers_per_face, "answer")}, ${each(stats.clicks_per_face, "click")}` : "nothing to count yet"],
    ["Agreed at once", labelled ? `on ${percent(stats.agreed_at_once)}` : "nothing to count yet"],
    ["Machine sure", machine.sure ? `about ${machine.sure}, right about ${machine.right} (${percent(machine.precision)})` : "about no decided face yet"],
    ["Its vote", machine.votes ? "counts" : on ? "not earned yet" : "off"],
  ];
}

const each = (count, what) => `${count.toFixed(2)} ${what}s`;
const percent = (share) => `${(100 * share).toFixed(share === 1 ? 0 : 1)} %`;

function drawFact([term, fact]) {
  return el("div", {}, el("dt", {}, term), el("dd", {}, fact));
}

function drawSwitch(on, old) {
  return toggle(old, on, choose, { class: "mishap wanted", "data-vote": true },
    el("span", { class: "switch" }),
    el("span", {},
      el("strong", {}, "The machine may earn a vote"),
      el("span", { class: "small-print" }, "After it was right about 381 faces that people alone decided, it counts as one vote beside a person’s. To switch it starts the bot anew."),
    ),
  );
}

async function choose(on, button) {
  button.setAttribute("aria-busy", "true");
  await post("page/machine_vote", { on }).finally(() => button.removeAttribute("aria-busy"));
}
