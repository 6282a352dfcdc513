"""Block Kit: what a message and a view may contain, as a declared table.

Limits: docs.slack.dev, reference/block-kit. Only the blocks and elements that a tagging bot can want are
known; any other is refused as an unsupported type, so that nothing goes unchecked.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.schema import (
    Inspection,
    Rule,
    anything,
    at_least_one,
    boolean,
    by_type,
    integer,
    items,
    just_one,
    one_of,
    shape,
    string,
)
from tagbot.sandbox.state import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
# Not documented. bolt-js#2509 measured about 13,200 characters of blocks, with every limit of a block kept.
MESSAGE_BLOCK_CHARACTERS = 13_200


# ---------------------------------------------------------------- objects


def plain(most: int) -> Rule:
    """A plain_text object."""
    return shape({"type": one_of("plain_text"), "text": string(most, least=1)}, {"emoji": boolean})


def text(most: int) -> Rule:
    """A plain_text or mrkdwn object; Slack reports a misfit twice, at the object and inside."""
    kinds = by_type(
        {
            "plain_text": plain(most),
            "mrkdwn": shape({"type": one_of("mrkdwn"), "text": string(most, least=1)}, {"verbatim": boolean}),
        }
    )

    def check(value: Any, at: str, inspection: Inspection) -> None:
        inside = Inspection(inspection.usable_file)
        kinds(value, at, inside)
        if inside.findings:
            inspection.report("failed to match all allowed schemas", at)
            inspection.findings += inside.findings

    return check


def slack_file(value: Any, at: str, inspection: Inspection) -> None:
    """A picture in Slack, by id or by url; it must be there, ready, a picture, and the bot's to show."""
    before = len(inspection.findings)
    shape({}, {"id": string(255), "url": string(3000)}, just_one("id", "url"))(value, at, inspection)
    if len(inspection.findings) == before and not inspection.usable_file(value):
        inspection.report("invalid slack file", at)


CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = shape({"text": plain(75), "value": string(150, least=1)}, {"description": plain(75)})
LINK_OPTION = shape(
    {"text": plain(75), "value": string(150, least=1)}, {"description": plain(75), "url": string(3000)}
)
CHECK_BOX = shape({"text": text(75), "value": string(150, least=1)}, {"description": text(75)})
OPTION_GROUP = shape({"label": plain(75), "options": items(OPTION, 100)})
PICTURE = {"image_url": string(3000, least=1), "slack_file": slack_file}
ALT_TEXT = {"alt_text": string(2000)}


# ---------------------------------------------------------------- elements


def element(name: str, required: dict[str, Rule], optional: dict[str, Rule], *also: Rule) -> Rule:
    """An element that people can use: it may have an action_id."""
    return shape(required, {"action_id": string(255, least=1), **optional}, *also, type_name=name)


SELECT: dict[str, Rule] = {"placeholder": plain(150), "confirm": CONFIRM, "focus_on_load": boolean}
INPUT: dict[str, Rule] = {
    "placeholder": plain(150),
    "initial_value": string(3000),
    "focus_on_load": boolean,
    "dispatch_action_config": anything,
}

BUTTON = element(
    "button",
    {"text": plain(75)},
    {
        "url": string(3000),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
USERS_SELECT = element("users_select", {}, {"initial_user": string(255), **SELECT})
STATIC_SELECT = element(
    "static_select",
    {},
    {
        "options": items(OPTION, 100),
        "option_groups": items(OPTION_GROUP, 100),
        "initial_option": OPTION,
        **SELECT,
    },
    just_one("options", "option_groups"),
)
EXTERNAL_SELECT = element(
    "external_select", {}, {"min_query_length": integer(0, 3000), "initial_option": OPTION, **SELECT}
)
OVERFLOW = element("overflow", {"options": items(LINK_OPTION, 5)}, {"confirm": CONFIRM})
CHECKBOXES = element(
    "checkboxes",
    {"options": items(CHECK_BOX, 10)},
    {"initial_options": items(CHECK_BOX, 10), "confirm": CONFIRM, "focus_on_load": boolean},
)
IMAGE_ELEMENT = shape(ALT_TEXT, PICTURE, just_one("image_url", "slack_file"), type_name="image")
PLAIN_TEXT_INPUT = element(
    "plain_text_input",
    {},
    {"multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000), **INPUT},
)
EMAIL_TEXT_INPUT = element("email_text_input", {}, INPUT)

PRESSED = {
    "button": BUTTON,
    "users_select": USERS_SELECT,
    "static_select": STATIC_SELECT,
    "external_select": EXTERNAL_SELECT,
    "overflow": OVERFLOW,
    "checkboxes": CHECKBOXES,
}
FILLED = {
    "plain_text_input": PLAIN_TEXT_INPUT,
    "email_text_input": EMAIL_TEXT_INPUT,
    "users_select": USERS_SELECT,
    "static_select": STATIC_SELECT,
    "external_select": EXTERNAL_SELECT,
    "checkboxes": CHECKBOXES,
}

# What an app answers that is asked for the options of an external_select; there may be none that fit.
OFFERED = shape(
    {},
    {"options": items(OPTION, 100, least=0), "option_groups": items(OPTION_GROUP, 100)},
    just_one("options", "option_groups"),
)


# ---------------------------------------------------------------- blocks


def different_action_ids(block: Json, at: str, inspection: Inspection) -> None:
    """Two elements of one block cannot have the same action_id."""
    seen: set[str] = set()
    elements = block.get("elements")
    for index, each in enumerate(elements if isinstance(elements, list) else []):
        action = each.get("action_id") if isinstance(each, dict) else None
        if not isinstance(action, str):
            continue
        if action in seen:
            inspection.report(f'`action_id` "{action}" already exists', f"{at}/elements/{index}/action_id")
        seen.add(action)


def block(name: str, required: dict[str, Rule], optional: dict[str, Rule] | None = None, *also: Rule) -> Rule:
    """A block: it may have a block_id."""
    return shape(required, {"block_id": string(255, least=1), **(optional or {})}, *also, type_name=name)


SECTION = block(
    "section",
    {},
    {
        "text": text(3000),
        "fields": items(text(2000), 10),
        "accessory": by_type({**PRESSED, "image": IMAGE_ELEMENT}),
        "expand": boolean,
    },
    at_least_one("text", "fields"),
)
CONTEXT_ELEMENT = by_type({"image": IMAGE_ELEMENT, "plain_text": text(3000), "mrkdwn": text(3000)})
INPUT_BLOCK = block(
    "input",
    {"label": plain(2000), "element": by_type(FILLED)},
    {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
)
# Of rich text only the outer structure is looked at.
RICH_PART = shape(
    {"type": anything, "elements": items(anything, 1000, least=0)},
    dict.fromkeys(("style", "indent", "border", "offset"), anything),
)
RICH_PARTS = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
BLOCKS = by_type(
    {
        "header": block("header", {"text": plain(150)}),
        "section": SECTION,
        "context": block("context", {"elements": items(CONTEXT_ELEMENT, 10)}),
        "image": block("image", ALT_TEXT, {**PICTURE, "title": plain(2000)}, just_one(*PICTURE)),
        "actions": block("actions", {"elements": items(by_type(PRESSED), 25)}, None, different_action_ids),
        "divider": block("divider", {}),
        "input": INPUT_BLOCK,
        "rich_text": block(
            "rich_text", {"elements": items(by_type(dict.fromkeys(RICH_PARTS, RICH_PART)), 1000)}
        ),
    }
)


def different_block_ids(blocks: Any, at: str, inspection: Inspection) -> None:
    """A block_id names one block of the message or view."""
    seen: set[str] = set()
    for index, each in enumerate(blocks if isinstance(blocks, list) else []):
        name = each.get("block_id") if isinstance(each, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            inspection.report(f'`block_id` "{name}" already exists', f"{at}/{index}/block_id")
        seen.add(name)


def submit_where_asked(view: Json, at: str, inspection: Inspection) -> None:
    """A view with an input needs a submit button."""
    blocks = view.get("blocks")
    kinds = [each.get("type") for each in blocks or [] if isinstance(each, dict)]
    if "input" in kinds and view.get("submit") is None:
        inspection.report("missing required field: submit", at)


CARRIED = {"private_metadata": string(3000), "callback_id": string(255), "external_id": string(255)}
MODAL = shape(
    {"type": one_of("modal"), "title": plain(24), "blocks": items(BLOCKS, VIEW_BLOCKS)},
    {
        "submit": plain(24),
        "close": plain(24),
        **CARRIED,
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    submit_where_asked,
)
# A Home has neither a title nor buttons of its own.
HOME = shape({"type": one_of("home"), "blocks": items(BLOCKS, VIEW_BLOCKS)}, CARRIED)


# ---------------------------------------------------------------- for the rest of the stand-in


def inspect_message(blocks: Any, usable_file: Callable[[Json], bool]) -> list[Json]:
    """The blocks of a message if Slack would take them, else `invalid_blocks` with every finding."""
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        raise SlackError("invalid_blocks_format")
    inspection = Inspection(usable_file)
    items(BLOCKS, MESSAGE_BLOCKS, least=0)(blocks, "/blocks", inspection)
    different_block_ids(blocks, "/blocks", inspection)
    if inspection.findings:
        raise SlackError("invalid_blocks", inspection.findings)
    return blocks


def inspect_view(view: Any, usable_file: Callable[[Json], bool], rule: Rule = MODAL) -> Json:
    """The view if Slack would take it by the `rule`, else `invalid_arguments` with every finding."""
    inspection = Inspection(usable_file)
    rule(view, "/view", inspection)
    if isinstance(view, dict):
        different_block_ids(view.get("blocks"), "/view/blocks", inspection)
    if inspection.findings:
        raise SlackError("invalid_arguments", inspection.findings)
    assert isinstance(view, dict)  # noqa: S101 - the rule found nothing wrong with it
    return view


def completed(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """The blocks as Slack keeps them: every block and element with an id, every plain text with `emoji`."""
    blocks = without_nulls(blocks)
    for each in blocks:
        each.setdefault("block_id", new_id())
    for _, each in elements(blocks):
        each.setdefault("action_id", new_id())
    for each in objects(blocks):
        if each.get("type") == "plain_text":
            each.setdefault("emoji", True)
    return blocks


def without_nulls(value: Any) -> Any:
    """A copy in which a field that is null is not there."""
    if isinstance(value, dict):
        return {name: without_nulls(content) for name, content in value.items() if content is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that people can use, with its block."""
    for each in blocks:
        inside = each.get("elements", []) if each["type"] == "actions" else []
        for candidate in (*inside, each.get("accessory"), each.get("element")):
            if candidate and candidate["type"] in {**PRESSED, **FILLED}:
                yield each, candidate


def objects(value: Any) -> Iterator[Json]:
    """Every JSON object in a value, however deep."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from objects(each)


def options(element: Json) -> dict[str, Json]:
    """The options of a select, an overflow or check boxes, by value."""
    grouped = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return {option["value"]: option for option in [*(element.get("options") or []), *grouped]}
