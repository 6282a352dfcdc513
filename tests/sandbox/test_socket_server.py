"""Socket Mode with bare WebSockets, where each frame can be seen, and with Slack's own client."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from slack_bolt import App
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act

from .conftest import Connect
from .samples import actions, button

Test = Callable[[aiohttp.ClientSession], Coroutine[Any, Any, None]]


@pytest.fixture
def anna(slack: Slack) -> str:
    return slack.people[0]


@pytest.fixture
def ts(slack: Slack, web: WebClient) -> str:
    """A message with a button."""
    stamp: str = web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(button())])["ts"]
    return stamp


@pytest.fixture(autouse=True)
def _quiet(slack: Slack) -> None:
    # The pings of the other tests would stand between the frames here.
    slack.rules(ping_seconds=60)


def address(slack: Slack) -> str:
    client = WebClient(base_url=slack.api_url)
    url: str = client.apps_connections_open(app_token=slack.app_token)["url"]
    return url


@asynccontextmanager
async def connected(slack: Slack, count: int = 1) -> AsyncIterator[list[ClientWebSocketResponse]]:
    """Some connections that have been greeted."""
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(address(slack), autoping=False) for _ in range(count)]
        for socket in sockets:
            assert (await socket.receive_json())["type"] == "hello"
        await asyncio.to_thread(slack.wait_for_connections, count)
        yield sockets


async def click(slack: Slack, member: str, ts: str) -> Act:
    return await asyncio.to_thread(slack.click, member, ts, "press", wait=False)


async def ended(slack: Slack, act: Act) -> Act:
    return await asyncio.to_thread(slack.finished, act)


async def gone(socket: ClientWebSocketResponse) -> WSMsgType:
    """How a connection ended."""
    return (await socket.receive(timeout=5)).type


def test_the_first_frame_says_hello(slack: Slack) -> None:
    async def test() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(address(slack)) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            assert hello["connection_info"]["app_id"]
            assert hello["debug_info"]["approximate_connection_time"]

    asyncio.run(test())


@pytest.mark.parametrize("ticket", ["used", "invented"])
def test_a_ticket_is_good_for_one_connection(slack: Slack, ticket: str) -> None:
    async def test() -> None:
        url = address(slack) if ticket == "used" else f"{slack.address}/link/?ticket=invented"
        async with aiohttp.ClientSession() as session:
            if ticket == "used":
                await session.ws_connect(url)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)

    asyncio.run(test())


def test_an_acknowledged_click_is_told_to_the_person(slack: Slack, ts: str, anna: str) -> None:
    async def test() -> None:
        async with connected(slack) as (socket,):
            act = await click(slack, anna, ts)
            envelope = await socket.receive_json()
            assert envelope["type"] == "interactive"
            assert envelope["accepts_response_payload"] is True
            assert envelope["payload"]["actions"][0]["action_id"] == "press"
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            act = await ended(slack, act)
            assert act.acknowledged
            assert act.latency_ms is not None
            assert act.latency_ms < 1000

    asyncio.run(test())


def test_each_envelope_goes_to_exactly_one_connection(slack: Slack, ts: str, anna: str) -> None:
    async def test() -> None:
        async with connected(slack, 3) as sockets:
            acts = [await click(slack, anna, ts) for _ in range(12)]
            heard = await asyncio.gather(*(listen(socket) for socket in sockets))
            assert sum(heard) == 12
            assert all(heard), "with three connections each gets some of them"
            assert all([(await ended(slack, act)).acknowledged for act in acts])

    async def listen(socket: ClientWebSocketResponse) -> int:
        count = 0
        while True:
            try:
                envelope = await socket.receive_json(timeout=0.2)
            except TimeoutError:
                return count
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            count += 1

    asyncio.run(test())


@pytest.mark.parametrize("strict", [False, True])
def test_an_acknowledgement_on_another_connection_counts_unless_strict(
    slack: Slack, ts: str, anna: str, *, strict: bool
) -> None:
    slack.rules(strict_acknowledgements=strict, acknowledge_seconds=0.2)

    async def test() -> None:
        async with connected(slack, 2) as sockets:
            act = await click(slack, anna, ts)
            waiting = [asyncio.create_task(socket.receive_json()) for socket in sockets]
            done, (other,) = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
            await sockets[waiting.index(other)].send_json({"envelope_id": done.pop().result()["envelope_id"]})
            assert (await ended(slack, act)).acknowledged is not strict
            assert slack.deliveries()[0].foreign

    asyncio.run(test())


def test_a_second_acknowledgement_changes_nothing(slack: Slack, ts: str, anna: str) -> None:
    async def test() -> None:
        async with connected(slack) as (first,):
            act = await click(slack, anna, ts)
            answer = {"envelope_id": (await first.receive_json())["envelope_id"]}
            await first.send_json(answer)
            assert (await ended(slack, act)).acknowledged
            before = slack.deliveries()
            async with connected(slack) as (second,):
                await second.send_json(answer)
                await second.ping(b"heard?")
                assert (await second.receive()).type is WSMsgType.PONG
            assert slack.deliveries() == before
            assert slack.stray() == 0

    asyncio.run(test())


def test_a_missed_deadline_is_a_timeout_for_the_person_and_nothing_is_sent_again(
    slack: Slack, ts: str, anna: str
) -> None:
    slack.rules(acknowledge_seconds=0.05)

    async def test() -> None:
        async with connected(slack) as (socket,):
            act = await ended(slack, await click(slack, anna, ts))
            assert (act.delivered, act.acknowledged, act.error) == (True, False, "operation_timeout")
            await socket.receive_json()
            with pytest.raises(TimeoutError):
                await socket.receive_json(timeout=0.1)

    asyncio.run(test())


@pytest.mark.parametrize("frame", ['{"envelope_id": "invented"}', "no json", "[]"])
def test_an_acknowledgement_of_nothing_is_counted(slack: Slack, frame: str) -> None:
    async def test() -> None:
        async with connected(slack) as (socket,):
            await socket.send_str(frame)
            await asyncio.to_thread(slack.wait_for, lambda: slack.stray() == 1, "a stray acknowledgement")

    asyncio.run(test())


def test_an_event_is_sent_again_three_times(slack: Slack, anna: str) -> None:
    slack.rules(acknowledge_seconds=0.03, retry_seconds=[0, 0.01, 0.02])
    slack.set_workspace(subscriptions=["message.channels"])

    async def test() -> None:
        async with connected(slack) as (socket,):
            await asyncio.to_thread(slack.say, anna, "hello")
            frames = [await socket.receive_json(timeout=2) for _ in range(4)]
            assert [(frame["retry_attempt"], frame["retry_reason"]) for frame in frames] == [
                (0, ""),
                (1, "timeout"),
                (2, "timeout"),
                (3, "timeout"),
            ]
            assert len({frame["payload"]["event_id"] for frame in frames}) == 1
            assert {frame["type"] for frame in frames} == {"events_api"}
            assert not any(frame["accepts_response_payload"] for frame in frames)
            with pytest.raises(TimeoutError):
                await socket.receive_json(timeout=0.1)

    asyncio.run(test())


def test_an_acknowledged_event_is_not_sent_again(slack: Slack, anna: str) -> None:
    slack.rules(acknowledge_seconds=0.05, retry_seconds=[0, 0, 0])
    slack.set_workspace(subscriptions=["message.channels"])

    async def test() -> None:
        async with connected(slack) as (socket,):
            await asyncio.to_thread(slack.say, anna, "hello")
            first = await socket.receive_json()
            again = await socket.receive_json()  # the first was left without an answer
            await socket.send_json({"envelope_id": again["envelope_id"]})
            assert first["payload"] == again["payload"]
            with pytest.raises(TimeoutError):
                await socket.receive_json(timeout=0.15)

    asyncio.run(test())


def test_the_eleventh_connection_is_sent_away(slack: Slack) -> None:
    async def test() -> None:
        async with connected(slack, 10) as sockets:
            async with aiohttp.ClientSession() as session:
                extra = await session.ws_connect(address(slack))
                frame = await extra.receive_json()
                assert (frame["type"], frame["reason"]) == ("disconnect", "too_many_websockets")
                assert await gone(extra) is WSMsgType.CLOSE
            assert len(slack.connections()) == len(sockets)

    asyncio.run(test())


def test_a_ping_is_answered_with_its_own_payload(slack: Slack) -> None:
    async def test() -> None:
        async with connected(slack) as (socket,):
            await socket.ping(b"session:123.456")
            pong = await socket.receive()
            assert (pong.type, pong.data) == (WSMsgType.PONG, b"session:123.456")

    asyncio.run(test())


def test_slack_pings_by_itself(slack: Slack) -> None:
    slack.rules(ping_seconds=0.02)

    async def test() -> None:
        async with connected(slack) as (socket,):
            assert (await socket.receive()).type is WSMsgType.PING

    asyncio.run(test())


def test_a_connection_that_never_answers_is_given_up(slack: Slack) -> None:
    slack.rules(ping_seconds=0.03)

    async def test() -> None:
        async with connected(slack):
            await asyncio.to_thread(slack.wait_for, lambda: not slack.connections(), "it to be given up")

    asyncio.run(test())


def test_a_warning_comes_before_the_refresh_and_the_end_after_it(slack: Slack) -> None:
    slack.rules(warning_seconds=0.05, grace_seconds=0.05)

    async def test() -> None:
        async with connected(slack) as (socket,):
            assert slack.disconnect("warning") == 1
            reasons = [(await socket.receive_json(timeout=2))["reason"] for _ in range(2)]
            assert reasons == ["warning", "refresh_requested"]
            assert await gone(socket) is WSMsgType.CLOSE

    asyncio.run(test())


def test_a_connection_that_was_asked_to_go_gets_nothing_once_there_is_another(
    slack: Slack, ts: str, anna: str
) -> None:
    async def test() -> None:
        async with connected(slack) as (old,):
            slack.disconnect("refresh_requested")
            assert (await old.receive_json())["reason"] == "refresh_requested"
            await click(slack, anna, ts)
            assert (await old.receive_json())["type"] == "interactive", "it is still the only one"
            async with aiohttp.ClientSession() as session:
                new = await session.ws_connect(address(slack))
                await new.receive_json()
                for _ in range(5):
                    await click(slack, anna, ts)
                    assert (await new.receive_json(timeout=2))["type"] == "interactive"

    asyncio.run(test())


@pytest.mark.parametrize(
    ("kind", "end"),
    [("close", WSMsgType.CLOSE), ("link_disabled", WSMsgType.CLOSE), ("reset", WSMsgType.ERROR)],
)
def test_a_connection_ends_in_many_ways(slack: Slack, kind: str, end: WSMsgType) -> None:
    async def test() -> None:
        async with connected(slack) as (socket,):
            slack.disconnect(kind)
            if kind == "link_disabled":
                assert (await socket.receive_json())["reason"] == "link_disabled"
            assert await gone(socket) in (end, WSMsgType.CLOSED)
            await asyncio.to_thread(slack.wait_for, lambda: not slack.connections(), "it to be gone")

    asyncio.run(test())


def test_a_close_may_cross_an_acknowledgement_which_is_lost(slack: Slack, ts: str, anna: str) -> None:
    slack.rules(acknowledge_seconds=0.1)

    async def test() -> None:
        async with connected(slack) as (socket,):
            slack.disconnect("crossing")
            act = await click(slack, anna, ts)
            await socket.send_json({"envelope_id": (await socket.receive_json())["envelope_id"]})
            await socket.ping(b"heard?")
            assert await gone(socket) is WSMsgType.CLOSE
            assert (await ended(slack, act)).error == "operation_timeout"

    asyncio.run(test())


def test_a_half_open_connection_swallows_everything(slack: Slack, ts: str, anna: str) -> None:
    slack.rules(acknowledge_seconds=0.1)

    async def test() -> None:
        async with connected(slack) as (socket,):
            slack.disconnect("half_open")
            await asyncio.to_thread(
                slack.wait_for, lambda: slack.connections()[0]["silent"], "it to fall silent"
            )
            await socket.ping(b"anybody there?")
            act = await ended(slack, await click(slack, anna, ts))
            assert (act.delivered, act.error) == (True, "operation_timeout")
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=0.1)
            assert not socket.closed

    asyncio.run(test())


def test_one_connection_of_several_is_ended(slack: Slack) -> None:
    async def test() -> None:
        async with connected(slack, 2):
            first, second = (each["id"] for each in slack.connections())
            assert slack.disconnect("reset", first) == 1
            await asyncio.to_thread(
                slack.wait_for,
                lambda: [each["id"] for each in slack.connections()] == [second],
                "one to stay",
            )

    asyncio.run(test())


def test_an_unknown_end_is_refused(slack: Slack) -> None:
    with pytest.raises(Refused, match="no way to disconnect called explode"):
        slack.disconnect("explode")


# ---------------------------------------------------------------- with Slack's own client


def test_fifty_clicks_at_once_are_all_acknowledged(
    slack: Slack, app: App, connect: Connect, ts: str, anna: str
) -> None:
    slack.rules(ping_seconds=0.1)
    app.action("press")(lambda ack: ack())
    connect(app)
    acts = [slack.click(anna, ts, "press", wait=False) for _ in range(50)]
    latencies = [slack.finished(act).latency_ms for act in acts]
    assert all(latencies)
    assert len(slack.deliveries()) == 50


@pytest.mark.ci
def test_slacks_own_client_comes_back_after_a_clean_close(
    slack: Slack, app: App, connect: Connect, ts: str, anna: str
) -> None:
    slack.rules(ping_seconds=0.1)
    app.action("press")(lambda ack: ack())
    connect(app)
    slack.disconnect("close")
    slack.wait_for(lambda: [each for each in slack.connections() if each["id"] > 1], "a new connection")
    assert slack.click(anna, ts, "press").acknowledged


@pytest.mark.ci
def test_slacks_own_client_goes_silent_at_a_refresh(
    slack: Slack, app: App, connect: Connect, ts: str, anna: str
) -> None:
    """The SDK's blackout: until its blocking read ends, a new connection is neither read nor answered."""
    app.action("press")(lambda ack: ack())
    connect(app)
    slack.disconnect("refresh_requested")
    slack.wait_for(lambda: [each for each in slack.connections() if each["id"] > 1], "a new connection")
    start = time.monotonic()
    act = slack.click(anna, ts, "press")
    assert time.monotonic() - start > 1
    assert act.latency_ms is None or act.latency_ms > 1000
