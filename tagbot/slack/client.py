"""The door to Slack's Web API: the only caller of WebClient.

It keeps to Slack's pace, and turns each failure into `Retry`, `OutcomeUnknown` or `Reject`. None of their
texts holds a token or what a person wrote.
"""

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError
from slack_sdk.web import SlackResponse

from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints
from tagbot.lib.health import Health
from tagbot.lib.rate_limit import Holds, MakeTurns, own_turns, retry_after
from tagbot.slack.blocks import Rendered
from tagbot.slack.history import CLOCK_SECONDS, History, Mark
from tagbot.vocabulary import EventType

T = TypeVar("T")

TIMEOUT_SECONDS = 10
"""Of one call. Slack answers in tenths of a second; who waits longer waits for nothing."""

POSTS_MARGIN = 0.97
"""Of the pace that is allowed: posts meet on the way, and one that Slack sees too early costs a second."""

UPDATES_PER_POST = 40 / 60
UPDATES_AT_ONCE = 10
"""Slack allows 50 updates a minute (Tier 3) where it allows 60 posts: 40 evenly and 10 at once are never
more.
"""

FILE_CALLS_PER_POST = 100 / 60
FILE_CALLS_AT_ONCE = 2
"""Slack allows 100 uploads, and 100 looks at a file, a minute (Tier 4) where it allows 60 posts. With two
pictures each, that is 50 requests.
"""

READY_SECONDS = 8.0
"""How long one attempt waits for uploaded pictures: Slack scans them first, usually within three seconds."""

READY_POLLS = (0.1, 0.3, 0.6, 1.0, 1.5, 2.0)
"""Seconds between two looks whether a picture is ready; the last one repeats."""

NOT_READY_AFTER = 3.0
"""Seconds until a post is tried again that Slack refused because a picture was not ready."""

MEMBER_SECONDS = 60.0
"""How long it is believed that a member can be chosen; that one cannot may change at any time."""

_OURS = frozenset(
    {
        "invalid_arguments", "invalid_array_arg", "invalid_blocks", "invalid_blocks_format",
        "invalid_form_data", "invalid_json", "invalid_metadata_format", "invalid_metadata_schema",
        "metadata_too_large", "missing_argument", "msg_blocks_too_long", "msg_too_long", "no_text",
        "unknown_method",
    }
)  # fmt: skip
"""Errors that a call will meet however often it is made, because what we send is wrong."""

_CODE = re.compile(r"[a-z0-9_]{1,80}")
"""How Slack writes an error."""

TROUBLED = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
"""Errors that say that Slack itself failed, perhaps half-way."""

_NO_MEMBER = frozenset({"user_not_found", "user_not_visible", "user_not_in_channel"})

_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
"""Errors that say that a message of ours can no longer be changed."""

_NO_PICTURE = frozenset({"file_not_found", "file_deleted"})


SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "users:read",
    "users:read.email",
)
"""The least that the calls below need, in a public and in a private channel; `commands` is for /facetag."""


class OutcomeUnknown(Retry):
    """No answer came: the call may have taken effect."""


class NoSuchMember(Reject):
    """The workspace has no member of that id, hides them from the bot, or they left the channel."""


class MessageGone(Reject):
    """Somebody deleted the message."""


class PictureNotReady(Retry):
    """Slack does not show a picture yet, or no longer: see `are_there`."""


class PictureGone(Reject):
    """Somebody deleted the picture, or Slack did as the workspace tells it to."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG to upload. Its title and description are read by anybody in the workspace: no names in them."""

    content: bytes
    title: str
    alt_text: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says of a member."""

    real_name: str
    display_name: str
    email: str | None
    picture_url: str | None
    is_bot: bool
    deactivated: bool


class Slack:
    """What the bot asks of Slack, in its own words."""

    def __init__(
        self,
        client: WebClient,
        channel: str,
        posts_per_second: float,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        turns: MakeTurns | None = None,
    ) -> None:
        """`client` must have no retry handlers of its own: the SDK's default would post twice after a lost
        connection. `stop` ends all waiting. `turns` keep the pace, which the channel's bots keep together.
        """
        turns = turns or own_turns(clock)
        self._client = client
        self._channel = channel
        self._stop = stop
        self._clock = clock
        self._holds = Holds(clock)
        self._history = History(self._messages_since, clock)
        self.health = Health()
        """By method: what fails now."""
        self._choosable: dict[str, float] = {}
        """Until when it is believed that a member can be chosen."""
        self._posts = turns("posts", posts_per_second * POSTS_MARGIN, stop)
        self._updates = turns("updates", posts_per_second * UPDATES_PER_POST, stop, burst=UPDATES_AT_ONCE)
        of_files = posts_per_second * FILE_CALLS_PER_POST * POSTS_MARGIN
        self._uploads = turns("uploads", of_files, stop, burst=FILE_CALLS_AT_ONCE)
        self._looks = turns("looks at files", of_files, stop, burst=FILE_CALLS_AT_ONCE)

    def post(self, message: Rendered, face_id: str, round: int) -> str:  # noqa: A002 - the glossary's word
        """Post a request into the channel; its `ts`.

        Raises `OutcomeUnknown` when it may or may not have been posted: look with `find_request` before the
        next attempt, as Slack has no way to recognise a repeated post.
        """
        self._posts.wait()
        payload = {"face_id": face_id, "round": round}
        mark, since = Mark.of(EventType.REQUEST, payload), time.time()
        try:
            answer = self._call(
                "chat.postMessage",
                self._client.chat_postMessage,
                channel=self._channel,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EventType.REQUEST, "event_payload": payload},
                unfurl_links=False,
                unfurl_media=False,
            )
        except OutcomeUnknown:
            self._history.lost(mark, since)
            raise
        self._history.settled(mark)
        return str(answer["ts"])

    def find_request(self, face_id: str, round: int, since: float) -> str | None:  # noqa: A002 - as above
        """The `ts` of the request of a face and round posted after `since` (seconds since 1970), if there
        is one.
        """
        return self._history.find(Mark.of(EventType.REQUEST, {"face_id": face_id, "round": round}), since)

    def announce(self, text: str, name: str) -> None:
        """Tell the channel something. Raises `OutcomeUnknown` as `post` does: look at `last_announcement`."""
        self._posts.wait()
        self._call(
            "chat.postMessage",
            self._client.chat_postMessage,
            channel=self._channel,
            text=text,
            metadata={"event_type": EventType.ANNOUNCEMENT, "event_payload": {"name": name}},
        )

    def last_announcement(self, since: float) -> str | None:
        """The name of what the channel was told last, after `since` (seconds since 1970)."""
        for message in self._messages_since(since - CLOCK_SECONDS):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EventType.ANNOUNCEMENT:
                return str((metadata.get("event_payload") or {}).get("name"))
        return None

    def _messages_since(self, since: float) -> Iterator[dict[str, Any]]:
        """What was said in the channel since then, newest first; seconds since 1970."""
        arguments = {"oldest": f"{since:.6f}", "include_all_metadata": True}
        for page in self._pages("conversations.history", self._client.conversations_history, **arguments):
            yield from page.get("messages") or ()

    def update(self, ts: str, message: Rendered) -> None:
        """Show something else in a message of ours; raises `MessageGone` when it is no longer there."""
        self._updates.wait()
        self._call(
            "chat.update",
            self._client.chat_update,
            channel=self._channel,
            ts=ts,
            text=message.text,
            blocks=message.blocks,
        )

    def tell(self, member: str, text: str) -> None:
        """Say something in the channel that only one member sees; nothing happens when they have left it."""
        # Slack has no way to look for it, so after a lost answer it is said again: who hears it twice is told
        # the truth twice, and who never hears it believes that their answer counts.
        with suppress(NoSuchMember):
            self._call(
                "chat.postEphemeral",
                self._client.chat_postEphemeral,
                channel=self._channel,
                user=member,
                text=text,
            )

    def open_modal(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal for whoever the trigger belongs to, within three seconds of their click."""
        self._call("views.open", self._client.views_open, trigger_id=trigger_id, view=view)

    def upload(self, pictures: Sequence[Picture]) -> list[str]:
        """Bring pictures to Slack; the ids that they will have, in this order. They are no files yet, and
        Slack forgets them again unless `complete` makes them some.
        """
        return [self._upload(picture) for picture in pictures]

    def complete(self, files: Mapping[str, str], thread_ts: str | None = None) -> None:
        """Make files of uploaded pictures (id and title), and share them into a thread of the channel if one
        is given. Slack does so once for each upload: for what are files already, or are no uploads any more,
        it raises `PictureGone`.

        They are not usable at once: see `wait_until_ready`.
        """
        self._call(
            "files.completeUploadExternal",
            self._client.files_completeUploadExternal,
            files=[{"id": file, "title": title} for file, title in files.items()],
            channel_id=self._channel if thread_ts else None,
            thread_ts=thread_ts,
        )

    def wait_until_ready(self, files: Sequence[str]) -> None:
        """Return when uploaded pictures can be shown; raises `Retry` when that takes long, and `PictureGone`
        when one was deleted.
        """
        deadline = self._clock() + READY_SECONDS
        for file in files:
            looks = 0
            while not self._ready(file):
                if self._clock() > deadline or self._stop.wait(READY_POLLS[min(looks, len(READY_POLLS) - 1)]):
                    raise Retry("Slack has not made an uploaded picture ready", after=NOT_READY_AFTER)
                looks += 1

    def are_ready(self, files: Sequence[str]) -> bool:
        """Whether uploaded pictures can be shown."""
        try:
            return all(self._ready(file) for file in files)
        except PictureGone:
            return False

    def are_there(self, files: Sequence[str]) -> bool:
        """Whether uploaded pictures exist, ready or not."""
        try:
            for file in files:
                self._ready(file)
        except PictureGone:
            return False
        return True

    def profile(self, member: str) -> Profile:
        """What a member's profile says; raises `Reject` when there is no such member."""
        user: dict[str, Any] = self._call("users.info", self._client.users_info, user=member)["user"]
        profile: dict[str, Any] = user.get("profile") or {}
        return Profile(
            real_name=profile.get("real_name") or user.get("real_name") or "",
            display_name=profile.get("display_name") or user.get("name") or "",
            email=profile.get("email") or None,
            picture_url=profile.get("image_512")
            or profile.get("image_192")
            or profile.get("image_72")
            or None,
            is_bot=bool(user.get("is_bot")),
            deactivated=bool(user.get("deleted")),
        )

    def can_be_chosen(self, member: str) -> bool:
        """Whether a member is a person with an active account; a yes is believed for a minute."""
        if self._choosable.get(member, 0.0) < self._clock():
            if not self._is_active_person(member):
                return False
            self._choosable[member] = self._clock() + MEMBER_SECONDS
        return True

    def granted_scopes(self) -> set[str]:
        """What the token may do; raises when Slack does not take the token."""
        answer = self._call("auth.test", self._client.auth_test)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}

    def channel_info(self) -> dict[str, Any]:
        """What Slack says of the channel that tags; raises `Retry` when the bot cannot see it."""
        answer = self._call("conversations.info", self._client.conversations_info, channel=self._channel)
        return dict(answer["channel"])

    def is_in_channel(self, member: str) -> bool:
        """Whether somebody is a member of the channel that tags."""
        pages = self._pages("conversations.members", self._client.conversations_members)
        return any(member in (page.get("members") or ()) for page in pages)

    def check_app_token(self, app_token: str) -> None:
        """Ask for a Socket Mode address without using it; raises when Slack does not take the token."""
        self._call("apps.connections.open", self._client.apps_connections_open, app_token=app_token)

    def _is_active_person(self, member: str) -> bool:
        try:
            profile = self.profile(member)
        except NoSuchMember:
            return False
        # Slack's own Slackbot is not marked as a bot.
        return not (profile.is_bot or profile.deactivated or member == "USLACKBOT")

    def _upload(self, picture: Picture) -> str:
        self._uploads.wait()
        place = self._call(
            "files.getUploadURLExternal",
            self._client.files_getUploadURLExternal,
            filename=f"{picture.title.lower()}.jpg",
            length=len(picture.content),
            alt_txt=picture.alt_text,
        )
        self._call("upload", self._send_bytes, url=str(place["upload_url"]), content=picture.content)
        return str(place["file_id"])

    def _send_bytes(self, url: str, content: bytes) -> None:
        client = self._client
        # The SDK has no public name for it, but in one call with all that comes before and after: there,
        # nothing could be noted in between.
        sent = client._upload_file(  # noqa: SLF001 - as said above
            url=url,
            data=content,
            logger=client._logger,  # noqa: SLF001 - what the SDK passes
            timeout=client.timeout,
            proxy=client.proxy,
            ssl=client.ssl,
        )
        if sent.status != http.HTTPStatus.OK:
            raise SlackRequestError("the picture was not taken")

    def _ready(self, file: str) -> bool:
        self._looks.wait()
        info: dict[str, Any] = self._call("files.info", self._client.files_info, file=file).get("file") or {}
        return bool(info.get("mimetype")) and any(key.startswith("thumb_") for key in info)

    def _pages(
        self, method: str, function: Callable[..., SlackResponse], **arguments: Any
    ) -> Iterator[dict[str, Any]]:
        """The pages of something long about our channel."""
        cursor = ""
        while True:
            answer = self._call(
                method, function, channel=self._channel, limit=200, cursor=cursor, **arguments
            )
            page: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _call(self, method: str, function: Callable[..., T], **arguments: Any) -> T:
        """One call, its failures told apart by what can be done about them."""
        try:
            answer = self._answer(method, function, arguments)
        except (Reject, PictureNotReady):
            self.health.worked(method)  # Slack has said what is wrong with what we asked
            raise
        except Retry as why:
            self.health.failed(method, why.reason)
            raise
        self.health.worked(method)
        return answer

    def _answer(self, method: str, function: Callable[..., T], arguments: Mapping[str, Any]) -> T:
        remaining = self._holds.remaining(method)
        if remaining:
            raise Retry(f"{method}: Slack asked us to wait", after=remaining)
        failpoints.reach(failpoints.BEFORE_CALL)
        try:
            answer = function(**arguments)
        except SlackApiError as refused:
            raise self._refusal(method, refused.response) from None
        except (SlackClientError, OSError, http.client.HTTPException, UnicodeDecodeError) as lost:
            raise OutcomeUnknown(f"{method}: no answer from Slack ({type(lost).__name__})") from None
        failpoints.reach(failpoints.AFTER_CALL)
        return answer

    def _refusal(self, method: str, answer: Any) -> Retry | Reject:
        """What an answer that is not ok amounts to."""
        status = int(answer.status_code)
        if status == http.HTTPStatus.TOO_MANY_REQUESTS:
            seconds = retry_after(answer.headers)
            self._holds.hold(method, seconds)
            return Retry(f"{method}: rate limited by Slack", after=seconds)
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            return OutcomeUnknown(f"{method}: Slack answers {status}")
        error = str(answer.get("error", status))
        if not _CODE.fullmatch(error):  # a proxy's page, say, which may stand for whatever Slack answered
            return OutcomeUnknown(f"{method}: an answer that is not Slack's, with status {status}")
        reason = f"{method}: {error}"
        if "invalid slack file" in str(answer.data):
            return PictureNotReady(f"{method}: a picture is not ready", after=NOT_READY_AFTER)
        if error in TROUBLED:
            return OutcomeUnknown(reason)
        if error in _NO_MEMBER:
            return NoSuchMember(reason)
        if error in _GONE:
            return MessageGone(reason)
        if error in _NO_PICTURE:
            return PictureGone(reason)
        if error in _OURS:
            return Reject(reason)
        # A permission, a membership, a token, an archived channel: the operator can mend it, so nothing is
        # given up.
        needed = answer.get("needed")
        return Retry(reason + (f" (the Slack app needs the scope {needed})" if needed else ""))
