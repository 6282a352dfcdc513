"""RenamePerson: an admin gives somebody another name."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.form_fields import field_of
from tagbot.handlers.in_time import InTime
from tagbot.handlers.people_forms import answer, ask, unless_refused
from tagbot.handlers.people_pages import BLOCK_ID, person_id
from tagbot.services import Services
from tagbot.slack.people_changes import rename
from tagbot.slack.people_words import RENAMED
from tagbot.slack.person_page_view import rename_modal
from tagbot.vocabulary import ActionId, CallbackId, Field


def register(app: App, services: Services) -> None:
    """Have it done, and only then acknowledge to Slack."""
    in_time = InTime()

    @app.action({"action_id": ActionId.RENAME_PERSON, "block_id": BLOCK_ID})
    def rename_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        ask(body, respond, rename_modal, services)

    @app.view(CallbackId.RENAME_PERSON)
    def renamed(ack: Ack, body: dict[str, Any]) -> None:
        person = person_id(body["view"]["private_metadata"])
        name = field_of(body, Field.NAME).get("value") or ""
        refused = unless_refused(body, lambda: rename(person, name, services.now()), in_time, services)
        answer(body, ack, Field.NAME, refused, services, person=person, done=RENAMED)
