"""The members of the channel."""

from collections.abc import Iterator
from typing import Any

from tagbot.errors import Reject
from tagbot.lib.recent import Recent
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NoSuchMember

LARGEST_PAGE = 999
"""What Slack gives at once, of members as of channels."""

BELIEVED_SECONDS = 60.0
"""How long it is believed that a member is in the channel, or not."""

PAGE_SECONDS = 3.0
"""How long a page of members serves those who ask together."""


class Membership:
    """The members of one channel, asked about one by one."""

    def __init__(self, api: SlackApi, channel: str) -> None:
        self._api = api
        self._channel = channel
        self._recent: Recent[bool] = Recent(BELIEVED_SECONDS, api.clock)
        self._first_page: Recent[dict[str, Any]] = Recent(PAGE_SECONDS, api.clock)

    def has(self, member: str) -> bool:
        """Whether somebody is in the channel."""
        return self._recent.get(member, lambda: self._is_listed(member))

    def _is_listed(self, member: str) -> bool:
        """A channel of thousands is not read through, which takes longer than people wait, and more calls
        than Slack allows: Slack is asked for the channels of the member instead.
        """
        first = self._first_page.get("", lambda: next(self._pages()))
        if member in (first.get("members") or ()):
            return True
        if not (first.get("response_metadata") or {}).get("next_cursor"):
            return False
        try:
            return self._has_channel(member)
        except NoSuchMember:
            return False
        except Reject:  # a Slack that does not answer this is read through after all
            return any(member in (page.get("members") or ()) for page in self._pages())

    def _pages(self) -> Iterator[dict[str, Any]]:
        return self._api.pages("conversations.members", limit=LARGEST_PAGE, channel=self._channel)

    def _has_channel(self, member: str) -> bool:
        """Whether the channel is among those of the member that the bot can see."""
        pages = self._api.pages(
            "users.conversations",
            limit=LARGEST_PAGE,
            user=member,
            types="public_channel,private_channel",
            exclude_archived=True,
        )
        return any(self._channel == each["id"] for page in pages for each in page.get("channels") or ())
