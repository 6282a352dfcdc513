from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack

from .samples import (
    Json,
    actions,
    button,
    modal,
    mrkdwn,
    option,
    picture,
    plain,
    section,
    static_select,
    typed,
    users_select,
)


def refusal(web: WebClient, channel: str, blocks: Any) -> Json:
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel=channel, text="hello", blocks=blocks)
    answer = caught.value.response.data
    assert isinstance(answer, dict)
    return answer


def long(characters: int) -> str:
    return "x" * characters


CONFIRM: Json = {"title": plain("T"), "text": plain("T"), "confirm": plain("Y"), "deny": plain("N")}
PICTURE_AT = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}

GOOD: dict[str, Json] = {
    "header": {"type": "header", "text": plain(long(150))},
    "section": section(long(3000)),
    "section with fields": {"type": "section", "fields": [mrkdwn(long(200))] * 10},
    "section with a button": section(accessory=button()),
    "section with a picture": section(accessory=PICTURE_AT),
    "context": {"type": "context", "elements": [mrkdwn("a"), plain("b"), PICTURE_AT]},
    "image": {**PICTURE_AT, "title": plain("A")},
    "actions": actions(
        button(style="primary", value=long(2000), confirm=CONFIRM, accessibility_label=long(75)),
        users_select(placeholder=plain(long(150))),
        static_select("pick", initial_option=option("one")),
        {"type": "overflow", "action_id": "more", "options": [option("a", url="https://example.com")]},
    ),
    "grouped options": actions(
        {"type": "static_select", "option_groups": [{"label": plain("G"), "options": [option("a")]}]}
    ),
    "divider": {"type": "divider"},
    "input": typed(),
    "input of an address": typed("email", "email_text_input", optional=True, hint=plain("h")),
    "rich text": {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
    },
}


@pytest.mark.parametrize("block", GOOD.values(), ids=GOOD)
def test_a_block_within_the_rules_is_taken(slack: Slack, web: WebClient, block: Json) -> None:
    web.chat_postMessage(channel=slack.channel, text="hello", blocks=[block])
    assert slack.messages()[0].blocks[0]["type"] == block["type"]


BAD: dict[str, tuple[Json, str]] = {
    "no type": ({"text": plain("a")}, "missing required field: type [json-pointer:/blocks/0]"),
    "unknown type": ({"type": "carousel"}, "unsupported type: carousel [json-pointer:/blocks/0/type]"),
    "unknown field": (
        {"type": "divider", "text": "a"},
        "invalid additional property: text [json-pointer:/blocks/0]",
    ),
    "long header": (
        {"type": "header", "text": plain(long(151))},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header in mrkdwn": (
        {"type": "header", "text": mrkdwn("a")},
        "must be a valid enum value: plain_text [json-pointer:/blocks/0/text/type]",
    ),
    "long section": (
        section(long(3001)),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "empty section": (
        section(""),
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    "section of nothing": (
        {"type": "section"},
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    "eleven fields": (
        {"type": "section", "fields": [plain("a")] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    "long field": (
        {"type": "section", "fields": [plain(long(2001))]},
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    "eleven in a context": (
        {"type": "context", "elements": [plain("a")] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "button in a context": (
        {"type": "context", "elements": [button()]},
        "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
    ),
    "twenty-six actions": (
        actions(*(button(f"b{number}") for number in range(26))),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    "no actions": (actions(), "no less than 1 items allowed [json-pointer:/blocks/0/elements]"),
    "text input in actions": (
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    "same action_id": (
        actions(button("a"), button("a")),
        '`action_id` "a" already exists [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    "long action_id": (
        actions(button(long(256))),
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    "long block_id": (
        section(block_id=long(256)),
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    "long button": (
        actions({**button(), "text": plain(long(76))}),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    "long button value": (
        actions(button(value=long(2001))),
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    "long label": (
        actions(button(accessibility_label=long(76))),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/accessibility_label]",
    ),
    "strange style": (
        actions(button(style="loud")),
        "must be a valid enum value: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    "long placeholder": (
        actions(users_select(placeholder=plain(long(151)))),
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
    ),
    "no options": (
        actions({"type": "static_select"}),
        "must define exactly one of `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
    ),
    "too many options": (
        actions(static_select("pick", *(str(number) for number in range(101)))),
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "long option": (
        actions(static_select("pick", options=[option("a", long(76))])),
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    "long option value": (
        actions(static_select("pick", options=[option(long(151))])),
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    "six in an overflow": (
        actions({"type": "overflow", "options": [option(str(number)) for number in range(6)]}),
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "half a confirm": (
        actions(button(confirm={**CONFIRM, "deny": None})),
        "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]",
    ),
    "long confirm": (
        actions(button(confirm={**CONFIRM, "title": plain(long(101))})),
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    "no alt text": (
        {"type": "image", "image_url": "https://example.com/a.png"},
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    "long alt text": (
        {**PICTURE_AT, "alt_text": long(2001)},
        "must be less than 2001 characters [json-pointer:/blocks/0/alt_text]",
    ),
    "picture of nothing": (
        {"type": "image", "alt_text": "a"},
        "must define exactly one of `image_url` or `slack_file` [json-pointer:/blocks/0]",
    ),
    "two pictures in one": (
        {**PICTURE_AT, "slack_file": {"id": "F000000000"}},
        "must define exactly one of `image_url` or `slack_file` [json-pointer:/blocks/0]",
    ),
    "picture that is not there": (
        picture("F000000000"),
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
    ),
    "input without a label": (
        {"type": "input", "element": {"type": "plain_text_input"}},
        "missing required field: label [json-pointer:/blocks/0]",
    ),
    "input with a button": (
        {"type": "input", "label": plain("a"), "element": button()},
        "unsupported type: button [json-pointer:/blocks/0/element/type]",
    ),
    "strange rich text": (
        {"type": "rich_text", "elements": [{"type": "text", "elements": []}]},
        "unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
    ),
    "text for a truth": (
        section(expand="yes"),
        "must be a boolean [json-pointer:/blocks/0/expand]",
    ),
    "number for a text": (
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": 5},
        "must provide a string [json-pointer:/blocks/0/alt_text]",
    ),
    "text for an object": (
        {"type": "header", "text": "a"},
        "must provide an object [json-pointer:/blocks/0/text]",
    ),
    "length of no text": (
        {**typed(), "element": {"type": "plain_text_input", "max_length": 3001}},
        "must be between 1 and 3000 [json-pointer:/blocks/0/element/max_length]",
    ),
}


@pytest.mark.parametrize(("block", "finding"), BAD.values(), ids=BAD)
def test_a_block_that_breaks_a_rule_is_refused_with_its_place(
    slack: Slack, web: WebClient, block: Json, finding: str
) -> None:
    answer = refusal(web, slack.channel, [block])
    assert answer["error"] == "invalid_blocks"
    assert finding in answer["errors"]
    assert not slack.messages()


def test_the_findings_come_in_the_two_forms_that_slack_uses(slack: Slack, web: WebClient) -> None:
    findings = [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ]
    assert refusal(web, slack.channel, [section(long(3001))]) == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": findings,
        "response_metadata": {"messages": [f"[ERROR] {finding}" for finding in findings]},
    }


def test_a_message_has_at_most_fifty_blocks(slack: Slack, web: WebClient) -> None:
    web.chat_postMessage(channel=slack.channel, text="hello", blocks=[{"type": "divider"}] * 50)
    answer = refusal(web, slack.channel, [{"type": "divider"}] * 51)
    assert answer["errors"] == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_a_block_id_is_there_once_in_a_message(slack: Slack, web: WebClient) -> None:
    answer = refusal(web, slack.channel, [section(block_id="a"), section(block_id="a")])
    assert answer["errors"] == ['`block_id` "a" already exists [json-pointer:/blocks/1/block_id]']


def test_every_finding_is_told_at_once(slack: Slack, web: WebClient) -> None:
    assert len(refusal(web, slack.channel, [{"type": "a"}, {"type": "b"}])["errors"]) == 2


@pytest.mark.parametrize("blocks", ["no json", '{"type": "divider"}', "[1]"])
def test_what_is_no_list_of_blocks_has_an_error_of_its_own(slack: Slack, web: WebClient, blocks: str) -> None:
    assert refusal(web, slack.channel, blocks)["error"] == "invalid_blocks_format"


def test_blocks_that_are_too_long_together_are_refused(slack: Slack, web: WebClient) -> None:
    assert refusal(web, slack.channel, [section(long(2900))] * 5)["error"] == "msg_blocks_too_long"


def test_slack_names_the_blocks_and_elements_that_the_bot_did_not_name(slack: Slack, web: WebClient) -> None:
    web.chat_postMessage(
        channel=slack.channel, text="a", blocks=[actions({"type": "button", "text": plain("A")})]
    )
    block = slack.messages()[0].blocks[0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]
    assert block["elements"][0]["text"] == {**plain("A"), "emoji": True}


VIEWS: dict[str, tuple[Json, str]] = {
    "no title": (modal(typed(), title=None), "missing required field: title [json-pointer:/view]"),
    "no blocks": ({**modal(), "blocks": None}, "missing required field: blocks [json-pointer:/view]"),
    "long title": (
        modal(typed(), title=plain(long(25))),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    "long submit": (
        modal(typed(), submit=plain(long(25))),
        "must be less than 25 characters [json-pointer:/view/submit/text]",
    ),
    "long close": (
        modal(typed(), close=plain(long(25))),
        "must be less than 25 characters [json-pointer:/view/close/text]",
    ),
    "input without submit": (
        modal(typed(), submit=None),
        "missing required field: submit [json-pointer:/view]",
    ),
    "much metadata": (
        modal(typed(), private_metadata=long(3001)),
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    "long callback_id": (
        modal(typed(), callback_id=long(256)),
        "must be less than 256 characters [json-pointer:/view/callback_id]",
    ),
    "long external_id": (
        modal(typed(), external_id=long(256)),
        "must be less than 256 characters [json-pointer:/view/external_id]",
    ),
    "many blocks": (
        modal(*[{"type": "divider"}] * 101),
        "no more than 100 items allowed [json-pointer:/view/blocks]",
    ),
    "same block_id": (
        modal(typed(), typed()),
        '`block_id` "name" already exists [json-pointer:/view/blocks/1/block_id]',
    ),
    "bad block": (modal({"type": "header"}), "missing required field: text [json-pointer:/view/blocks/0]"),
    "unknown field": (
        modal(typed(), colour="red"),
        "invalid additional property: colour [json-pointer:/view]",
    ),
    "home": (
        modal(section(), type="home"),
        "must be a valid enum value: modal [json-pointer:/view/type]",
    ),
}


@pytest.mark.parametrize(("view", "finding"), VIEWS.values(), ids=VIEWS)
def test_a_view_that_breaks_a_rule_is_refused_with_its_place(
    web: WebClient, view: Json, finding: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        web.views_open(trigger_id="any", view=view)
    assert caught.value.response["error"] == "invalid_arguments"
    assert f"[ERROR] {finding}" in caught.value.response["response_metadata"]["messages"]
