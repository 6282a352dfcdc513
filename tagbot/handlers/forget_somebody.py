"""ForgetSomebody: an admin has a person forgotten. Without admins, that is the operator's."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.in_time import InTime
from tagbot.handlers.people_forms import unless_refused
from tagbot.handlers.people_pages import BLOCK_ID, person_id
from tagbot.handlers.where_clicked import tell
from tagbot.messages import ForgetAsked
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.people_words import BEING_FORGOTTEN
from tagbot.slack.person_page_view import people_modal
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have it stored that they are to be forgotten, and only then acknowledge to Slack."""
    in_time = InTime()

    @app.action({"action_id": ActionId.FORGET_PERSON, "block_id": BLOCK_ID})
    def forget_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        person = person_id(body["actions"][0].get("value"))
        refused = unless_refused(body, lambda: forget(person, services), in_time, services)
        ack()
        if refused:
            tell(refused, body, respond, services)
        else:
            services.slack.update_modal(body["view"]["id"], people_modal(told=BEING_FORGOTTEN))


def forget(person: str, services: Services) -> str:
    """Empty where it is stored; else words why not."""
    if not person or not services.settings.admins:
        return words.ADMINS_ONLY
    services.publish(ForgetAsked.of(person))
    return ""
