"""Looks at the channel's history: few serve many, and none misses a post."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.client import Slack
from tagbot.slack.history import CLOCK_SECONDS, FORGOTTEN_SECONDS, SETTLE_SECONDS
from tests.lib.clock import Clock
from tests.slack.door import MESSAGE


def lost(door: Slack, stand_in: SlackStandIn, *faces: str, effect: bool) -> None:
    """Posts whose answers never came."""
    stand_in.fail("chat.postMessage", times=len(faces), reset=True, effect=effect)
    for face in faces:
        with pytest.raises(OutcomeUnknown):
            door.channel.post(MESSAGE, face, 1)


def looks(stand_in: SlackStandIn) -> int:
    return len(stand_in.calls("conversations.history"))


def test_one_look_serves_all_whose_posts_had_settled_before_it(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    there, missing = [f"there {number}" for number in range(8)], [f"missing {number}" for number in range(8)]
    lost(door, stand_in, *missing, effect=False)
    lost(door, stand_in, *there, effect=True)
    clock.now += SETTLE_SECONDS
    assert [door.channel.find_request(face, 1, since) for face in missing] == [None] * 8
    assert [door.channel.find_request(face, 1, since) for face in there] == [
        each.ts for each in stand_in.messages()
    ]
    assert looks(stand_in) == 1


@pytest.mark.rule("unknown-posts-one-look")
def test_a_look_serves_nobody_whose_post_it_may_have_missed(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    lost(door, stand_in, "early", effect=False)
    clock.now += SETTLE_SECONDS - 0.1
    lost(door, stand_in, "late", effect=True)
    clock.now += 0.1
    assert door.channel.find_request("early", 1, since) is None
    clock.now += SETTLE_SECONDS
    assert door.channel.find_request("late", 1, since) == stand_in.messages()[0].ts
    lost(door, stand_in, "early", effect=True)  # another attempt, after that look
    clock.now += SETTLE_SECONDS
    assert door.channel.find_request("early", 1, since) == stand_in.messages()[1].ts
    assert looks(stand_in) == 3


def test_a_look_goes_no_further_back_than_those_who_may_still_ask(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    lost(door, stand_in, "found", "never asked about", effect=True)
    clock.now += SETTLE_SECONDS
    assert door.channel.find_request("found", 1, since)
    clock.now += FORGOTTEN_SECONDS + 1
    later = time.time()
    lost(door, stand_in, "new", effect=True)
    clock.now += SETTLE_SECONDS
    assert door.channel.find_request("new", 1, later)
    oldest = [float(call.args["oldest"]) for call in stand_in.calls("conversations.history")]
    assert oldest == pytest.approx([since - CLOCK_SECONDS, later - CLOCK_SECONDS], abs=1e-5)


def test_a_post_of_which_this_process_knows_nothing_is_looked_for_anew_each_time(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    for number in range(3):
        clock.now += 100.0
        assert door.channel.find_request(f"of another process {number}", 1, since) is None
    assert looks(stand_in) == 3


@pytest.mark.rule("unknown-posts-one-look")
def test_those_who_ask_while_somebody_looks_share_the_next_look(
    settings: Settings, stand_in: SlackStandIn
) -> None:
    door = Slack(SlackApi.of(settings, 5), settings.slack_channel, 1000.0, threading.Event())
    stand_in.fail("conversations.history", delay=1.0)  # time enough for all to have asked
    since = time.time()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(door.channel.find_request, "first", 1, since)
        stand_in.wait_for(lambda: looks(stand_in))
        others = [pool.submit(door.channel.find_request, f"other {number}", 1, since) for number in range(8)]
        assert [each.result() for each in (first, *others)] == [None] * 9
    assert looks(stand_in) == 2


def test_those_who_share_a_look_that_fails_fail_with_it(settings: Settings, stand_in: SlackStandIn) -> None:
    door = Slack(SlackApi.of(settings, 5), settings.slack_channel, 1000.0, threading.Event())
    stand_in.fail("conversations.history", delay=1.0)  # time enough for all to have asked
    stand_in.fail("conversations.history", status=503)
    since = time.time()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(door.channel.find_request, "first", 1, since)
        stand_in.wait_for(lambda: looks(stand_in))
        others = [pool.submit(door.channel.find_request, f"other {number}", 1, since) for number in range(8)]
        assert first.result() is None
        assert [type(each.exception()) for each in others] == [OutcomeUnknown] * 8
    assert looks(stand_in) == 2
    assert door.channel.find_request("first", 1, time.time()) is None
