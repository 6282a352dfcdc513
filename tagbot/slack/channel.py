"""The channel that tags: posting there, finding a post again, changing it, and telling members something."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from tagbot.lib.rate_limit import RateLimit
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import ChannelClosed, MessageGone, NoSuchMember, OutcomeUnknown
from tagbot.slack.blocks import Rendered
from tagbot.slack.history import CLOCK_SECONDS, History, Mark
from tagbot.slack.membership import Membership
from tagbot.vocabulary import EventType


class Channel:
    """One Slack channel, in which the bot is a member."""

    def __init__(
        self, api: SlackApi, channel: str, *, posts: RateLimit, updates: RateLimit, looks: RateLimit
    ) -> None:
        self._api = api
        self.id = channel
        """Slack's id of it."""
        self._posts = posts
        self._updates = updates
        self._looks = looks
        self._history = History(partial(self._messages_since, channel), api.clock)
        self.membership = Membership(api, channel)

    def post(self, message: Rendered, face_id: str, round: int) -> str:  # noqa: A002 - the glossary's word
        """Post a request, whose first face is in that round; its `ts`.

        Raises `OutcomeUnknown` when it may or may not have been posted: look with `find_request` before the
        next attempt, as Slack has no way to recognise a repeated post.
        """
        self._posts.wait()
        payload = {**message.payload, "face_id": face_id, "round": round}
        mark, since = Mark.of(EventType.REQUEST, payload), time.time()
        try:
            answer = self._api.call(
                "chat.postMessage",
                channel=self.id,
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

    def find_request(
        self,
        face_id: str,
        round: int,  # noqa: A002 - as above
        since: float,
        channel: str | None = None,
    ) -> str | None:
        """The `ts` of the request of a face and round posted after `since` (seconds since 1970), if there
        is one; in this channel, or in another one.
        """
        history = self._history
        if channel not in (None, self.id):
            history = History(partial(self._messages_since, str(channel)), self._api.clock)
        return history.find(Mark.of(EventType.REQUEST, {"face_id": face_id, "round": round}), since)

    def missing(self, stamps: Iterable[str]) -> set[str]:
        """Those of these `ts` at which no message stands in the channel any more."""
        # A look shows 200 messages. The next one begins at the newest request that was not in it, so that a
        # channel in which people talk a lot costs no more looks than there are requests.
        left, gone = sorted(stamps, key=_in_order, reverse=True), set[str]()
        while left:
            self._looks.wait()
            page = self._api.call(
                "conversations.history",
                channel=self.id,
                latest=left[0],
                oldest=left[-1],
                inclusive=True,
                limit=200,
            )
            messages = page.get("messages") or ()
            # Of a deleted message with a thread, Slack leaves a tombstone.
            there = {str(each["ts"]) for each in messages if each.get("subtype") != "tombstone"}
            end = _in_order(str(messages[-1]["ts"])) if messages and page.get("has_more") else (0, 0)
            gone |= {ts for ts in left if _in_order(ts) >= end and ts not in there}
            left = [ts for ts in left if _in_order(ts) < end]
        return gone

    def update(self, ts: str, message: Rendered, channel: str | None = None) -> None:
        """Show something else in a message of ours, in this channel or in another one; raises `MessageGone`
        when it is no longer there.
        """
        self._updates.wait()
        where = channel or self.id
        what = {"text": message.text, "blocks": message.blocks, "metadata": _metadata(message)}
        self._api.call("chat.update", channel=where, ts=ts, **what)

    def delete(self, ts: str, channel: str) -> None:
        """Take away a message of ours, in this channel or in another one; no error where it is gone."""
        self._updates.wait()
        with suppress(MessageGone, ChannelClosed):
            self._api.call("chat.delete", channel=channel, ts=ts)

    def announce(self, text: str, name: str) -> None:
        """Tell the channel something. Raises `OutcomeUnknown` as `post` does: look at `announcements`."""
        self._posts.wait()
        self._api.call(
            "chat.postMessage",
            channel=self.id,
            text=text,
            metadata={"event_type": EventType.ANNOUNCEMENT, "event_payload": {"name": name}},
            unfurl_links=False,  # else Slack repeats each message that is linked to
            unfurl_media=False,
        )

    def announcements(self, since: float) -> Iterator[str]:
        """The names of all announcements after `since` (seconds since 1970), the last one first."""
        for message in self._messages_since(self.id, since - CLOCK_SECONDS):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EventType.ANNOUNCEMENT:
                yield str((metadata.get("event_payload") or {}).get("name"))

    def posts(self, since: float) -> Iterator[dict[str, Any]]:
        """The messages in the channel since then (seconds since 1970), without replies in threads, the newest
        first.
        """
        return self._messages_since(self.id, since - CLOCK_SECONDS)

    def tell(self, member: str, text: str, channel: str = "") -> None:
        """Say something that only one member sees, in this channel or in another one; nothing happens when
        they have left it, or the bot the other one.
        """
        # Slack has no way to look for it, so after a lost answer it is said again: a member who hears it
        # twice is told the truth twice, and one who never hears it believes that their answer counts.
        where = channel or self.id
        with suppress(NoSuchMember, *([] if where == self.id else [ChannelClosed])):
            self._api.call("chat.postEphemeral", channel=where, user=member, text=text)

    def info(self) -> dict[str, Any]:
        """Slack's description of the channel; raises `Retry` when the bot cannot see it."""
        return dict(self._api.call("conversations.info", channel=self.id)["channel"])

    def is_in(self, channel: str) -> bool:
        """Whether the bot is in another channel, or in a direct conversation; raises `Retry`."""
        try:
            found = self._api.call("conversations.info", channel=channel)["channel"]
        except ChannelClosed:
            return False
        return bool(found.get("is_member") or found.get("is_im"))

    def is_private(self) -> bool:
        """Whether only its members see what is in it."""
        return bool(self.info().get("is_private"))

    def _messages_since(self, channel: str, since: float) -> Iterator[dict[str, Any]]:
        """A channel's messages, newest first; seconds since 1970."""
        for page in self._api.pages(
            "conversations.history",
            channel=channel,
            oldest=f"{since:.6f}",
            include_all_metadata=True,
        ):
            yield from page.get("messages") or ()


def _metadata(message: Rendered) -> dict[str, Any] | None:
    """None leaves it as it is in Slack."""
    if not message.payload:
        return None
    return {"event_type": EventType.REQUEST, "event_payload": message.payload}


def _in_order(ts: str) -> tuple[int, int]:
    """Seconds and microseconds of a `ts`: as text or as a float, some compare wrongly."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(fraction or 0)
