"""Socket Mode on the stand-in, with Bolt: whatever Slack does to the connections, they come back."""

import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.sync.client import connect

from tagbot.sandbox.driver import Slack
from tagbot.settings import SettingsError
from tagbot.slack.socket_mode import connection, disconnect_reasons, supervisor
from tagbot.slack.socket_mode.supervisor import CONNECTIONS, OPEN, OPENINGS_AT_ONCE, SocketMode
from tests.slack import clicking
from tests.slack.clicking import LATE_MS, Clicks, button
from tests.slack.socket_mode.sockets import (
    BACK_SECONDS,
    connected,
    impatient,
    is_answered,
    newest,
    openings,
    socket_mode,
    state_that,
    until,
    wait_for_newer,
)


def renewed_while_clicking(slack: Slack, kind: str, times: int, connections: int) -> Clicks:
    most = 8 if connections > 1 else 1
    with clicking.clicking(slack, button(slack)) as clicks:
        for _ in range(times):
            before = newest(slack)
            in_turn = slack.wait_for_connections(connections)[-connections]
            slack.disconnect(kind, in_turn["id"])
            wait_for_newer(slack, before)
            # Slack allows ten, so that some of the old ones have to be gone; where there is only one, a
            # click might otherwise go to an old one that ends the moment after.
            slack.wait_for(lambda: len(slack.connections()) <= most, "the old ones to be gone")
    return clicks


@pytest.mark.ci
@pytest.mark.rule("acknowledged-while-renewed")
@pytest.mark.parametrize(
    ("connections", "kind", "times"),
    [(CONNECTIONS, "refresh_requested", 50), (1, "refresh_requested", 3), (1, "warning", 3)],
)
def test_renewals_are_noticed_by_nobody_who_clicks(
    slack: Slack, connections: int, kind: str, times: int
) -> None:
    with connected(slack, connections=connections) as socket:
        clicks = renewed_while_clicking(slack, kind, times, connections)
        assert socket.tracker.state.is_connected
    print(clicks.in_words())  # noqa: T201 - shown with -s, and when it fails
    assert len(clicks.deliveries) > times
    assert not clicks.lost
    assert clicks.percentile(99) < 500
    assert clicks.percentile(100) < LATE_MS


@pytest.mark.failure("connection-renewed")
def test_a_renewal_opens_the_new_connection_while_the_old_one_still_serves(slack: Slack) -> None:
    slack.rules(grace_seconds=30)
    with connected(slack, connections=1):
        slack.disconnect("refresh_requested")
        wait_for_newer(slack, 1)
        assert [each["leaving"] for each in slack.connections()] == [True, False]


@pytest.mark.rule("acknowledged-while-renewed")
@pytest.mark.parametrize("kind", ["reset", "close"])
def test_when_all_connections_end_people_are_answered_at_once_again(slack: Slack, kind: str) -> None:
    ts = button(slack)
    with connected(slack):
        before, started = newest(slack), time.monotonic()
        slack.disconnect(kind)
        wait_for_newer(slack, before)
        assert is_answered(slack, ts)
        assert time.monotonic() - started < 2.0  # of the ten that it may take


@pytest.mark.failure("one-connection-lost")
def test_while_one_of_the_connections_ends_the_other_goes_on(slack: Slack) -> None:
    torn = set()
    with connected(slack) as socket, clicking.clicking(slack, button(slack)) as clicks:
        for _ in range(10):
            before = newest(slack)
            [first, _] = slack.wait_for_connections(CONNECTIONS)
            slack.disconnect("reset", first["id"])
            torn.add(first["id"])
            wait_for_newer(slack, before)
            state_that(socket, lambda state: state.connections == CONNECTIONS)
    print(clicks.in_words())  # noqa: T201 - shown with -s, and when it fails
    # What was on the wire of a torn connection is gone; nobody finds the bot away, and nobody waits.
    assert all(each.connection in torn for each in clicks.lost)
    assert clicks.percentile(100) < LATE_MS


@pytest.mark.rule("acknowledged-while-renewed")
def test_connections_on_which_nothing_passes_any_more_are_noticed_and_replaced(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("PING_SECONDS", "PONG_SECONDS", "CLOSE_SECONDS"):
        monkeypatch.setattr(connection, name, getattr(connection, name) / 10)
    ts = button(slack)
    with connected(slack):
        before, started = newest(slack), time.monotonic()
        slack.disconnect("half_open")
        wait_for_newer(slack, before, CONNECTIONS)
        # A tenth of what it takes with the real figures; opening a connection takes as long as ever.
        assert time.monotonic() - started < BACK_SECONDS / 10
        slack.wait_for_connections(CONNECTIONS)
        slack.rules(ping_seconds=0.01)  # the stand-in gives up the silent ones
        slack.wait_for(lambda: len(slack.connections()) == CONNECTIONS, "the silent ones to be given up")
        assert is_answered(slack, ts)
    assert {record.name for record in caplog.records} <= {"tagbot.slack.socket_mode.connection_state"}, (
        "once, and without traceback"
    )


def test_a_silent_connection_is_noticed_well_within_ten_seconds() -> None:
    noticed = connection.PING_SECONDS + connection.PONG_SECONDS + connection.CLOSE_SECONDS
    assert noticed <= 7.0


def test_an_attempt_that_hangs_still_leaves_time_for_one_that_works() -> None:
    assert connection.OPEN_SECONDS + disconnect_reasons.RETRY_SECONDS < BACK_SECONDS - 2


UNREACHABLE: dict[str, dict[str, Any]] = {
    "reset": {"reset": True},
    "silent": {"hang": 1.5},
    "503": {"status": 503},
    "internal_error": {"error": "internal_error"},
}


@pytest.mark.ci
@pytest.mark.failure("all-connections-lost")
@impatient
@pytest.mark.parametrize("how", UNREACHABLE)
def test_when_slack_was_unreachable_people_are_answered_soon_after(
    slack: Slack, how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tagbot.slack.socket_mode.supervisor.OPEN_SECONDS", 1)
    ts = button(slack)
    with connected(slack) as socket:
        before = openings(slack)
        slack.fail(OPEN, times=None, **UNREACHABLE[how])
        slack.disconnect("reset")
        state_that(socket, lambda state: not state.is_connected)
        until(lambda: openings(slack) >= before + 4)
        state = socket.tracker.state
        assert state.in_words().startswith("Slack: not connected since ")
        assert "Slack " in state.trouble
        slack.heal()
        started = time.monotonic()
        slack.wait_for_connections(CONNECTIONS)
        assert is_answered(slack, ts)
        assert time.monotonic() - started < 3.0
        state_that(socket, lambda state: state.is_connected and not state.trouble)
    problems = [record for record in caplog.records if record.levelname == "ERROR"]
    assert 1 <= len(problems) <= 2, "once for each reason: broken off, no answer"


@impatient
def test_with_as_many_connections_as_slack_allows_the_bot_waits_for_a_free_one(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    ts = button(slack)
    with ExitStack() as others:
        for _ in range(10):
            client = WebClient(base_url=slack.api_url)
            address = client.apps_connections_open(app_token=slack.app_token)["url"]
            others.enter_context(connect(str(address)))
        slack.wait_for_connections(10)
        socket = socket_mode(slack)
        socket.connect(threading.Event())
        state = state_that(socket, lambda state: "no more connections" in state.trouble)
        assert not state.is_connected
    started = time.monotonic()
    slack.wait_for(lambda: slack.connections() and newest(slack) > 10, "the bot's connection")
    state_that(socket, lambda state: state.connections == CONNECTIONS)
    assert is_answered(slack, ts)
    assert time.monotonic() - started < BACK_SECONDS
    socket.close()
    assert caplog.text.count("no more connections") == 1


@pytest.mark.failure("socket-mode-off")
@impatient
def test_when_socket_mode_is_switched_off_the_operator_is_told_once_and_slack_is_left_in_peace(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    ts = button(slack)
    with connected(slack) as socket:
        before = openings(slack)
        slack.fail(OPEN, times=None, error="link_disabled")
        slack.disconnect("link_disabled")
        state = state_that(socket, lambda state: not state.is_connected)
        assert state.trouble == "Socket Mode is switched off in the settings of the Slack app"
        assert openings(slack) == before  # no attempt is made at once
        slack.heal()
        slack.wait_for_connections(CONNECTIONS)
        assert is_answered(slack, ts)
        state_that(socket, lambda state: not state.trouble)
    told = [record for record in caplog.records if "Socket Mode is switched off" in record.message]
    assert [record.levelname for record in told if record.levelname == "ERROR"] == ["ERROR"]


def test_what_somebody_has_to_mend_is_tried_again_within_a_minute() -> None:
    assert 10.0 <= disconnect_reasons.PATIENT_SECONDS <= 60.0 - 2 * connection.OPEN_SECONDS
    assert disconnect_reasons.SWITCHED_OFF.pause == disconnect_reasons.PATIENT_SECONDS
    assert disconnect_reasons.TOO_MANY.pause <= BACK_SECONDS - connection.OPEN_SECONDS


@impatient
def test_a_token_that_slack_refuses_later_is_named_and_tried_again(slack: Slack) -> None:
    ts = button(slack)
    with connected(slack) as socket:
        slack.fail(OPEN, times=None, error="invalid_auth")
        slack.disconnect("reset")
        state_that(socket, lambda state: "SLACK_APP_TOKEN is refused" in state.trouble)
        slack.heal()
        slack.wait_for_connections()
        assert is_answered(slack, ts)


def test_slack_is_left_alone_for_as_long_as_it_says(slack: Slack) -> None:
    with connected(slack) as socket:
        slack.fail(OPEN, status=429, retry_after=1)
        before = openings(slack)
        slack.disconnect("reset", 1)
        state_that(socket, lambda state: "asked the bot to wait" in state.trouble)
        slack.disconnect("reset")
        slack.wait_for_connections(CONNECTIONS)
        limited, *later = [call.at for call in slack.calls(OPEN)][before:]
        assert len(later) == CONNECTIONS
        assert min(later) - limited >= 1.0, "the other connection is not tried either"


def test_connections_that_end_as_soon_as_they_are_open_do_not_use_up_what_slack_allows(slack: Slack) -> None:
    stop = threading.Event()

    def end_them() -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                slack.wait_for_connections(timeout=0.2)
            slack.disconnect("close")

    with connected(slack, openings_per_second=2):
        before, started = openings(slack), time.monotonic()
        thread = threading.Thread(target=end_them)
        thread.start()
        slack.wait_for(lambda: openings(slack) >= before + OPENINGS_AT_ONCE, "some attempts")
        stop.wait(0.5)  # in which it might do too much
        count, seconds = openings(slack) - before, time.monotonic() - started
        stop.set()
        thread.join()
    assert count <= OPENINGS_AT_ONCE + 2 * seconds + 1


@impatient
def test_a_bug_while_connecting_does_not_leave_the_bot_deaf(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ts = button(slack)
    with connected(slack) as socket:
        with monkeypatch.context() as broken:
            broken.setattr(supervisor, "Connection", lambda *_: 1 // 0)
            broken.setattr(supervisor, "BUG", replace(disconnect_reasons.BUG, pause=0.1))
            slack.disconnect("reset")
            state_that(socket, lambda state: "a bug" in state.trouble)
        slack.wait_for_connections()
        assert is_answered(slack, ts)
    assert "ZeroDivisionError" in caplog.text


def start(socket: SocketMode, stop: threading.Event) -> threading.Thread:
    """Connect in a thread, as that may take until Slack is there."""
    thread = threading.Thread(target=socket.connect, args=(stop,))
    thread.start()
    return thread


@impatient
@pytest.mark.parametrize("method", ["auth.test", OPEN])
@pytest.mark.parametrize("how", [{"reset": True}, {"status": 503}, {"status": 429, "retry_after": 1}])
def test_a_start_without_slack_waits_for_it(slack: Slack, method: str, how: dict[str, object]) -> None:
    slack.fail(method, times=2 if "reset" in how else 1, **how)
    ts = button(slack)
    socket = socket_mode(slack)
    thread = start(socket, threading.Event())
    slack.wait_for_connections(CONNECTIONS)
    assert is_answered(slack, ts)
    thread.join()
    socket.close()


@impatient
def test_a_start_without_slack_can_be_given_up(slack: Slack) -> None:
    slack.fail("auth.test", times=None, reset=True)
    socket, stop = socket_mode(slack), threading.Event()
    thread = start(socket, stop)
    state_that(socket, lambda state: "does not answer" in state.trouble)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    socket.close()


@pytest.mark.parametrize(
    ("method", "variable"), [("auth.test", "SLACK_BOT_TOKEN"), (OPEN, "SLACK_APP_TOKEN")]
)
def test_a_token_that_slack_refuses_at_the_start_stops_the_bot(
    slack: Slack, method: str, variable: str
) -> None:
    slack.fail(method, error="invalid_auth")
    socket = socket_mode(slack)
    with pytest.raises(SettingsError) as refused:
        socket.connect(threading.Event())
    assert variable in str(refused.value)
    assert "xoxb" not in str(refused.value)
    assert "xapp" not in str(refused.value)
    socket.close()
