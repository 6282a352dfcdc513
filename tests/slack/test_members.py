"""Members: who they are, and whether they can be chosen."""

import pytest

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.slack.client import Slack
from tagbot.slack.members import MEMBER_SECONDS
from tests.lib.clock import Clock


def test_a_profile_says_who_somebody_is(door: Slack, stand_in: SlackStandIn) -> None:
    profile = door.members.profile(stand_in.people[0])
    assert (profile.real_name, profile.display_name, profile.email) == (
        "Anna Lindqvist",
        "anna",
        "anna@example.com",
    )
    assert str(profile.picture_url).endswith("-512.png")
    assert (profile.is_bot, profile.deactivated) == (False, False)
    assert door.members.profile(stand_in.former).deactivated
    assert door.members.profile(stand_in.other_bot).is_bot


def test_that_somebody_can_be_chosen_is_believed_for_a_minute_and_that_not_is_asked_each_time(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    person = stand_in.people[0]
    assert all(door.members.can_be_chosen(person) for _ in range(5))
    assert len(stand_in.calls("users.info")) == 1
    stand_in.set_member(person, deleted=True)
    assert door.members.can_be_chosen(person)
    clock.now += MEMBER_SECONDS + 1
    assert not door.members.can_be_chosen(person)
    assert not door.members.can_be_chosen(person)
    assert len(stand_in.calls("users.info")) == 3


def test_a_failed_question_about_a_member_is_not_remembered(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.fail("users.info", status=500)
    with pytest.raises(Retry):
        door.members.can_be_chosen(stand_in.people[0])
    assert door.members.can_be_chosen(stand_in.people[0])
