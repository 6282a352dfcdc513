// The block `rich_text`: words with styles, lists, quotes.

import { el } from "./dom.js";
import { link, mention } from "./mrkdwn.js";

const PARTS = {
  rich_text_section: (part, names) => el("p", {}, words(part, names)),
  rich_text_quote: (part, names) => el("blockquote", {}, words(part, names)),
  rich_text_preformatted: (part, names) => el("pre", {}, words(part, names)),
  rich_text_list: (part, names) =>
    el(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => el("li", {}, words(item, names)))),
};

export function richText(block, names) {
  return block.elements.map((part) => PARTS[part.type](part, names));
}

function words(part, names) {
  return part.elements.map((each) => styled(word(each, names), each.style ?? {}));
}

function word(each, names) {
  if (each.type === "text") return each.text;
  if (each.type === "user") return mention(each.user_id, names);
  if (each.type === "link") return link(each.url, each.text);
  if (each.type === "emoji") return `:${each.name}:`;
  if (each.type === "broadcast") return `@${each.range}`;
  return `[${each.type}]`;
}

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code" };

function styled(node, style) {
  return Object.entries(STYLES).reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), node);
}
