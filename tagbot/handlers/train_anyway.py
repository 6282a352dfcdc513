"""An admin wants a face learned that people and machine see differently."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.messages import ANYWAY, FaceTagged, Publish
from tagbot.slack import blocks, words
from tagbot.vocabulary import ActionId


def register(
    app: App, publish: Publish, is_admin: Callable[[str], bool], is_heard: Callable[[FaceTagged], bool]
) -> None:
    """Have the face sent to the model all the same, and only then acknowledge to Slack. Who clicks where that
    cannot be any more is told so from here: the stage may run where there is no Slack.
    """

    @app.action({"action_id": ActionId.TRAIN_ANYWAY, "block_id": blocks.BLOCK_ID})
    def train_anyway(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        action = body["actions"][0]
        asked = blocks.Asked.parse(action["block_id"])
        member = body["user"]["id"]
        allowed = is_admin(member)
        wanted: FaceTagged | None = None
        if asked is not None and allowed:
            cause = f"{ANYWAY}{member}:{action['action_ts']}"
            wanted = FaceTagged(face_id=asked.face_id, round=asked.round, cause=cause)
            publish(wanted)
        ack()
        if not allowed:
            respond(words.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
        elif wanted is not None and not is_heard(wanted):
            respond(words.NOT_DIFFERING, response_type="ephemeral", replace_original=False)
