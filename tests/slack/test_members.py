"""Members: who they are, and whether they can be chosen."""

import threading
import time
from typing import Any

import pytest

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.client import Slack
from tagbot.slack.members import (
    ANEW_PER_MINUTE,
    CHOICE_SECONDS,
    CHOICES_AT_ONCE,
    FRESH_SECONDS,
    MEMBER_SECONDS,
    OFFERED_PER_MINUTE,
    SLOW_SECONDS,
)
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


@pytest.mark.rule("changed-accounts")
def test_whether_somebody_can_be_chosen_is_believed_for_a_few_seconds(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    anna, ben = stand_in.people[:2]
    assert all(door.members.can_be_chosen(anna, by=ben) for _ in range(5))
    assert not any(door.members.can_be_chosen(stand_in.former, by=ben) for _ in range(5))
    assert len(stand_in.calls("users.info")) == 2
    stand_in.set_member(anna, deleted=True)
    stand_in.set_member(stand_in.former, deleted=False)
    assert door.members.can_be_chosen(anna, by=ben)
    clock.now += FRESH_SECONDS + 0.1
    assert not door.members.can_be_chosen(anna, by=ben)
    assert door.members.can_be_chosen(stand_in.former, by=ben)


def test_a_failed_question_about_a_member_is_not_remembered(door: Slack, stand_in: SlackStandIn) -> None:
    anna, ben = stand_in.people[:2]
    stand_in.fail("users.info", status=500, times=2)
    with pytest.raises(Retry):
        door.members.can_be_chosen(anna, by=ben)
    with pytest.raises(Retry):
        door.members.has_a_say(anna)
    assert door.members.can_be_chosen(anna, by=ben)
    assert door.members.has_a_say(anna)


@pytest.mark.rule("one-holds-up-no-other")
def test_one_tagger_leaves_slacks_answers_for_others(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    stand_in.rules(rate_limits=1.0)
    anna, ben = stand_in.people[:2]
    for number in range(CHOICES_AT_ONCE):
        assert not door.members.can_be_chosen(f"U0NOBODY{number:02}", by=anna)
    with pytest.raises(Retry) as why:
        door.members.can_be_chosen("U0NOBODY99", by=anna)
    assert why.value.after == pytest.approx(CHOICE_SECONDS)
    assert not door.members.can_be_chosen("U0NOBODY00", by=anna), "who is known takes no question"
    assert door.members.can_be_chosen(ben, by=ben)
    clock.now += CHOICE_SECONDS
    assert not door.members.can_be_chosen("U0NOBODY99", by=anna)


# --- Who has a say --------------------------------------------------------------------------------------

NO_SAY: dict[str, dict[str, Any]] = {
    "guest of several channels": {"is_restricted": True},
    "guest of one channel": {"is_restricted": True, "is_ultra_restricted": True},
    "stranger": {"is_stranger": True},
    "of another workspace": {"team_id": "T0OTHER001"},
    "of another enterprise": {"team_id": "T0OTHER001", "enterprise_id": "E0OTHER001"},
    "deactivated": {"deleted": True},
    "bot": {"is_bot": True},
}


@pytest.mark.rule("who-has-a-say")
@pytest.mark.parametrize("kind", NO_SAY)
def test_the_word_of_these_does_not_count(door: Slack, stand_in: SlackStandIn, kind: str) -> None:
    stand_in.set_workspace(enterprise_id="E0OURS0001")
    anna, ben = stand_in.people[:2]
    stand_in.set_member(anna, **NO_SAY[kind])
    assert not door.members.has_a_say(anna)
    assert door.members.has_a_say(ben)


@pytest.mark.rule("who-has-a-say")
def test_nor_does_that_of_slackbot_and_of_whom_slack_does_not_know(
    door: Slack, stand_in: SlackStandIn
) -> None:
    stand_in.set_member("USLACKBOT", name="slackbot", real_name="Slackbot")
    assert not door.members.has_a_say("USLACKBOT")
    assert not door.members.has_a_say("U0NOBODY99")
    stand_in.fail("users.info", error="user_not_visible")
    assert not door.members.has_a_say(stand_in.people[0])


@pytest.mark.rule("who-has-a-say")
def test_a_colleague_in_another_workspace_of_the_enterprise_has_a_say(
    door: Slack, stand_in: SlackStandIn
) -> None:
    stand_in.set_workspace(enterprise_id="E0OURS0001")
    anna = stand_in.people[0]
    stand_in.set_member(anna, team_id="T0SISTER01", enterprise_id="E0OURS0001")
    assert door.members.has_a_say(anna)


@pytest.mark.rule("changed-accounts")
def test_who_has_a_say_is_believed_for_a_few_seconds(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    anna = stand_in.people[0]
    assert all(door.members.has_a_say(anna) for _ in range(5))
    stand_in.set_member(anna, is_restricted=True)
    assert door.members.has_a_say(anna)
    clock.now += FRESH_SECONDS + 0.1
    assert door.members.had_a_say(anna), "where nothing depends on it, nobody is asked"
    assert not any(door.members.has_a_say(anna) for _ in range(5))
    assert (len(stand_in.calls("users.info")), len(stand_in.calls("auth.test"))) == (2, 1)


@pytest.mark.rule("changed-accounts", "line-up")
def test_who_left_is_not_offered_within_a_few_seconds(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    anna = stand_in.people[0]
    assert door.members.has_not_left(anna)
    stand_in.set_member(anna, deleted=True)
    clock.now += FRESH_SECONDS + 0.1
    assert not door.members.has_not_left(anna)
    clock.now += MEMBER_SECONDS
    stand_in.set_member(anna, deleted=False)
    assert door.members.has_not_left(anna)


@pytest.mark.rule("changed-accounts", "line-up")
def test_where_slack_has_no_time_it_is_not_asked_about_the_offered_and_what_it_says_otherwise_is_believed(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    anna, ben = stand_in.people[:2]
    assert door.members.has_not_left(anna)
    stand_in.set_member(anna, deleted=True)
    clock.now += MEMBER_SECONDS + 0.1
    for number in range(OFFERED_PER_MINUTE):
        door.members.has_a_say(f"U0MANY{number:03}")
    assert door.members.has_not_left(anna)
    assert not door.members.can_be_chosen(anna, by=ben)
    assert not door.members.has_not_left(anna)


@pytest.mark.rule("changed-accounts")
@pytest.mark.parametrize("fault", [{"status": 429, "retry_after": 30}, {"status": 503}, {"reset": True}])
def test_while_slack_does_not_tell_what_it_said_is_believed_for_a_minute(
    door: Slack, stand_in: SlackStandIn, clock: Clock, fault: dict[str, Any]
) -> None:
    anna, ben = stand_in.people[:2]
    assert door.members.has_a_say(anna)
    stand_in.set_member(anna, deleted=True)
    stand_in.fail("users.info", times=None, **fault)
    clock.now += FRESH_SECONDS + 0.1
    assert door.members.has_a_say(anna)
    assert door.members.can_be_chosen(anna, by=ben)
    assert len(stand_in.calls("users.info")) == 2, "one failure is enough for a while"
    clock.now += MEMBER_SECONDS
    with pytest.raises(Retry):
        door.members.has_a_say(anna)
    stand_in.heal()
    clock.now += 40.0
    assert not door.members.has_a_say(anna)


@pytest.mark.rule("changed-accounts")
def test_a_slow_slack_is_left_alone_for_a_while(settings: Settings, stand_in: SlackStandIn) -> None:
    offset = 0.0
    api = SlackApi.of(settings, 5, lambda: time.monotonic() + offset)
    members = Slack(api, settings.slack_channel, 1000.0, threading.Event()).members
    anna, ben = stand_in.people[:2]
    assert members.has_a_say(anna)
    assert members.has_a_say(ben)
    stand_in.fail("users.info", times=None, delay=SLOW_SECONDS + 0.1)
    offset += FRESH_SECONDS + 0.1
    assert members.has_a_say(anna)
    assert members.has_a_say(ben), "whom nobody waits for"
    assert len(stand_in.calls("users.info")) == 3


@pytest.mark.rule("changed-accounts", "one-holds-up-no-other")
def test_a_crowd_that_clicks_without_a_pause_leaves_slack_room_for_whom_nobody_has_seen(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    crowd = [f"U0MANY{number:03}" for number in range(30)]
    for each in (*crowd, "U0NEW00001"):
        stand_in.set_member(each, name=each, real_name=each)
    for _ in range(15):
        assert all(door.members.has_a_say(tagger) for tagger in crowd[:10])
        assert all(door.members.can_be_chosen(each, by=tagger) for each in crowd for tagger in crowd[:10])
        clock.now += FRESH_SECONDS
    assert len(stand_in.calls("users.info")) <= ANEW_PER_MINUTE
    assert door.members.has_a_say("U0NEW00001")
    stand_in.set_member(crowd[0], deleted=True)
    clock.now += MEMBER_SECONDS
    assert not door.members.has_a_say(crowd[0])
