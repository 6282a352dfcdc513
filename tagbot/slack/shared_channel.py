"""A channel that people of another organisation read: nobody should find out by their photos being there."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from tagbot.errors import Reject, Retry
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi

LOOK_SECONDS = 3
"""A start waits no longer for Slack to describe the channel."""

ADVICE = (
    "is shared with another organisation, whose people would see your photos: choose another channel, "
    "or set ALLOW_SHARED_CHANNEL=yes"
)


def is_shared(channel: Mapping[str, Any]) -> bool:
    """Whether another organisation is in a channel, or invited; `channel` is Slack's description of it. Other
    workspaces of the same organisation are no strangers.
    """
    beyond_the_organisation = channel.get("is_shared") and not channel.get("is_org_shared")
    return bool(
        channel.get("is_ext_shared") or channel.get("is_pending_ext_shared") or beyond_the_organisation
    )


def refusal(settings: Settings) -> str | None:
    """Why a bot should not start, in one line; None where nothing is wrong, or Slack does not tell."""
    if settings.allow_shared_channel or not settings.needs_slack:
        return None
    api = SlackApi.of(settings, LOOK_SECONDS)
    with suppress(Retry, Reject):
        if is_shared(api.call("conversations.info", channel=settings.slack_channel)["channel"]):
            return f"SLACK_CHANNEL {ADVICE}"
    return None
