"""Socket Mode on the stand-in, with Bolt: whatever Slack does to the connections, people are answered."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from websockets.sync.client import connect

from tagbot.sandbox.driver import Slack, running_slack
from tagbot.settings import SettingsError
from tagbot.slack.socket_mode import connection, disconnects
from tagbot.slack.socket_mode import supervisor as socket_module
from tagbot.slack.socket_mode.link_state import LinkState
from tagbot.slack.socket_mode.supervisor import CONNECTIONS, LISTENERS, OPEN, OPENINGS_AT_ONCE, SocketMode
from tests.handlers.conftest import connected_desk
from tests.slack import clicking
from tests.slack.clicking import LATE_MS, Clicks, button
from tests.world import World

BACK_SECONDS = 10.0
"""Within so long people have to be answered again once the cause is gone."""


@pytest.fixture(name="slack")
def _slack() -> Iterator[Slack]:
    with running_slack(rate_limits=0, warning_seconds=0.03, grace_seconds=0.3) as slack:
        yield slack


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as a test wants them, where only their order matters."""
    monkeypatch.setattr(disconnects, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(disconnects, "PATIENT_SECONDS", 0.3)
    for reason, ending in disconnects.FAREWELLS.items():
        monkeypatch.setitem(disconnects.FAREWELLS, reason, replace(ending, pause=0.3))


impatient = pytest.mark.usefixtures("_impatient")


def socket_mode(
    slack: Slack,
    register: Callable[[App], None] = clicking.register,
    *,
    connections: int = CONNECTIONS,
    openings_per_second: float = 100,
) -> SocketMode:
    client = WebClient(slack.bot_token, base_url=slack.api_url, timeout=5, retry_handlers=[])
    return SocketMode(
        client,
        slack.app_token,
        register,
        connections=connections,
        openings_per_second=openings_per_second,
    )


@contextmanager
def connected(
    slack: Slack,
    register: Callable[[App], None] = clicking.register,
    *,
    connections: int = CONNECTIONS,
    openings_per_second: float = 100,
) -> Iterator[SocketMode]:
    socket = socket_mode(slack, register, connections=connections, openings_per_second=openings_per_second)
    socket.connect(threading.Event())
    try:
        state_that(socket, lambda state: state.connections == connections)
        yield socket
    finally:
        socket.close()


def held_up(taken: threading.Event, go_on: threading.Event) -> Callable[[App], None]:
    """A handler that says when it began, and acknowledges when it is told to."""

    def register(app: App) -> None:
        @app.action("press")
        def press(ack: Ack) -> None:
            taken.set()
            go_on.wait(5)
            ack()

    return register


def newest(slack: Slack) -> int:
    return max((int(each["id"]) for each in slack.connections()), default=0)


def wait_for_newer(slack: Slack, than: int, count: int = 1) -> None:
    """Until there are so many connections that were not there before."""
    slack.wait_for(lambda: sum(each["id"] > than for each in slack.connections()) >= count, "new connections")


def is_answered(slack: Slack, ts: str) -> bool:
    return slack.click(slack.people[0], ts, "press").acknowledged


def until(condition: Callable[[], bool]) -> None:
    """For what is no event of the stand-in's."""
    end = time.monotonic() + BACK_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def state_that(socket: SocketMode, fits: Callable[[LinkState], bool]) -> LinkState:
    """What the operator is told, once it is as wanted."""
    until(lambda: fits(socket.link.state))
    return socket.link.state


def openings(slack: Slack) -> int:
    return len(slack.calls(OPEN))


# --- Renewals ----------------------------------------------------------------------------------------------


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
        assert socket.link.state.is_connected
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


# --- Losses ------------------------------------------------------------------------------------------------


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
    assert {record.name for record in caplog.records} <= {"tagbot.slack.socket_mode.link_state"}, (
        "once, and without traceback"
    )


def test_a_silent_connection_is_noticed_well_within_ten_seconds() -> None:
    noticed = connection.PING_SECONDS + connection.PONG_SECONDS + connection.CLOSE_SECONDS
    assert noticed <= 7.0


def test_an_attempt_that_hangs_still_leaves_time_for_one_that_works() -> None:
    assert connection.OPEN_SECONDS + disconnects.RETRY_SECONDS < BACK_SECONDS - 2


UNREACHABLE: dict[str, dict[str, Any]] = {
    "reset": {"reset": True},
    "silent": {"hang": 1.5},
    "503": {"status": 503},
    "internal_error": {"error": "internal_error"},
}


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
        state = socket.link.state
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
    assert 10.0 <= disconnects.PATIENT_SECONDS <= 60.0 - 2 * connection.OPEN_SECONDS
    assert disconnects.SWITCHED_OFF.pause == disconnects.PATIENT_SECONDS
    assert disconnects.TOO_MANY.pause <= BACK_SECONDS - connection.OPEN_SECONDS


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


@impatient
def test_a_bug_while_connecting_does_not_leave_the_bot_deaf(
    slack: Slack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ts = button(slack)
    with connected(slack) as socket:
        with monkeypatch.context() as broken:
            broken.setattr(socket_module, "Connection", lambda *_: 1 // 0)
            broken.setattr(socket_module, "BUG", replace(disconnects.BUG, pause=0.1))
            slack.disconnect("reset")
            state_that(socket, lambda state: "a bug" in state.trouble)
        slack.wait_for_connections()
        assert is_answered(slack, ts)
    assert "ZeroDivisionError" in caplog.text


# --- Many clicks -------------------------------------------------------------------------------------------


def test_two_hundred_clicks_in_five_seconds_are_acknowledged_at_once_and_stored_once(world: World) -> None:
    with connected_desk(world) as desk:
        ts = desk.request().message_ts or ""
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


# --- Beginning and end -------------------------------------------------------------------------------------


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


def test_at_the_end_what_is_in_hand_is_acknowledged_and_finished(slack: Slack) -> None:
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
    monkeypatch.setattr(socket_module, "IDLE_SECONDS", 0.05)
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
    monkeypatch.setattr(socket_module, "IDLE_SECONDS", 0.05)
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
