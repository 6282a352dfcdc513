"""Clicks in a request about several faces that open a modal: of which request, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import Respond

from tagbot.handlers.where_clicked import tell
from tagbot.handlers.who_has_a_say import may_have_a_say
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.asked_group import AskedGroup, asked_group, why_closed
from tagbot.slack.request_id import RequestId, channel_of_click
from tagbot.slack.someone_else_modal import Opened


@dataclass(frozen=True, slots=True)
class GroupClick:
    """A click, and the request that it is about."""

    id: RequestId
    opened: Opened
    group: AskedGroup


def group_click(body: Mapping[str, Any], services: Services, respond: Respond) -> GroupClick | None:
    """The click in Slack's payload, which was acknowledged; None where it opens nothing, and the member has
    been told why. Raises `Retry` while the database is away.
    """
    asked = RequestId.parse(body["actions"][0]["block_id"])
    if not may_have_a_say(body["user"]["id"], services):
        tell(words.NO_SAY, body, respond, services)
        return None
    opened = Opened(
        message_ts=str((body.get("container") or {}).get("message_ts") or ""),
        channel=channel_of_click(body),
        clicked_at=float(body["actions"][0]["action_ts"]),
        received=services.now(),
    )
    group = asked_group(asked, opened.message_ts) if asked is not None else None
    if asked is None or group is None:
        late = why_closed(asked, opened.message_ts, opened.channel) if asked is not None else ""
        tell(late or words.ASKED_ELSEWHERE, body, respond, services)
        return None
    return GroupClick(asked, opened, group)
