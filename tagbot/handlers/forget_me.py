"""ForgetMe: a person wants to be forgotten, or never to be tagged again. Guests have the same right."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.own_rights import BLOCK_ID, is_own, told
from tagbot.handlers.where_clicked import show_that_it_arrived, tell
from tagbot.messages import ForgetAsked
from tagbot.services import Services
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have it stored that they are to be forgotten, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.FORGET_ME, "block_id": BLOCK_ID})
    @app.action({"action_id": ActionId.DO_NOT_TAG_ME, "block_id": BLOCK_ID})
    def forget_me(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        asked = parse(body)
        if asked is not None:
            services.publish(asked)
        ack()
        tell(told(body), body, respond, services)
        show_that_it_arrived(body, services)


def parse(body: Mapping[str, Any]) -> ForgetAsked | None:
    """The wish in Slack's `block_actions` payload; None for a click on another person's buttons."""
    if not is_own(body):
        return None
    never_again = body["actions"][0]["action_id"] == ActionId.DO_NOT_TAG_ME
    return ForgetAsked.of(body["user"]["id"], never_again=never_again)
