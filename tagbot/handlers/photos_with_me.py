"""PhotosWithMe: a person wants the photos that they are tagged in. Guests have the same right."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.own_rights import BLOCK_ID, is_own, told
from tagbot.handlers.where_clicked import tell
from tagbot.messages import PhotosAsked
from tagbot.services import Services
from tagbot.vocabulary import ActionId

A_PLACE = re.compile(r"\A\d{1,12}(\.\d{1,20})? [0-9a-f]{64}\Z")
"""Of a photo among all, as the bot wrote it on the button."""


def register(app: App, services: Services) -> None:
    """Have it stored that they want them, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.PHOTOS_WITH_ME, "block_id": BLOCK_ID})
    def photos_with_me(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        asked = parse(body)
        if asked is not None:
            services.publish(asked)
        ack()
        tell(told(body), body, respond, services)


def parse(body: Mapping[str, Any]) -> PhotosAsked | None:
    """The wish in Slack's `block_actions` payload; None for a click on another person's button."""
    if not is_own(body):
        return None
    action = body["actions"][0]
    after = str(action.get("value") or "")
    return PhotosAsked(
        person=body["user"]["id"],
        at=float(action["action_ts"]),
        after=after if A_PLACE.match(after) else "",
        channel=str((body.get("channel") or {}).get("id") or ""),
    )
