"""The modal for people without a Slack account is one that Slack takes."""

import json
import uuid

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened, someone_else_modal

FACE_ID = str(uuid.UUID(int=7))


@pytest.mark.rule("someone-else-modal")
def test_the_modal_is_one_that_slack_takes() -> None:
    opened = Opened("1700000000.000100", "C0FACES01", 1_700_000_009.5, 1_699_999_979.5)
    view = someone_else_modal(RequestId(FACE_ID, 999_999_999), opened)
    inspected = block_kit.inspect_view(view, lambda _: True)
    assert inspected["callback_id"] == "someone_else"
    inputs = {each["block_id"]: each for each in view["blocks"]}
    assert {name: each["element"]["action_id"] for name, each in inputs.items()} == {
        "known": "known",
        "name": "name",
        "email": "email",
    }
    kinds = [each["element"]["type"] for each in view["blocks"]]
    assert kinds == ["external_select", "plain_text_input", "plain_text_input"]
    assert inputs["known"]["element"]["min_query_length"] == 1
    assert all(each["optional"] for each in inputs.values()), "either of the first two is enough"
    assert json.loads(view["private_metadata"]) == {
        "face_id": FACE_ID,
        "round": 999_999_999,
        "message_ts": "1700000000.000100",
        "clicked_at": 1_700_000_009.5,
        "received": 1_699_999_979.5,
        "channel": "C0FACES01",
    }
