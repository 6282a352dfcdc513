"""TrainAnyway: an admin wants a face learned that people and machine see differently."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.wrong_person import may_change
from tagbot.messages import ANYWAY, FaceTagged
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.request_id import BLOCK_ID, RequestId
from tagbot.stages.send_face_for_training import can_be_trained_anyway
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have the face sent to the model all the same, and only then acknowledge to Slack. An admin who clicks
    too late is told so from here: the stage may run where there is no Slack.
    """

    @app.action({"action_id": ActionId.TRAIN_ANYWAY, "block_id": BLOCK_ID})
    def train_anyway(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        action = body["actions"][0]
        asked = RequestId.parse(action["block_id"])
        member = body["user"]["id"]
        allowed = may_change(body, ack, services)
        wanted: FaceTagged | None = None
        if asked is not None and allowed:
            cause = f"{ANYWAY}{member}:{action['action_ts']}"
            wanted = FaceTagged(face_id=asked.face_id, round=asked.round, cause=cause)
            services.publish(wanted)
        ack()
        if not allowed:
            respond(words.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
        elif wanted is not None and not can_be_trained_anyway(wanted):
            respond(words.NOT_DIFFERING, response_type="ephemeral", replace_original=False)
