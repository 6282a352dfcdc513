// Block Kit, drawn. What this page does not know is shown as such, with all that it says.

import { control } from "./controls.js";
import { el, pictureOf, reconcile } from "./dom.js";
import { richText } from "./rich_text.js";
import { mrkdwn } from "./mrkdwn.js";

/** Have an element show these blocks; those that stayed the same are not touched. */
export function drawBlocks(parent, blocks, screen) {
  const counts = {};
  const items = blocks.map((block) => {
    const pictures = picturesIn(block, screen);
    if (isUsed(block)) return [block.block_id, { block, pictures }];
    counts[block.type] = (counts[block.type] ?? 0) + 1;
    return [`${block.type} ${counts[block.type]}`, { block: { ...block, block_id: undefined }, pictures }];
  });
  reconcile(parent, items, ({ block }) => draw(block, screen));
}

/** Whether people press or choose in it; all other blocks get new ids from Slack whenever the bot shows them anew. */
const isUsed = (block) => block.type === "actions" || Boolean(block.accessory?.action_id);

/** What is known of the pictures in a block, so that it is drawn anew when one is deleted. */
function picturesIn(block, screen) {
  return [block, block.accessory, ...(block.elements ?? [])]
    .map((each) => each?.slack_file && screen.pictures[fileOf(each)])
    .filter((each) => each !== undefined);
}

function draw(block, screen) {
  const drawn = BLOCKS[block.type]?.(block, screen) ?? unknown(block, "block");
  return el("div", { class: `block ${block.type}`, "data-block-id": null }, drawn);
}

const BLOCKS = {
  header: (block) => el("h3", {}, block.text.text),
  divider: () => el("hr"),
  section: (block, screen) => [
    el("div", { class: "section-text" },
      block.text ? text(block.text, screen) : "",
      block.fields ? el("div", { class: "fields" }, block.fields.map((field) => el("div", {}, text(field, screen)))) : "",
    ),
    block.accessory ? el("div", { class: "accessory" }, element(block.accessory, block, screen)) : "",
  ],
  context: (block, screen) => block.elements.map((each) => (each.type === "image" ? image(each, screen) : el("span", {}, text(each, screen)))),
  image: (block, screen) => [block.title ? el("p", { class: "image-title" }, block.title.text) : "", image(block, screen)],
  actions: (block, screen) => el("div", { class: "controls" }, block.elements.map((each) => element(each, block, screen))),
  rich_text: (block, screen) => richText(block, screen.names),
};

/** A text object: as written, or as mrkdwn. */
export function text(object, screen) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, screen.names) : el("span", { class: "words" }, object.text);
}

function element(each, block, screen) {
  if (each.type === "image") return image(each, screen);
  return control(each, block, screen) ?? unknown(each, "element");
}

function fileOf(each) {
  return each.slack_file.id ?? each.slack_file.url;
}

/** A picture that was uploaded. One from elsewhere is named, and not fetched. */
function image(each, screen) {
  if (!each.slack_file) return el("p", { class: "no-picture" }, `Picture from elsewhere, not fetched: ${each.alt_text} (${each.image_url})`);
  const picture = screen.pictures[fileOf(each)];
  if (!picture) return el("p", { class: "no-picture" }, `This picture was deleted: ${each.alt_text}`);
  return pictureOf(picture, each.alt_text);
}

/** Something that Slack may know and this page does not. */
export function unknown(thing, kind) {
  return el("details", { class: "unknown" },
    el("summary", {}, `This page cannot draw the ${kind} “${thing.type}”`),
    el("pre", {}, JSON.stringify(thing, null, 2)),
  );
}
