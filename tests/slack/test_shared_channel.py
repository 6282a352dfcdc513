"""A channel that is shared with another organisation."""

from dataclasses import replace

import pytest

from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.client import Slack
from tagbot.slack.shared_channel import is_shared, refusal
from tagbot.vocabulary import WITHOUT_SLACK


@pytest.mark.rule("shared-channel")
@pytest.mark.parametrize(
    ("how", "refused"),
    [
        ({}, False),
        ({"is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"is_org_shared": True}, False),
        ({"is_ext_shared": True, "is_org_shared": True}, True),
    ],
)
def test_one_is_told_from_those_of_the_organisation(
    door: Slack, stand_in: SlackStandIn, settings: Settings, how: dict[str, bool], refused: bool
) -> None:
    stand_in.set_channel(None, **how)
    assert is_shared(door.channel.info()) is refused
    problem = refusal(settings)
    assert (problem is not None) is refused
    assert problem is None or (problem.startswith("SLACK_CHANNEL ") and "ALLOW_SHARED_CHANNEL=yes" in problem)


@pytest.mark.rule("shared-channel")
def test_it_can_be_allowed(stand_in: SlackStandIn, settings: Settings) -> None:
    stand_in.set_channel(is_ext_shared=True)
    assert refusal(replace(settings, allow_shared_channel=True)) is None


def test_a_bot_that_does_not_call_slack_does_not_ask(stand_in: SlackStandIn, settings: Settings) -> None:
    stand_in.set_channel(is_ext_shared=True)
    assert refusal(replace(settings, stages=tuple(WITHOUT_SLACK))) is None
    assert stand_in.calls("conversations.info") == []


def test_while_slack_does_not_tell_nothing_is_refused(stand_in: SlackStandIn, settings: Settings) -> None:
    stand_in.set_channel(is_ext_shared=True)
    stand_in.fail("conversations.info", reset=True)
    assert refusal(settings) is None
    assert refusal(settings) is not None
