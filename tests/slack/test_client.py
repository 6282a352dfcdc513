"""The door to Slack's Web API: what it asks, and what it makes of each failure of the other side."""

import socketserver
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from slack_sdk import WebClient

from tagbot.errors import Reject, Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.blocks import Asked, Rendered, someone_else_modal
from tagbot.slack.client import (
    MEMBER_SECONDS,
    NOT_READY_AFTER,
    SCOPES,
    MessageGone,
    NoSuchMember,
    OutcomeUnknown,
    Picture,
    PictureGone,
    PictureNotReady,
    Slack,
)
from tagbot.slack.history import CLOCK_SECONDS, FORGOTTEN_SECONDS, SETTLE_SECONDS
from tagbot.slack.socket_mode.supervisor import web_client
from tests.lib.clock import Clock, Nap

FACE_ID = "3f0c1d52-0000-4000-8000-000000000001"
MESSAGE = Rendered("Who is this?", [{"type": "section", "text": {"type": "mrkdwn", "text": "Who is this?"}}])


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (120, 100), "grey").save(out, "JPEG")
    return out.getvalue()


PICTURES = [Picture(jpeg(), "Face", "The face"), Picture(jpeg(), "Photo", "The photo")]


def share(door: Slack, thread_ts: str | None = None) -> list[str]:
    """Have the two pictures in Slack; their ids."""
    files = door.upload(PICTURES)
    door.complete(dict(zip(files, ("Face", "Photo"), strict=True)), thread_ts)
    return files


CALLS: dict[str, Callable[[Slack, SlackStandIn], Any]] = {
    "chat.postMessage": lambda door, _: door.post(MESSAGE, FACE_ID, 1),
    "chat.update": lambda door, slack: door.update(slack.messages()[0].ts, MESSAGE),
    "chat.postEphemeral": lambda door, slack: door.tell(slack.people[0], "hello"),
    "conversations.history": lambda door, _: door.find_request(FACE_ID, 1, time.time()),
    "conversations.info": lambda door, _: door.channel_info(),
    "users.info": lambda door, slack: door.profile(slack.people[0]),
    "files.getUploadURLExternal": lambda door, _: door.upload(PICTURES),
    "files.completeUploadExternal": lambda door, _: share(door),
    "files.info": lambda door, slack: door.wait_until_ready([slack.files()[0].id]),
    "auth.test": lambda door, _: door.granted_scopes(),
    "views.open": lambda door, _: door.open_modal("1.2.3", someone_else_modal(Asked(FACE_ID, 1), "1.2")),
}
"""Every method that the bot calls, by what it wants of it."""


@pytest.fixture(name="prepared")
def _prepared(door: Slack) -> Slack:
    """The door to a workspace with a message and two files of ours."""
    door.post(MESSAGE, "another", 1)
    share(door)
    return door


def failure(door: Slack, slack: SlackStandIn, method: str) -> Retry | Reject:
    """What a call raises; no token is in it, nor in what a log would show of it."""
    with pytest.raises((Retry, Reject)) as why:
        CALLS[method](door, slack)
    raised = why.value
    assert isinstance(raised, Retry | Reject)
    told = "".join(traceback.format_exception(raised)) + repr(raised) + raised.reason
    assert slack.bot_token not in told
    assert slack.app_token not in told
    assert len(raised.reason) < 200
    return raised


# --- What failures amount to ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("fault", "kind", "after"),
    [
        ({"status": 429, "retry_after": 7}, Retry, 7.0),
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


ERRORS: dict[str, type[Exception]] = {
    **dict.fromkeys(
        ["internal_error", "fatal_error", "request_timeout", "service_unavailable"], OutcomeUnknown
    ),
    **dict.fromkeys(
        ["not_in_channel", "channel_not_found", "is_archived", "restricted_action", "missing_scope"], Retry
    ),
    **dict.fromkeys(["invalid_auth", "not_authed", "account_inactive", "token_revoked"], Retry),
    **dict.fromkeys(["ratelimited", "rate_limited", "message_limit_exceeded", "some_new_error"], Retry),
    **dict.fromkeys(["invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text"], Reject),
    **dict.fromkeys(["metadata_too_large", "invalid_json", "unknown_method"], Reject),
    **dict.fromkeys(["message_not_found", "cant_update_message", "edit_window_closed"], MessageGone),
    **dict.fromkeys(["user_not_found", "user_not_visible"], NoSuchMember),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_code_of_slack_says_what_can_be_done(
    door: Slack, stand_in: SlackStandIn, error: str
) -> None:
    stand_in.fail("chat.postMessage", error=error)
    raised = failure(door, stand_in, "chat.postMessage")
    assert type(raised) is ERRORS[error]
    assert error in raised.reason


@pytest.mark.rule("permission-named")
def test_a_missing_scope_is_named(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.set_workspace(scopes=["users:read"])
    raised = failure(door, stand_in, "chat.postMessage")
    assert (type(raised), raised.reason) == (
        Retry,
        "chat.postMessage: missing_scope (the Slack app needs the scope chat:write)",
    )


def test_a_call_that_hangs_ends_with_an_unknown_outcome(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.fail("chat.postMessage", hang=3.0)
    started = time.monotonic()
    assert type(failure(door, stand_in, "chat.postMessage")) is OutcomeUnknown
    assert time.monotonic() - started < 2.5


def test_a_slack_that_is_not_there_ends_with_an_unknown_outcome(
    settings: Settings, stand_in: SlackStandIn
) -> None:
    nobody = replace(settings, slack_api_url="http://127.0.0.1:9/api/")
    door = Slack(web_client(nobody, 1), settings.slack_channel, 1000.0, threading.Event())
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
        door = Slack(web_client(strange, 1), settings.slack_channel, 1000.0, threading.Event())
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
        door = Slack(web_client(strange, 1), settings.slack_channel, 1000.0, threading.Event())
        with pytest.raises(Retry) as why:
            door.post(MESSAGE, FACE_ID, 1)
    assert (type(why.value), why.value.after) == (Retry, seconds)


# --- Limits ---------------------------------------------------------------------------------------------


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
    prepared.update(stand_in.messages()[0].ts, MESSAGE)
    prepared.tell(stand_in.people[0], "hello")
    clock.now += 30.0
    prepared.post(MESSAGE, FACE_ID, 1)


@pytest.mark.rule("slack-pace")
def test_posts_keep_to_their_pace(settings: Settings, clock: Clock) -> None:
    nap = Nap(clock)
    door = Slack(web_client(settings, 5), settings.slack_channel, 1.0, nap, clock)
    for number in range(4):
        door.post(MESSAGE, f"face {number}", 1)
    assert nap.naps == pytest.approx([1 / 0.97] * 3), "a little slower than what is allowed"


@pytest.mark.rule("slack-pace")
def test_uploads_and_looks_at_them_keep_to_theirs(settings: Settings, clock: Clock) -> None:
    nap = Nap(clock)
    door = Slack(web_client(settings, 5), settings.slack_channel, 1.0, nap, clock)
    pictures = [Picture(PICTURES[0].content, f"Face {number}", "A face") for number in range(5)]
    files = door.upload(pictures)
    door.complete(dict.fromkeys(files, "Face"))
    door.wait_until_ready(files)
    a_hundred_a_minute = [60 / (100 * 0.97)] * 3  # but for the first two
    assert nap.naps == pytest.approx(a_hundred_a_minute * 2), "uploads and looks each have their own"


# --- No double post -------------------------------------------------------------------------------------


@pytest.mark.rule("post-never-twice")
@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_connection_posts_nothing_twice(door: Slack, stand_in: SlackStandIn, effect: bool) -> None:
    stand_in.fail("chat.postMessage", reset=True, effect=effect)
    with pytest.raises(OutcomeUnknown):
        door.post(MESSAGE, FACE_ID, 1)
    assert len(stand_in.calls("chat.postMessage")) == 1
    found = door.find_request(FACE_ID, 1, time.time())
    assert found == (stand_in.messages()[0].ts if effect else None)


def test_a_request_is_found_behind_hundreds_of_other_messages(door: Slack, stand_in: SlackStandIn) -> None:
    since = time.time()
    ts = door.post(MESSAGE, FACE_ID, 1)
    for number in range(201):
        stand_in.say(stand_in.people[0], f"chatter {number}")
    assert door.find_request(FACE_ID, 1, since) == ts
    assert [call.args.get("cursor", "") != "" for call in stand_in.calls("conversations.history")] == [
        False,
        True,
    ]
    assert door.find_request(FACE_ID, 2, since) is None


def test_only_the_request_of_the_face_and_round_is_found(
    door: Slack, stand_in: SlackStandIn, settings: Settings
) -> None:
    door.post(MESSAGE, FACE_ID, 1)
    other = WebClient(settings.slack_bot_token, base_url=settings.slack_api_url)
    for metadata in (
        {"event_type": "something_else", "event_payload": {"face_id": FACE_ID, "round": 2}},
        {"event_type": "facetag_request", "event_payload": {"face_id": "another", "round": 2}},
    ):
        other.chat_postMessage(channel=settings.slack_channel, text="hello", metadata=metadata)
    assert door.find_request(FACE_ID, 2, time.time()) is None
    ts = door.post(MESSAGE, FACE_ID, 2)
    assert door.find_request(FACE_ID, 2, time.time()) == ts
    assert stand_in.messages()[-1].ts == ts


@pytest.mark.parametrize(("behind", "found"), [(50.0, True), (70.0, False)])
def test_a_clock_that_differs_by_less_than_a_minute_hides_no_request(
    door: Slack, behind: float, found: bool
) -> None:
    ts = door.post(MESSAGE, FACE_ID, 1)
    assert (door.find_request(FACE_ID, 1, float(ts) + behind) == ts) is found


def lost(door: Slack, stand_in: SlackStandIn, *faces: str, effect: bool) -> None:
    """Posts whose answers never came."""
    stand_in.fail("chat.postMessage", times=len(faces), reset=True, effect=effect)
    for face in faces:
        with pytest.raises(OutcomeUnknown):
            door.post(MESSAGE, face, 1)


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
    assert [door.find_request(face, 1, since) for face in missing] == [None] * 8
    assert [door.find_request(face, 1, since) for face in there] == [each.ts for each in stand_in.messages()]
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
    assert door.find_request("early", 1, since) is None
    clock.now += SETTLE_SECONDS
    assert door.find_request("late", 1, since) == stand_in.messages()[0].ts
    lost(door, stand_in, "early", effect=True)  # another attempt, after that look
    clock.now += SETTLE_SECONDS
    assert door.find_request("early", 1, since) == stand_in.messages()[1].ts
    assert looks(stand_in) == 3


def test_a_look_goes_no_further_back_than_those_who_may_still_ask(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    lost(door, stand_in, "found", "never asked about", effect=True)
    clock.now += SETTLE_SECONDS
    assert door.find_request("found", 1, since)
    clock.now += FORGOTTEN_SECONDS + 1
    later = time.time()
    lost(door, stand_in, "new", effect=True)
    clock.now += SETTLE_SECONDS
    assert door.find_request("new", 1, later)
    oldest = [float(call.args["oldest"]) for call in stand_in.calls("conversations.history")]
    assert oldest == pytest.approx([since - CLOCK_SECONDS, later - CLOCK_SECONDS], abs=1e-5)


def test_a_post_of_which_this_process_knows_nothing_is_looked_for_anew_each_time(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    since = time.time()
    for number in range(3):
        clock.now += 100.0
        assert door.find_request(f"of another process {number}", 1, since) is None
    assert looks(stand_in) == 3


@pytest.mark.rule("unknown-posts-one-look")
def test_those_who_ask_while_somebody_looks_share_the_next_look(
    settings: Settings, stand_in: SlackStandIn
) -> None:
    door = Slack(web_client(settings, 5), settings.slack_channel, 1000.0, threading.Event())
    stand_in.fail("conversations.history", delay=1.0)  # time enough for all to have asked
    since = time.time()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(door.find_request, "first", 1, since)
        stand_in.wait_for(lambda: looks(stand_in))
        others = [pool.submit(door.find_request, f"other {number}", 1, since) for number in range(8)]
        assert [each.result() for each in (first, *others)] == [None] * 9
    assert looks(stand_in) == 2


def test_those_who_share_a_look_that_fails_fail_with_it(settings: Settings, stand_in: SlackStandIn) -> None:
    door = Slack(web_client(settings, 5), settings.slack_channel, 1000.0, threading.Event())
    stand_in.fail("conversations.history", delay=1.0)  # time enough for all to have asked
    stand_in.fail("conversations.history", status=503)
    since = time.time()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(door.find_request, "first", 1, since)
        stand_in.wait_for(lambda: looks(stand_in))
        others = [pool.submit(door.find_request, f"other {number}", 1, since) for number in range(8)]
        assert first.result() is None
        assert [type(each.exception()) for each in others] == [OutcomeUnknown] * 8
    assert looks(stand_in) == 2
    assert door.find_request("first", 1, time.time()) is None


# --- Messages -------------------------------------------------------------------------------------------


@pytest.mark.rule("request-metadata")
def test_a_post_carries_text_blocks_and_metadata(door: Slack, stand_in: SlackStandIn) -> None:
    ts = door.post(MESSAGE, FACE_ID, 3)
    message = stand_in.message(ts)
    assert message.text == MESSAGE.text
    assert message.metadata == {
        "event_type": "facetag_request",
        "event_payload": {"face_id": FACE_ID, "round": 3},
    }


@pytest.mark.rule("request-metadata")
def test_an_update_changes_text_and_blocks_and_keeps_the_metadata(
    door: Slack, stand_in: SlackStandIn
) -> None:
    ts = door.post(MESSAGE, FACE_ID, 1)
    door.update(ts, Rendered("Tagged", []))
    message = stand_in.message(ts)
    assert (message.text, message.blocks) == ("Tagged", [])
    assert message.metadata


def test_a_message_that_is_gone_is_said_to_be_gone(
    door: Slack, stand_in: SlackStandIn, settings: Settings
) -> None:
    ts = door.post(MESSAGE, FACE_ID, 1)
    WebClient(settings.slack_bot_token, base_url=settings.slack_api_url).chat_delete(
        channel=settings.slack_channel, ts=ts
    )
    with pytest.raises(MessageGone):
        door.update(ts, MESSAGE)
    assert stand_in.messages() == []


@pytest.mark.rule("told-to-one-alone")
def test_what_is_told_to_one_person_is_seen_by_that_person_alone(door: Slack, stand_in: SlackStandIn) -> None:
    door.tell(stand_in.people[0], "for you")
    assert [message.text for message in stand_in.ephemerals(stand_in.people[0])] == ["for you"]
    assert stand_in.ephemerals(stand_in.people[1]) == []
    assert stand_in.messages() == []


def test_who_is_not_in_the_channel_is_not_told_and_nothing_fails(door: Slack, stand_in: SlackStandIn) -> None:
    door.tell(stand_in.former, "are you there?")
    assert stand_in.calls("chat.postEphemeral")[0].answer["error"] == "user_not_in_channel"


# --- Pictures -------------------------------------------------------------------------------------------


@pytest.mark.rule("pictures-not-public")
def test_pictures_come_back_in_their_order_with_their_descriptions(
    door: Slack, stand_in: SlackStandIn
) -> None:
    ids = share(door)
    files = {file.id: file for file in stand_in.files()}
    assert [files[each].alt_text for each in ids] == ["The face", "The photo"]
    assert [files[each].name for each in ids] == ["face.jpg", "photo.jpg"]
    assert [stand_in.contents(each) for each in ids] == [picture.content for picture in PICTURES]
    assert all(file.shares == {} for file in files.values()), "private"


def test_pictures_are_shared_into_a_thread_when_one_is_given(door: Slack, stand_in: SlackStandIn) -> None:
    ts = door.post(MESSAGE, FACE_ID, 1)
    ids = share(door, ts)
    stand_in.wait_for(lambda: stand_in.replies(ts))
    assert [reply.files for reply in stand_in.replies(ts)] == [ids]
    assert len(stand_in.messages()) == 1


@pytest.mark.failure("picture-not-ready")
def test_a_picture_that_is_not_ready_is_waited_for(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.rules(file_ready_seconds=0.25)
    ids = share(door)
    door.wait_until_ready(ids)
    assert len(stand_in.calls("files.info")) > len(ids)
    door.post(showing(ids[0]), FACE_ID, 1)


def test_a_picture_that_never_gets_ready_ends_with_a_retry(
    settings: Settings, stand_in: SlackStandIn, clock: Clock
) -> None:
    stand_in.rules(file_ready_seconds=600)
    door = Slack(web_client(settings, 5), settings.slack_channel, 1000.0, Nap(clock), clock)
    with pytest.raises(Retry) as why:
        door.wait_until_ready(share(door))
    assert why.value.after == NOT_READY_AFTER
    assert 3 < len(stand_in.calls("files.info")) < 20


def test_a_message_with_a_picture_that_is_not_ready_is_refused_for_now(
    door: Slack, stand_in: SlackStandIn
) -> None:
    stand_in.rules(file_ready_seconds=600)
    (file, _) = share(door)
    with pytest.raises(PictureNotReady) as why:
        door.post(showing(file), FACE_ID, 1)
    assert why.value.after == NOT_READY_AFTER
    assert not isinstance(why.value, OutcomeUnknown)
    assert door.are_there([file])


def test_a_picture_that_was_deleted_is_gone(door: Slack, settings: Settings) -> None:
    ids = share(door)
    WebClient(settings.slack_bot_token, base_url=settings.slack_api_url).files_delete(file=ids[1])
    assert not door.are_there(ids)
    with pytest.raises(PictureGone):
        door.wait_until_ready(ids)


def showing(file: str) -> Rendered:
    return Rendered("A face", [{"type": "image", "slack_file": {"id": file}, "alt_text": "A face"}])


# --- People ---------------------------------------------------------------------------------------------


def test_a_profile_says_who_somebody_is(door: Slack, stand_in: SlackStandIn) -> None:
    profile = door.profile(stand_in.people[0])
    assert (profile.real_name, profile.display_name, profile.email) == (
        "Anna Lindqvist",
        "anna",
        "anna@example.com",
    )
    assert str(profile.picture_url).endswith("-512.png")
    assert (profile.is_bot, profile.deactivated) == (False, False)
    assert door.profile(stand_in.former).deactivated
    assert door.profile(stand_in.other_bot).is_bot


def test_that_somebody_can_be_chosen_is_believed_for_a_minute_and_that_not_is_asked_each_time(
    door: Slack, stand_in: SlackStandIn, clock: Clock
) -> None:
    person = stand_in.people[0]
    assert all(door.can_be_chosen(person) for _ in range(5))
    assert len(stand_in.calls("users.info")) == 1
    stand_in.set_member(person, deleted=True)
    assert door.can_be_chosen(person)
    clock.now += MEMBER_SECONDS + 1
    assert not door.can_be_chosen(person)
    assert not door.can_be_chosen(person)
    assert len(stand_in.calls("users.info")) == 3


def test_a_failed_question_about_a_member_is_not_remembered(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.fail("users.info", status=500)
    with pytest.raises(Retry):
        door.can_be_chosen(stand_in.people[0])
    assert door.can_be_chosen(stand_in.people[0])


# --- Checks ---------------------------------------------------------------------------------------------


def test_the_scopes_of_the_token_are_known(door: Slack) -> None:
    assert door.granted_scopes() >= set(SCOPES)


def test_a_channel_that_the_bot_cannot_see_can_be_mended(door: Slack, stand_in: SlackStandIn) -> None:
    assert door.channel_info()["name"] == "faces"
    stand_in.set_channel(is_private=True, members=[])
    with pytest.raises(Retry, match="channel_not_found"):
        door.channel_info()


def test_a_wrong_app_token_is_refused_without_being_told(door: Slack, stand_in: SlackStandIn) -> None:
    door.check_app_token(stand_in.app_token)
    with pytest.raises(Retry) as why:
        door.check_app_token("xapp-wrong-secret")
    assert "secret" not in why.value.reason
    assert stand_in.connections() == []


def test_a_modal_opens_for_whom_the_click_was(door: Slack, stand_in: SlackStandIn) -> None:
    raised = failure(door, stand_in, "views.open")
    assert raised.reason == "views.open: invalid_trigger_id"
