"""One of every message and modal: Slack takes each, as far as the stand-in knows Slack."""

import json

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack.message_kinds import every_kind
from tagbot.vocabulary import ActionId, CallbackId


@pytest.mark.rule("check-messages")
def test_slack_takes_one_of_every_kind() -> None:
    for name, kind, content in every_kind():
        try:
            if kind == "blocks":
                block_kit.inspect_message(content, lambda _: True)
            else:
                is_home = name.startswith("Home")
                block_kit.inspect_view(
                    content, lambda _: True, block_kit.HOME if is_home else block_kit.MODAL
                )
        except Exception as wrong:
            raise AssertionError(name) from wrong


@pytest.mark.rule("check-messages")
def test_every_control_and_every_modal_of_the_vocabulary_is_among_them() -> None:
    shown = json.dumps([content for _, _, content in every_kind()])
    assert [each for each in ActionId if f'"{each}"' not in shown] == []
    assert [each for each in CallbackId if f'"{each}"' not in shown] == [CallbackId.FIND_FACES], "no modal"
