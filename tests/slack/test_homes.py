"""Homes: whose word counts in them, by a clock that the test sets."""

import json
import threading
import time

import pytest

from tagbot.lib.keyed_hash import KeyedHash
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack import home_words
from tagbot.slack.client import Slack
from tagbot.slack.homes import LOOKING_SECONDS, SETTLE_SECONDS, Homes
from tagbot.slack.members import FRESH_SECONDS
from tests.lib.clock import Clock
from tests.stages.scenes import say
from tests.world import World


@pytest.mark.rule("changed-accounts")
def test_who_became_a_guest_may_not_change_people_any_more(
    door: Slack, settings: Settings, stand_in: SlackStandIn, clock: Clock
) -> None:
    homes = Homes(door, settings, KeyedHash(bytes(32)), threading.Event(), time.time, clock)
    anna = stand_in.people[0]
    assert homes.may_manage(anna)
    stand_in.set_member(anna, is_restricted=True)
    clock.now += FRESH_SECONDS + 0.1
    assert not homes.may_manage(anna)


@pytest.mark.rule("places-at-home")
def test_in_a_home_that_stayed_open_nothing_moves_either(world: World, clock: Clock) -> None:
    first, second = (world.face(posted=True) for _ in range(2))
    anna, ben, *_ = world.slack.people
    stop = threading.Event()
    homes = Homes(world.services.slack, world.settings, KeyedHash(bytes(32)), stop, time.time, clock)
    thread = threading.Thread(target=homes.run, args=(list,))
    thread.start()
    try:
        homes.opened(anna, "")
        world.slack.wait_for_home(anna, lambda home: str(second.id) in json.dumps(home.content))
        clock.now += LOOKING_SECONDS + 1.0
        homes.opened(ben, "")
        world.slack.wait_for_home(ben)  # by then it is noticed that the other one looked long ago
        say(world, first, "dont_know", anna)
        homes.clicked(anna)
        clock.now += SETTLE_SECONDS
        homes.wake()
        home = world.slack.wait_for_home(
            anna, lambda home: home_words.LAST_ANSWERS in json.dumps(home.content)
        )
        heard = home_words.heard(home_words.you_said("I don't know", 1))
        assert json.dumps(home.content).index(heard) < json.dumps(home.content).index(second.id)
    finally:
        stop.set()
        homes.wake()
        thread.join()
