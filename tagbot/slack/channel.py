"""The channel that tags: posting there, finding a post again, changing it, and telling members something."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tagbot.lib.rate_limit import RateLimit
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NoSuchMember, OutcomeUnknown
from tagbot.slack.history import CLOCK_SECONDS, History, Mark
from tagbot.slack.membership import Membership
from tagbot.slack.request_message import Rendered
from tagbot.vocabulary import EventType


class Channel:
    """One Slack channel, in which the bot is a member."""

    def __init__(self, api: SlackApi, channel: str, *, posts: RateLimit, updates: RateLimit) -> None:
        self._api = api
        self._channel = channel
        self._posts = posts
        self._updates = updates
        self._history = History(self._messages_since, api.clock)
        self.membership = Membership(api, channel)

    def post(self, message: Rendered, face_id: str, round: int) -> str:  # noqa: A002 - the glossary's word
        """Post a request; its `ts`.

        Raises `OutcomeUnknown` when it may or may not have been posted: look with `find_request` before the
        next attempt, as Slack has no way to recognise a repeated post.
        """
        self._posts.wait()
        payload = {"face_id": face_id, "round": round}
        mark, since = Mark.of(EventType.REQUEST, payload), time.time()
        try:
            answer = self._api.call(
                "chat.postMessage",
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

    def update(self, ts: str, message: Rendered) -> None:
        """Show something else in a message of ours; raises `MessageGone` when it is no longer there."""
        self._updates.wait()
        self._api.call("chat.update", channel=self._channel, ts=ts, text=message.text, blocks=message.blocks)

    def announce(self, text: str, name: str) -> None:
        """Tell the channel something. Raises `OutcomeUnknown` as `post` does: look at `last_announcement`."""
        self._posts.wait()
        self._api.call(
            "chat.postMessage",
            channel=self._channel,
            text=text,
            metadata={"event_type": EventType.ANNOUNCEMENT, "event_payload": {"name": name}},
        )

    def last_announcement(self, since: float) -> str | None:
        """The name of the last announcement after `since` (seconds since 1970)."""
        for message in self._messages_since(since - CLOCK_SECONDS):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EventType.ANNOUNCEMENT:
                return str((metadata.get("event_payload") or {}).get("name"))
        return None

    def tell(self, member: str, text: str) -> None:
        """Say something that only one member sees; nothing happens when they have left the channel."""
        # Slack has no way to look for it, so after a lost answer it is said again: a member who hears it
        # twice is told the truth twice, and one who never hears it believes that their answer counts.
        with suppress(NoSuchMember):
            self._api.call("chat.postEphemeral", channel=self._channel, user=member, text=text)

    def info(self) -> dict[str, Any]:
        """Slack's description of the channel; raises `Retry` when the bot cannot see it."""
        return dict(self._api.call("conversations.info", channel=self._channel)["channel"])

    def _messages_since(self, since: float) -> Iterator[dict[str, Any]]:
        """The channel's messages, newest first; seconds since 1970."""
        for page in self._api.pages(
            "conversations.history",
            channel=self._channel,
            oldest=f"{since:.6f}",
            include_all_metadata=True,
        ):
            yield from page.get("messages") or ()
