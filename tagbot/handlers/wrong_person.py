"""WrongPerson: a team member says that a tagged face got the wrong person."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.facetag_command import may_retry
from tagbot.messages import FaceReopened
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.request_id import BLOCK_ID, RequestId, channel_of_click
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have the face reopened, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.WRONG_PERSON, "block_id": BLOCK_ID})
    def wrong_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        asked = RequestId.parse(body["actions"][0]["block_id"])
        member, channel = body["user"]["id"], channel_of_click(body)
        allowed = may_change(body, ack, services)
        if asked is not None and allowed:
            services.publish(
                FaceReopened(face_id=asked.face_id, round=asked.round, by=member, channel=channel)
            )
        ack()
        if not allowed:
            respond(words.ADMINS_ONLY, response_type="ephemeral", replace_original=False)


def may_change(body: dict[str, Any], ack: Ack, services: Services) -> bool:
    """Whether the member who clicked may change a tagged face. A tagged face keeps its controls also in a
    channel that tags no more, where there may be people who are not in ours.
    """
    ours = services.settings.slack_channel
    channel = channel_of_click(body) or ours
    if channel != ours:
        ack()  # before Slack is asked who is in ours, which may take longer than it waits
    return may_retry(body["user"]["id"], channel, services)
