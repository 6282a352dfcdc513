"""Who is in the channel, also in a workspace of thousands."""

import pytest

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.slack.client import Slack
from tagbot.slack.membership import BELIEVED_SECONDS, LARGEST_PAGE
from tests.lib.clock import Clock


def crowd(stand_in: SlackStandIn, number: int) -> list[str]:
    """Have so many more people in the channel, the five of the workspace last."""
    many = [f"U0MANY{each:06}" for each in range(number)]
    stand_in.set_channel(members=[*many, stand_in.bot_user, *stand_in.people])
    return many


@pytest.mark.rule("retry-elsewhere")
def test_in_a_workspace_of_30000_it_takes_two_questions(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.rules(rate_limits=1.0)
    crowd(stand_in, 30_000)
    assert door.channel.membership.has(stand_in.people[4])
    assert not door.channel.membership.has(stand_in.former)
    assert len(stand_in.calls("conversations.members")) == 1
    assert len(stand_in.calls("users.conversations")) == 2


def test_in_a_small_channel_it_takes_one(door: Slack, stand_in: SlackStandIn) -> None:
    assert door.channel.membership.has(stand_in.people[4])
    assert not door.channel.membership.has(stand_in.former)
    assert len(stand_in.calls("conversations.members")) == 1
    assert stand_in.calls("users.conversations") == []


def test_a_private_channel_is_found_among_many_of_the_members(door: Slack, stand_in: SlackStandIn) -> None:
    crowd(stand_in, LARGEST_PAGE)
    stand_in.set_channel(is_private=True)
    anna, ben = stand_in.people[:2]
    for number in range(3):
        stand_in.set_channel(f"C0AAA{number:05}", members=[anna, ben])
    stand_in.set_channel(
        members=[f"U0MANY{each:06}" for each in range(LARGEST_PAGE)] + [stand_in.bot_user, anna]
    )
    assert door.channel.membership.has(anna)
    assert not door.channel.membership.has(ben)


def test_whom_slack_does_not_know_is_not_in_the_channel(door: Slack, stand_in: SlackStandIn) -> None:
    crowd(stand_in, 2 * LARGEST_PAGE)
    assert not door.channel.membership.has("U0NOBODY99")


def test_where_slack_does_not_tell_a_members_channels_the_channel_is_read_through(
    door: Slack, stand_in: SlackStandIn
) -> None:
    crowd(stand_in, 2 * LARGEST_PAGE)
    stand_in.fail("users.conversations", error="unknown_method")
    assert door.channel.membership.has(stand_in.people[4])
    assert len(stand_in.calls("conversations.members")) == 4


def test_an_answer_is_believed_for_a_minute_and_a_failure_is_none(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    anna = stand_in.people[0]
    stand_in.fail("conversations.members", status=503)
    with pytest.raises(Retry):
        door.channel.membership.has(anna)
    assert all(door.channel.membership.has(anna) for _ in range(5))
    assert len(stand_in.calls("conversations.members")) == 2
    stand_in.set_channel(members=[stand_in.bot_user])
    clock.now += BELIEVED_SECONDS + 1
    assert not door.channel.membership.has(anna)
