"""Calls to Slack: what becomes of each failure of the other side."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tagbot.errors import Reject, Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import (
    Busy,
    OutcomeUnknown,
)
from tagbot.slack.client import Slack
from tests.lib.clock import Clock
from tests.slack.door import CALLS, FACE_ID, MESSAGE, failure, share


@pytest.fixture(name="prepared")
def _prepared(door: Slack) -> Slack:
    """The door to a workspace with a message and two files of ours."""
    door.channel.post(MESSAGE, "another", 1)
    share(door)
    return door


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("fault", "kind", "after"),
    [
        ({"status": 429, "retry_after": 7}, Busy, 7.0),
        ({"status": 500}, OutcomeUnknown, None),
        ({"status": 503}, OutcomeUnknown, None),
        ({"reset": True}, OutcomeUnknown, None),
        ({"error": "internal_error"}, OutcomeUnknown, None),
        ({"error": "invalid_auth"}, Retry, None),
        ({"error": "invalid_arguments"}, Reject, None),
    ],
    ids=str,
)
def test_whatever_is_called_a_failure_says_what_can_be_done(
    prepared: Slack,
    stand_in: SlackStandIn,
    method: str,
    fault: dict[str, Any],
    kind: type[Exception],
    after: float | None,
) -> None:
    stand_in.fail(method, **fault)
    raised = failure(prepared, stand_in, method)
    assert type(raised) is kind
    assert getattr(raised, "after", None) == after
    assert len([call for call in stand_in.calls(method) if call.fault]) == 1, "nothing is tried twice"


def test_a_call_that_hangs_ends_with_an_unknown_outcome(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.fail("chat.postMessage", hang=3.0)
    started = time.monotonic()
    assert type(failure(door, stand_in, "chat.postMessage")) is OutcomeUnknown
    assert time.monotonic() - started < 2.5


def test_a_slack_that_is_not_there_ends_with_an_unknown_outcome(
    settings: Settings, stand_in: SlackStandIn
) -> None:
    nobody = replace(settings, slack_api_url="http://127.0.0.1:9/api/")
    door = Slack(SlackApi.of(nobody, 1), settings.slack_channel, 1000.0, threading.Event())
    assert type(failure(door, stand_in, "chat.postMessage")) is OutcomeUnknown


def page(status: str, body: bytes, *headers: str) -> bytes:
    """An answer over HTTP."""
    length = f"Content-Length: {len(body)}"
    return "\r\n".join([f"HTTP/1.1 {status}", length, "Connection: close", *headers, "", ""]).encode() + body


HTML = b"<html><body>Sorry, Ann Lee, the proxy says no</body></html>"

STRANGE_ANSWERS = {
    "a page of a proxy": page("200 OK", HTML, "Content-Type: text/html"),
    "a page of a proxy that is down": page("502 Bad Gateway", HTML, "Content-Type: text/html"),
    "a page that forbids": page("403 Forbidden", HTML, "Content-Type: text/html"),
    "nothing": b"",
    "an empty answer": page("200 OK", b""),
    "half an answer": page("200 OK", b'{"ok": true}').replace(b"Content-Length: 12", b"Content-Length: 90"),
    "no http": b"220 mail.example.com ESMTP\r\n",
    "no text": page("200 OK", b"\xff\xfe\x00"),
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Something that answers every connection with these bytes; its address."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/api/"
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize("what", STRANGE_ANSWERS)
def test_an_answer_that_is_not_slacks_leaves_the_outcome_unknown(
    settings: Settings, stand_in: SlackStandIn, what: str
) -> None:
    with answering(STRANGE_ANSWERS[what]) as address:
        strange = replace(settings, slack_api_url=address)
        door = Slack(SlackApi.of(strange, 1), settings.slack_channel, 1000.0, threading.Event())
        raised = failure(door, stand_in, "chat.postMessage")
    assert type(raised) is OutcomeUnknown
    assert "Ann Lee" not in raised.reason


@pytest.mark.rule("retry-after")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Retry-After: 30", 30.0), ("retry-after: 2", 2.0), ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", 1.0)],
)
def test_retry_after_is_read_however_it_is_written(settings: Settings, header: str, seconds: float) -> None:
    limited = page("429 Too Many Requests", b'{"ok": false, "error": "ratelimited"}', header)
    with answering(limited) as address:
        strange = replace(settings, slack_api_url=address)
        door = Slack(SlackApi.of(strange, 1), settings.slack_channel, 1000.0, threading.Event())
        with pytest.raises(Retry) as why:
            door.channel.post(MESSAGE, FACE_ID, 1)
    assert (type(why.value), why.value.after) == (Busy, seconds)


@pytest.mark.rule("retry-after")
@pytest.mark.failure("slack-limits", shows="what happens")
def test_a_limited_method_is_left_alone_and_the_others_go_on(
    prepared: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    stand_in.fail("chat.postMessage", status=429, retry_after=30)
    before = len(stand_in.calls("chat.postMessage"))
    for _ in range(3):
        raised = failure(prepared, stand_in, "chat.postMessage")
        assert getattr(raised, "after", None) == 30.0
    assert len(stand_in.calls("chat.postMessage")) == before + 1, "Slack is not asked meanwhile"
    prepared.channel.update(stand_in.messages()[0].ts, MESSAGE)
    prepared.channel.tell(stand_in.people[0], "hello")
    clock.now += 30.0
    prepared.channel.post(MESSAGE, FACE_ID, 1)


def test_what_fails_is_logged_by_its_caller_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    api = SlackApi.of(replace(settings, slack_api_url="http://127.0.0.1:9/api/"))
    with pytest.raises(OutcomeUnknown):
        api.call("auth.test")
    assert caplog.records == []
