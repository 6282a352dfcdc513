"""The members of the workspace: their profiles, and whether one can be chosen as a person."""

from dataclasses import dataclass
from typing import Any

from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NoSuchMember

MEMBER_SECONDS = 60.0
"""How long it is believed that a member can be chosen; that one cannot may change at any time."""

SLACKBOT = "USLACKBOT"
"""Slack's own, which is not marked as a bot."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's profile."""

    real_name: str
    display_name: str
    email: str | None
    picture_url: str | None
    is_bot: bool
    deactivated: bool


class Members:
    """The workspace's members, by Slack's ids."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._choosable_until: dict[str, float] = {}
        """By the clock."""

    def profile(self, member: str) -> Profile:
        """Raises `NoSuchMember` when there is none."""
        user: dict[str, Any] = self._api.call("users.info", user=member)["user"]
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
        if self._choosable_until.get(member, 0.0) >= self._api.clock():
            return True
        try:
            profile = self.profile(member)
        except NoSuchMember:
            return False
        if profile.is_bot or profile.deactivated or member == SLACKBOT:
            return False
        self._choosable_until[member] = self._api.clock() + MEMBER_SECONDS
        return True
