"""Acknowledgements: each click is answered in time, also when its connection ends."""

import logging
import threading
import time

import pytest
from slack_bolt import Ack, App

from tagbot.sandbox.driver import Slack
from tagbot.slack.socket_mode.supervisor import CONNECTIONS, LISTENERS, OPEN
from tests.handlers.conftest import connected_desk
from tests.slack.clicking import Clicks, button
from tests.slack.socket_mode.sockets import (
    connected,
    held_up,
    is_answered,
    wait_for_newer,
)
from tests.world import World, ts_of


def test_an_acknowledgement_leaves_on_the_connection_that_brought_the_click(slack: Slack) -> None:
    slack.rules(grace_seconds=30, strict_acknowledgements=True)
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on), connections=1):
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        slack.disconnect("refresh_requested")
        wait_for_newer(slack, 1)
        go_on.set()
        assert slack.finished(act).acknowledged


def test_a_click_on_a_connection_that_slack_is_about_to_end_is_acknowledged(slack: Slack) -> None:
    slack.rules(grace_seconds=30)
    ts = button(slack)
    with connected(slack, connections=1):
        slack.fail(OPEN, hang=1)  # so that there is no other connection to give the click to
        slack.disconnect("refresh_requested")
        assert is_answered(slack, ts)
        assert [each["leaving"] for each in slack.connections()] == [True]


def test_an_acknowledgement_whose_connection_is_gone_leaves_on_the_other(slack: Slack) -> None:
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on)):
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        [delivery] = slack.deliveries()
        slack.disconnect("reset", delivery.connection)
        wait_for_newer(slack, CONNECTIONS)
        go_on.set()
        assert slack.finished(act).acknowledged
        assert slack.deliveries()[0].foreign


@pytest.mark.rule("acknowledged-while-renewed")
@pytest.mark.parametrize("connections", [CONNECTIONS, 1])
def test_an_acknowledgement_that_crosses_the_end_of_its_connection_is_sent_again(
    slack: Slack, connections: int
) -> None:
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on), connections=connections):
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        slack.disconnect("crossing", slack.deliveries()[0].connection)
        go_on.set()
        assert slack.finished(act).acknowledged
        assert slack.deliveries()[0].foreign


@pytest.mark.ci
def test_two_hundred_clicks_in_five_seconds_are_acknowledged_at_once_and_stored_once(world: World) -> None:
    with connected_desk(world) as desk:
        ts = ts_of(desk.request())
        started = time.monotonic()
        acts = []
        for number in range(200):
            time.sleep(max(0.0, started + number / 40 - time.monotonic()))
            acts.append(desk.slack.click(desk.slack.people[number % 4], ts, "not_a_face", wait=False))
        clicks = Clicks(
            desk.slack.wait_for(
                lambda: (
                    [each for each in desk.slack.deliveries() if each.acknowledged or each.error]
                    if all(each.acknowledged or each.error for each in desk.slack.deliveries())
                    else None
                ),
                "all to be settled",
            )
        )
        print(clicks.in_words())  # noqa: T201 - shown with -s, and when it fails
        assert len(clicks.deliveries) == len(acts) == 200
        assert not clicks.lost
        assert clicks.percentile(99) < 500
        assert clicks.percentile(100) < 2000
        stored = [message.id for message in world.messages("face-tagging")]
        assert len(stored) == len(set(stored)) == 200


def test_who_clicks_is_answered_while_many_handlers_are_still_busy(slack: Slack) -> None:
    go_on = threading.Event()

    def register(app: App) -> None:
        @app.action("press")
        def press(ack: Ack) -> None:
            ack()
            go_on.wait(5)

    ts = button(slack)
    with connected(slack, register):
        assert all(is_answered(slack, ts) for _ in range(LISTENERS))
        go_on.set()


def test_what_people_do_stands_in_no_log(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    ts = button(slack)
    caplog.set_level(logging.DEBUG)
    with connected(slack):
        caplog.clear()  # of the answers to the SDK's own calls
        assert is_answered(slack, ts)
        assert slack.people[0] not in caplog.text
        assert "envelope_id" not in caplog.text
