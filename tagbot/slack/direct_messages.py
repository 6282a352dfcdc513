"""The bot's direct messages: posting one, finding it again, changing it, and sending a file."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from tagbot.errors import Reject, Retry
from tagbot.lib.rate_limit import RateLimit
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import MessageGone, OutcomeUnknown, PictureGone
from tagbot.slack.blocks import Rendered
from tagbot.slack.history import CLOCK_SECONDS, SETTLE_SECONDS, Mark
from tagbot.vocabulary import EventType


class CannotBeWrittenTo(Reject):
    """Slack lets the bot write nothing to this member."""


NEVER = frozenset(
    {
        "cannot_dm_bot",
        "not_allowed",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "restricted_action",
    }
)
"""Errors that no waiting mends: the account is closed, or its own organisation says so."""


class DirectMessages:
    """The direct conversations of the bot, each with one member."""

    def __init__(self, api: SlackApi, *, opens: RateLimit, updates: RateLimit) -> None:
        self._api = api
        self._opens = opens
        self._updates = updates

    def open(self, member: str) -> str:
        """Slack's id of the conversation with a member; raises `CannotBeWrittenTo`."""
        self._opens.wait()
        try:
            answer = self._api.call("conversations.open", users=member)
        except (Retry, Reject) as why:
            raise self._for_good(why) from None
        return str(answer["channel"]["id"])

    def post(self, channel: str, message: Rendered, event: EventType, payload: Mapping[str, Any]) -> str:
        """Post a message that can be found again by its event and payload; its `ts`.

        Raises `OutcomeUnknown` when it may or may not have been posted: look with `find` before the next
        attempt.
        """
        try:
            answer = self._api.call(
                "chat.postMessage",
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": event, "event_payload": dict(payload)},
                unfurl_links=False,
                unfurl_media=False,
            )
        except (Retry, Reject) as why:
            raise self._for_good(why) from None
        return str(answer["ts"])

    def post_once(
        self,
        channel: str,
        message: Rendered,
        event: EventType,
        payload: Mapping[str, Any],
        *,
        posting_since: float | None,
        note: Callable[[float | None], object],
        now: float,
    ) -> str:
        """Post a message, or find the one that an earlier attempt posted; its `ts`. `posting_since` is the
        intent as it is noted, in seconds since 1970; `note` notes another one, before Slack is called.

        Slack does not recognise a repeated post: so after a crash or a lost answer the conversation is
        searched first, once a post whose answer never came must have appeared.
        """
        if posting_since is not None:
            rest = posting_since + SETTLE_SECONDS - now
            if rest > 0:
                raise Retry("a direct message may still be on its way", after=rest)
            if ts := self.find(channel, event, payload, posting_since):
                return ts
        note(now)
        try:
            return self.post(channel, message, event, payload)
        except OutcomeUnknown as lost:
            raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None
        except Retry:
            note(None)  # it was surely not posted
            raise

    def find(self, channel: str, event: EventType, payload: Mapping[str, Any], since: float) -> str | None:
        """The `ts` of such a message that was posted after `since` (seconds since 1970), if there is one."""
        mark = Mark.of(event, payload)
        oldest = f"{since - CLOCK_SECONDS:.6f}"
        pages = self._api.pages(
            "conversations.history", channel=channel, oldest=oldest, include_all_metadata=True
        )
        for page in pages:
            for message in page.get("messages") or ():
                told = message.get("metadata") or {}
                if Mark.of(str(told.get("event_type")), told.get("event_payload") or {}) == mark:
                    return str(message["ts"])
        return None

    def told(self, member: str) -> Iterator[tuple[str, str, list[str]]]:
        """All that the bot told a member: channel and `ts` of each message, and Slack's ids of its files.
        Raises `CannotBeWrittenTo`: then Slack does not say where that would be.
        """
        channel = self.open(member)
        for page in self._api.pages("conversations.history", channel=channel):
            for message in page.get("messages") or ():
                if message.get("bot_id"):
                    files = [str(file["id"]) for file in message.get("files") or ()]
                    yield channel, str(message["ts"]), files

    def update(self, channel: str, ts: str, message: Rendered) -> bool:
        """Show something else in a message; whether it is still there."""
        self._updates.wait()
        try:
            self._api.call("chat.update", channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        except MessageGone:
            return False
        return True

    def send_file(self, member: str, name: str, content: bytes, words: str) -> None:
        """Send a member a file, with a few words; raises `CannotBeWrittenTo`."""
        channel = self.open(member)
        place = self._api.call("files.getUploadURLExternal", filename=name, length=len(content))
        self._api.send_bytes(str(place["upload_url"]), content)
        self.share(channel, {str(place["file_id"]): name}, words)

    def share(self, channel: str, files: Mapping[str, str], words: str) -> None:
        """Make files of uploads (id and title), and show them in one message with a few words. Slack does so
        once for each upload: for an id that is a file already, or an upload no more, it raises
        `PictureGone`.
        """
        self._api.call(
            "files.completeUploadExternal",
            files=[{"id": file, "title": title} for file, title in files.items()],
            channel_id=channel,
            initial_comment=words,
        )

    def tell(self, member: str, text: str) -> None:
        """Say something to a member; raises `CannotBeWrittenTo`. Needs no right but that to write, as the
        conversation is not asked for.
        """
        # Slack has no way to look for it without one, so after a lost answer it is said again.
        try:
            self._api.call("chat.postMessage", channel=member, text=text)
        except (Retry, Reject) as why:
            raise self._for_good(why) from None

    def take_back(self, member: str) -> int:
        """Delete all that the bot ever wrote or sent to a member, the files too; how many messages. Raises
        `CannotBeWrittenTo` where there can be no conversation.
        """
        channel, deleted = self.open(member), 0
        for page in list(self._api.pages("conversations.history", channel=channel)):
            for message in page.get("messages") or ():
                if not message.get("bot_id"):
                    continue
                for file in message.get("files") or ():
                    with suppress(PictureGone):
                        self._api.call("files.delete", file=str(file["id"]))
                self._updates.wait()
                with suppress(MessageGone):
                    self._api.call("chat.delete", channel=channel, ts=str(message["ts"]))
                deleted += 1
        return deleted

    @staticmethod
    def _for_good(why: Retry | Reject) -> Retry | Reject:
        error = why.reason.partition(": ")[2]
        return CannotBeWrittenTo(why.reason) if error in NEVER else why
