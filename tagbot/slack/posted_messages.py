"""Members' messages with pictures: as Slack tells of them, and as they stand in the channel when Slack could
tell nobody.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from tagbot.database.models.bookkeeping import HeardChannel
from tagbot.errors import Retry
from tagbot.slack.channel import Channel
from tagbot.slack.members import Members
from tagbot.slack.posted_files import is_a_picture

NEW = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Slack's subtypes of messages that are new; others tell of edits and deletions, or are no member's."""

LOOKED_BACK_SECONDS = 30 * 86_400.0
"""Pictures that were missed longer ago stay out: nobody waits for them any more."""


class Picture(NamedTuple):
    """A picture in a message."""

    file: str
    """Slack's id."""
    number: int
    out_of: int
    """Which of the message's pictures it is, from 1, and of how many."""


class NotStored:
    """Since when pictures that Slack told this bot of could not be noted: Slack tells again for some minutes
    only, and a disk may be full for longer. After a restart the channel is looked into anyway.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    @contextmanager
    def noted(self, ts: str) -> Iterator[None]:
        """One of a message with that `ts` is put on its queue meanwhile, or cannot be."""
        try:
            yield
        except Retry:
            self._add(float(ts))
            raise

    @contextmanager
    def made_up_for(self) -> Iterator[float | None]:
        """The first one's time, in seconds since 1970. They are forgotten where this ends well."""
        with self._lock:
            since, self._since = self._since, None
        try:
            yield since
        except BaseException:
            if since is not None:
                self._add(since)
            raise

    def _add(self, since: float) -> None:
        with self._lock:
            self._since = since if self._since is None else min(self._since, since)


def is_post(message: Mapping[str, Any]) -> bool:
    """Whether a message is new, and a member's."""
    return message.get("subtype") in NEW and bool(message.get("user")) and not message.get("bot_id")


def pictures_of(message: Mapping[str, Any]) -> list[Picture]:
    """The pictures in a message, in its order."""
    files = _pictures(message.get("files") or ())
    return [Picture(file["id"], number, len(files)) for number, file in enumerate(files, start=1)]


def missed_posts(
    channel: Channel, members: Members, connected_since: float, not_stored: float | None, now: float
) -> Sequence[Mapping[str, Any]]:
    """The new messages of members that Slack may have told no bot of, the oldest first: none where a bot has
    been connected all the time, and could note what it heard; `not_stored` is since when it could not. Slack
    tries again for some minutes, and then never. Times are seconds since 1970. Raises `Retry` and `Reject`.
    """
    heard = HeardChannel.until_when(channel.id)
    if heard is None or (heard >= connected_since and not_stored is None):
        return []
    heard = heard if not_stored is None else min(heard, not_stored)

    def counts(message: Mapping[str, Any]) -> bool:
        # The channel shows a minute more, as clocks differ. What came then is known again, but for a refusal.
        return is_post(message) and (float(message["ts"]) >= heard or members.has_a_say(message["user"]))

    return [each for each in channel.posts(since=max(heard, now - LOOKED_BACK_SECONDS)) if counts(each)][::-1]


def _pictures(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that Slack calls pictures, or says nothing of, as of some people's of other organisations."""
    there = [file for file in files if file.get("mode") != "tombstone"]
    return [file for file in there if is_a_picture(file) or not file.get("mimetype")]
