"""All that the bot asks of Slack: of its channel, pictures and members, and of the app itself."""

import threading
from contextlib import suppress
from typing import Any

from tagbot.errors import Reject
from tagbot.lib.health import Health
from tagbot.lib.rate_limit import MakeRateLimit, own_rate_limits
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import ViewGone
from tagbot.slack.channel import Channel
from tagbot.slack.direct_messages import DirectMessages
from tagbot.slack.members import Members
from tagbot.slack.posted_files import PostedFiles
from tagbot.slack.uploads import Uploads
from tagbot.vocabulary import HOME

POSTS_MARGIN = 0.97
"""Of the rate that is allowed: posts meet on the way, and one that Slack sees too early costs a second."""

UPDATES_PER_POST = 40 / 60
UPDATES_AT_ONCE = 10
"""Slack allows 50 updates a minute (Tier 3) where it allows 60 posts: 40 evenly and 10 at once are never
more.
"""

LOOKS_PER_POST = 30 / 60
LOOKS_AT_ONCE = 10
"""Of what Slack allows of the channel's history (Tier 3), the rest is for finding posts again."""

DIRECT_PER_POST = 40 / 60
"""Slack opens 50 direct conversations a minute (Tier 3) where it allows 60 posts to one channel."""

FILE_CALLS_PER_POST = 100 / 60
FILE_CALLS_AT_ONCE = 2
"""Slack allows 100 uploads, and 100 looks at a file, a minute (Tier 4) where it allows 60 posts. With two
pictures each, that is 50 requests.
"""

HOMES_PER_POST = 60 / 60
HOMES_AT_ONCE = 40
"""Slack takes 100 of them a minute (Tier 4) where it allows 60 posts: 60 evenly, 40 at once."""

NO_MEMBER = "U00000000"
"""In the form of a member's id, and that of none."""

SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)
"""The least that the bot's calls need, in a public and in a private channel; `commands` is for /facetag."""


class Slack:
    """The bot's side of one workspace and one channel."""

    def __init__(
        self,
        api: SlackApi,
        channel: str,
        posts_per_second: float,
        stop: threading.Event,
        *,
        rate_limits: MakeRateLimit | None = None,
    ) -> None:
        """`stop` ends all waiting. `rate_limits` are the bot's own unless the channel's bots share them."""
        self.api = api
        limit = rate_limits or own_rate_limits(api.clock)
        of_files = posts_per_second * FILE_CALLS_PER_POST * POSTS_MARGIN
        looks_at_files = limit("looks at files", of_files, stop, burst=FILE_CALLS_AT_ONCE)
        self.channel = Channel(
            api,
            channel,
            posts=limit("posts", posts_per_second * POSTS_MARGIN, stop),
            updates=limit("updates", posts_per_second * UPDATES_PER_POST, stop, burst=UPDATES_AT_ONCE),
            looks=limit("looks at messages", posts_per_second * LOOKS_PER_POST, stop, burst=LOOKS_AT_ONCE),
        )
        self.uploads = Uploads(
            api,
            channel,
            stop,
            uploads=limit("uploads", of_files, stop, burst=FILE_CALLS_AT_ONCE),
            looks=looks_at_files,
            deletions=limit("deletions", posts_per_second * UPDATES_PER_POST, stop, burst=UPDATES_AT_ONCE),
        )
        self.posted_files = PostedFiles(api, looks=looks_at_files)
        self.direct = DirectMessages(
            api,
            opens=limit("direct messages", posts_per_second * DIRECT_PER_POST, stop),
            updates=limit("direct updates", posts_per_second * UPDATES_PER_POST, stop),
        )
        self.members = Members(api)
        self._homes = limit("homes", posts_per_second * HOMES_PER_POST, stop, burst=HOMES_AT_ONCE)
        self._address: str | None = None

    @property
    def health(self) -> Health:
        """By method: the failures of now."""
        return self.api.health

    def open_modal(self, trigger_id: str, view: dict[str, Any], *, above: bool = False) -> str:
        """Open a modal for the member whose click the trigger is of, within three seconds of it; the id of
        the view. With `above`, that was in a modal, which stays beneath it.
        """
        method = "views.push" if above else "views.open"
        answer = self.api.call(method, trigger_id=trigger_id, view=view)
        return str(answer["view"]["id"])

    def update_modal(self, view_id: str, view: dict[str, Any]) -> None:
        """Show something else in a modal; nothing happens where it was closed meanwhile."""
        with suppress(ViewGone):
            self.api.call("views.update", view_id=view_id, view=view)

    def publish_home(self, member: str, view: dict[str, Any]) -> str:
        """Show something in a member's Home; Slack's mark of it. Raises `PictureNotReady` where Slack shows a
        picture of it not yet, or no longer.
        """
        self._homes.wait()
        answer = self.api.call("views.publish", user_id=member, view=view)
        return str(answer["view"]["hash"])

    def check_home(self) -> None:
        """Ask Slack to fill the Home of a member who does not exist: raises `Retry` where there is none."""
        with suppress(Reject):  # there is a Home, and no such member
            self.api.call("views.publish", user_id=NO_MEMBER, view={"type": HOME, "blocks": []})

    @property
    def address(self) -> str:
        """Where the workspace is in the browser, with a slash at its end; empty where Slack does not say."""
        if self._address is None:
            self._address = str(self.api.call("auth.test").get("url") or "")
        return self._address

    def granted_scopes(self) -> set[str]:
        """The scopes of the bot's token; raises when Slack does not take the token."""
        headers = {name.lower(): value for name, value in self.api.call("auth.test").headers.items()}
        return {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope.strip()}

    def missing_scopes(self) -> list[str]:
        """Those of `SCOPES` that the bot's token has not: the app was made from an earlier manifest, say."""
        granted = self.granted_scopes()
        return [scope for scope in SCOPES if scope not in granted]

    def check_app_token(self, app_token: str) -> None:
        """Ask for a Socket Mode address without using it; raises when Slack does not take the token."""
        self.api.call("apps.connections.open", app_token=app_token)
