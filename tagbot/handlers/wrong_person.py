"""WrongPerson: a team member says that a tagged face got the wrong person."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.messages import FaceReopened
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.request_id import BLOCK_ID, RequestId
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have the face reopened, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.WRONG_PERSON, "block_id": BLOCK_ID})
    def wrong_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        asked = RequestId.parse(body["actions"][0]["block_id"])
        member = body["user"]["id"]
        allowed = services.settings.is_admin(member)
        if asked is not None and allowed:
            services.publish(FaceReopened(face_id=asked.face_id, round=asked.round, by=member))
        ack()
        if not allowed:
            respond(words.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
