"""TrainAnyway: an admin wants a face learned that people and machine see differently."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers import face_tag
from tagbot.handlers.wrong_person import may_change
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.request_id import BLOCK_ID, channel_of_click
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have what the admin wants stored like an answer, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.TRAIN_ANYWAY, "block_id": BLOCK_ID})
    def train_anyway(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        wanted = face_tag.parse(body, services.now())
        allowed = may_change(body["user"]["id"], channel_of_click(body), ack, services)
        if wanted is not None and allowed:
            services.publish(wanted)
        ack()
        if not allowed:
            respond(words.ADMINS_ONLY, response_type="ephemeral", replace_original=False)
