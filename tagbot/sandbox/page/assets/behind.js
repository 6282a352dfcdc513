// Behind the scenes: the bot, what may be broken, how well it goes, the flow with its queues, and one face on
// its way.

import { post } from "./api.js";
import { ICONS, el, fill, icon, reconcile, toggle } from "./dom.js";
import { buildScore } from "./score.js";

const MISHAPS = [
  ["slack_slow", "Slack is slow", "Every call takes 1.5 seconds longer."],
  ["slack_down", "Slack is down", "Every call fails, and the bot's connection is cut."],
  ["backend_down", "Recogniser is down", "Its processes are killed as soon as they start."],
];

export function buildBehind(section) {
  const bot = el("div", { class: "bot" });
  const troubles = el("ul", { class: "troubles", role: "status", "aria-label": "Trouble" });
  const mishaps = el("div", { class: "mishaps", role: "group", "aria-label": "Break something" });
  const flow = el("ol", { class: "flow" });
  const face = el("div", { class: "face" });
  const well = el("div");
  const score = buildScore(well);
  section.append(
    bot,
    troubles,
    el("h3", {}, "Break something, and see that nothing is lost"),
    mishaps,
    el("h3", {}, "How well it goes"),
    well,
    el("h3", {}, "One face on its way"),
    face,
    el("h3", {}, "The flow"),
    flow,
  );
  return {
    draw(state, names) {
      const wrong = state.troubles ?? [];
      reconcile(bot, [["bot", [state.bot, wrong.length > 0]]], drawBot);
      reconcile(troubles, wrong.map((each) => [each, each]), drawTrouble);
      reconcile(mishaps, MISHAPS.map((each) => [each[0], [each, state.mishaps?.[each[0]]]]), drawMishap);
      score.draw(state);
      reconcile(flow, (state.flow ?? []).map((stage) => [stage.stage, [stage, state.status?.queues[stage.reads] ?? null, state.status?.inbox, state.passages?.[stage.stage] ?? []]]), drawStage);
      reconcile(face, [["face", [state.face, state.life ?? []]]], ([shown, life]) => drawFace(shown, life, names));
    },
  };
}

// ---------------------------------------------------------------- the bot

function drawBot([bot, isWrong]) {
  if (!bot) return el("div");
  const command = (what, label, style = "") =>
    el("button", { type: "button", class: `button small ${style}`, "data-bot": what, onclick: () => post("page/bot", { do: what }) }, label);
  if (bot.restarting) return el("div", { role: "status" }, el("p", {}, el("span", { class: "lamp waiting" }), "The bot is started anew …"));
  if (!bot.running)
    return el("div", { class: "stopped", role: "status" },
      el("p", {}, el("span", { class: "lamp off" }), bot.died ? `The bot is dead (exit code ${bot.code}). ` : "The bot does not run. ", "All that it had in hand lies in its queues, on the disk."),
      bot.died && bot.log.length ? el("details", { class: "log" }, el("summary", {}, "Its last words"), el("pre", {}, bot.log.join("\n"))) : "",
      command("start", "Start the bot", "primary"),
    );
  return el("div", { role: "status" },
    el("p", {},
      el("span", { class: `lamp ${isWrong ? "off" : bot.connected ? "on" : "waiting"}` }),
      bot.connected ? "The bot runs and is connected to Slack." : "The bot runs, and is not connected to Slack yet.",
      isWrong ? el("strong", {}, " It has trouble:") : "",
    ),
    el("div", { class: "row" }, command("kill", "Kill the bot", "danger"), command("stop", "Stop it kindly")),
  );
}

function drawTrouble(sentence) {
  return el("li", {}, icon(ICONS.warning), el("span", {}, sentence));
}

function drawMishap([[name, label, what], on], old) {
  return toggle(old, on, (pressed) => post("page/mishap", { name, on: pressed }), { class: "mishap", "data-mishap": name, title: what },
    el("span", { class: "switch" }), el("strong", {}, label), el("span", { class: "unseen" }, what));
}

// ---------------------------------------------------------------- the flow

function drawStage([stage, counts, inbox, passages], old) {
  const newest = passages.at(-1);
  const item = el("li", { "data-stage": stage.stage },
    el("div", { class: "queue", "data-queue": stage.reads },
      el("span", { class: "queue-name" }, stage.reads),
      stage.from.filter((source) => source !== "TimedJobs").map((source) => el("span", { class: "source" }, `from ${source}`)),
      stage.is_inbox ? pill(inbox, "waiting") : drawCounts(counts),
    ),
    el("div", { class: "stage" },
      el("strong", {}, stage.stage),
      stage.writes.length ? el("span", { class: "writes" }, "→ ", stage.writes.join(", ")) : "",
      passages.length ? el("ol", { class: "passages" }, passages.toReversed().map(drawPassage)) : "",
    ),
  );
  if (old && newest && JSON.stringify(newest) !== old.newest) item.classList.add("passed");
  item.addEventListener("animationend", () => item.classList.remove("passed"));
  item.newest = JSON.stringify(newest);
  return item;
}

function drawCounts(counts) {
  if (!counts) return "";
  const words = { ready: "ready", in_flight: "in hand", delayed: "later", dead: "given up" };
  const shown = Object.entries(words).filter(([name]) => counts[name]);
  return shown.length ? shown.map(([name, word]) => pill(counts[name], word, name)) : el("span", { class: "pill none" }, "empty");
}

function pill(count, word, kind = "ready") {
  return count ? el("span", { class: `pill ${kind}` }, `${count} ${word}`) : el("span", { class: "pill none" }, "empty");
}

function drawPassage(passage) {
  return el("li", { class: passage.verb.replace(" ", "-") },
    el("time", {}, new Date(passage.at).toLocaleTimeString([], { hour12: false })),
    ` ${passage.verb} `,
    el("span", { class: "took" }, `${passage.ms} ms`),
    passage.why ? el("span", { class: "why" }, passage.why) : "",
  );
}

// ---------------------------------------------------------------- one face

function drawFace(face, life, names) {
  if (!face) return el("p", { class: "lead" }, "None yet. Add a photo.");
  const name = (member) => names.members[member]?.name ?? member;
  const facts = [
    ["State", face.state + (face.reason ? ` (${face.reason.replaceAll("_", " ")})` : "")],
    ["Asked", face.round === 1 ? "once" : `${face.round} times`],
    ["Answered", face.answered.map(name).join(", ") || "nobody yet"],
    ...(face.person ? [["Tagged as", name(face.person)]] : []),
    ["In the model", face.in_model ? "yes" : "no"],
  ];
  const list = el("ol", { class: "passages life" });
  fill(list, life.map((passage) => {
    const item = drawPassage(passage);
    item.querySelector("time").after(` ${passage.stage}`);
    return item;
  }));
  return el("div", { "data-face": face.id },
    el("p", { class: "face-id" }, face.id),
    el("ul", { class: "states", "aria-label": "State" }, ["waiting", "open", "training", face.state === "rejected" ? "rejected" : "tagged"].map((state) =>
      el("li", { class: state === face.state ? `now ${state}` : "", "aria-current": state === face.state ? "step" : null }, state))),
    el("dl", {}, facts.map(([term, fact]) => [el("dt", {}, term), el("dd", {}, fact)])),
    list,
  );
}
