"""ForgetSomebody: an admin has a person forgotten. Without admins, that is the operator's."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.in_time import InTime
from tagbot.handlers.people_pages import BLOCK_ID, person_id, why_not
from tagbot.handlers.where_clicked import tell
from tagbot.messages import ForgetAsked
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.people_words import BEING_FORGOTTEN, LATE
from tagbot.slack.person_page_view import people_modal
from tagbot.vocabulary import ActionId


def register(app: App, services: Services) -> None:
    """Have it stored that they are to be forgotten, and only then acknowledge to Slack."""
    in_time = InTime()

    @app.action({"action_id": ActionId.FORGET_PERSON, "block_id": BLOCK_ID})
    def forget_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        person = person_id(body["actions"][0].get("value"))
        refused = in_time.get(lambda: forget(person, body["user"]["id"], services), late=LATE)
        ack()
        if refused:
            tell(refused, body, respond, services)
        else:
            services.slack.update_modal(body["view"]["id"], people_modal(told=BEING_FORGOTTEN))


def forget(person: str, member: str, services: Services) -> str:
    """Empty where it is stored that a member wants it; else words why not."""
    if not services.homes.may_manage(member):
        return why_not(services)
    if not person or not services.settings.admins:
        return words.ADMINS_ONLY
    services.publish(ForgetAsked.of(person))
    return ""
