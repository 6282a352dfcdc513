"""ChangeAnswer: a team member wants to answer anew what they answered before."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.where_clicked import open_form, tell
from tagbot.handlers.who_has_a_say import may_have_a_say
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.home_figures import controls_of
from tagbot.slack.home_view import change_modal
from tagbot.slack.request_id import BLOCK_ID, RequestId
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Acknowledge, then open the request's controls in a modal."""

    @app.action({"action_id": ActionId.CHANGE_ANSWER, "block_id": BLOCK_ID})
    def change_answer(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        if not may_have_a_say(body["user"]["id"], services):
            tell(words.NO_SAY, body, respond, services)
            return
        asked, settings = RequestId.parse(body["actions"][0]["block_id"]), services.settings
        message = controls_of(asked, settings.slack_channel, settings.rule) if asked is not None else None
        if message is None:
            tell(words.CLOSED, body, respond, services)
        else:
            open_form(body, change_modal(message), services)
