"""The forms in which admins change people: who may, in time, and what Slack is told of it."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, Respond

from tagbot.handlers.in_time import InTime
from tagbot.handlers.people_pages import of_one, person_id, show_person, told_why_not, why_not
from tagbot.handlers.where_clicked import open_form, tell
from tagbot.services import Services
from tagbot.slack import people_words
from tagbot.slack.people_changes import show_changes
from tagbot.slack.person_page_view import PersonOnPage


def unless_refused(
    body: Mapping[str, Any], change: Callable[[], str], in_time: InTime, services: Services
) -> str:
    """Empty where the change is done; else words why not: those that it gives, that it is in other hands than
    an admin's, or that it takes too long.
    """

    def changed() -> str:
        may = services.homes.may_manage(body["user"]["id"])
        return change() if may else why_not(services)

    return in_time.get(changed, late=people_words.LATE)


def ask(
    body: Mapping[str, Any],
    respond: Respond,
    form: Callable[[PersonOnPage], dict[str, Any]],
    services: Services,
) -> None:
    """Open a form about the person whose button was clicked; Slack was acknowledged."""
    if told_why_not(body, respond, services):
        return
    person = of_one(person_id(body["actions"][0].get("value")), services)
    if person is None:
        tell(people_words.GONE, body, respond, services)
    else:
        open_form(body, form(person), services)


def answer(
    body: Mapping[str, Any], ack: Ack, field: str, refused: str, services: Services, *, person: str, done: str
) -> None:
    """Acknowledge a form: it says beneath its field why nothing was changed; or it closes, and the page
    beneath, which is that of the `person` from now on, says what is `done`.
    """
    if refused:
        ack(response_action="errors", errors={field: refused})
        return
    ack()
    show_changes(services.updates)
    beneath = body["view"].get("previous_view_id")
    if beneath:
        show_person(beneath, person, services, told=done)
