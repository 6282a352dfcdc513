"""The end: all that Slack brought is acknowledged, and nothing is left over."""

import logging
import threading
import time

import pytest
from slack_bolt import Ack, App

from tagbot.sandbox.driver import Slack
from tagbot.slack.socket_mode import shutdown
from tagbot.slack.socket_mode.supervisor import CONNECTIONS, OPEN
from tests.slack import clicking
from tests.slack.clicking import LATE_MS, button
from tests.slack.socket_mode.sockets import (
    connected,
    held_up,
    socket_mode,
    until,
)


def test_at_the_end_what_is_in_flight_is_acknowledged_and_finished(slack: Slack) -> None:
    taken, finished = threading.Event(), threading.Event()

    def register(app: App) -> None:
        @app.action("press")
        def press(ack: Ack) -> None:
            taken.set()
            time.sleep(0.2)  # work before the acknowledgement, and after it
            ack()
            time.sleep(0.2)
            finished.set()

    ts = button(slack)
    with connected(slack, register) as socket:
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        started = time.monotonic()
        socket.close()
        assert time.monotonic() - started < 1.0
        assert finished.is_set()
    assert slack.finished(act).acknowledged
    assert slack.connections() == []


@pytest.mark.rule("acknowledged-while-stopping")
def test_at_the_end_every_click_that_came_is_acknowledged(slack: Slack) -> None:
    socket = socket_mode(slack)
    socket.connect(threading.Event())
    slack.wait_for_connections(CONNECTIONS)
    with clicking.clicking(slack, button(slack), per_second=200) as clicks:
        until(lambda: len(slack.deliveries()) > 20)
        socket.close()
        until(lambda: slack.deliveries()[-1].error == "not_connected")
    print(clicks.in_words())  # noqa: T201 - shown with -s, and when it fails
    assert {each.error for each in clicks.lost} == {"not_connected"}
    assert clicks.percentile(100) < LATE_MS


@pytest.mark.rule("acknowledged-while-stopping")
def test_an_acknowledgement_that_crosses_the_end_of_the_last_connection_is_sent_again(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on), connections=1) as socket:
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        slack.disconnect("crossing")
        closing = threading.Thread(target=socket.close)
        closing.start()
        go_on.set()
        closing.join(5)
        assert not closing.is_alive()
        assert slack.finished(act).acknowledged
        assert slack.deliveries()[0].foreign
    assert not [record for record in caplog.records if record.levelno > logging.INFO], caplog.text


@pytest.mark.rule("acknowledged-while-stopping")
def test_what_is_finished_only_after_the_last_connection_has_ended_is_acknowledged_all_the_same(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "IDLE_SECONDS", 0.05)
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on)) as socket:
        act = slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        closing = threading.Thread(target=socket.close)
        closing.start()
        slack.wait_for(lambda: not slack.connections(), "the connections to end")
        go_on.set()
        assert slack.finished(act).acknowledged
        closing.join()
    assert slack.connections() == []


def test_the_end_waits_for_no_slack_that_is_away_to_acknowledge_what_is_left_over(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutdown, "IDLE_SECONDS", 0.05)
    taken, go_on = threading.Event(), threading.Event()
    ts = button(slack)
    with connected(slack, held_up(taken, go_on)) as socket:
        slack.click(slack.people[0], ts, "press", wait=False)
        assert taken.wait(5)
        slack.fail(OPEN, times=None, reset=True)
        closing = threading.Thread(target=socket.close)
        closing.start()
        slack.wait_for(lambda: not slack.connections(), "the connections to end")
        go_on.set()
        closing.join(5)
        assert not closing.is_alive()
    assert "an acknowledgement was lost" in caplog.text


def test_the_end_is_quick_also_when_slack_no_longer_answers(slack: Slack) -> None:
    with connected(slack) as socket:
        slack.disconnect("half_open")
        started = time.monotonic()
        socket.close()
        assert time.monotonic() - started < 2.5


def test_the_end_is_nobodys_trouble(slack: Slack, caplog: pytest.LogCaptureFixture) -> None:
    with connected(slack):
        pass
    assert not [record for record in caplog.records if record.levelno > 20], caplog.text


def test_no_thread_is_left_over(slack: Slack) -> None:
    before = set(threading.enumerate())
    with connected(slack):
        slack.disconnect("reset")
        slack.wait_for_connections(CONNECTIONS)
    until(lambda: not set(threading.enumerate()) - before)
