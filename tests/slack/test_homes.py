"""Homes: whose word counts in them, by a clock that the test sets."""

import threading
import time

import pytest

from tagbot.lib.keyed_hash import KeyedHash
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.client import Slack
from tagbot.slack.homes import Homes
from tagbot.slack.members import FRESH_SECONDS
from tests.lib.clock import Clock


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
