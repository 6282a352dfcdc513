"""PeoplePages: an admin looks for somebody, and turns the pages of their faces."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.in_time import NO_OPTIONS, InTime
from tagbot.handlers.where_clicked import open_form, tell
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.people_options import people_options
from tagbot.slack.person_page_view import PersonOnPage, people_modal
from tagbot.slack.person_pages import person_on_page, show_page
from tagbot.vocabulary import PEOPLE, ActionId, CallbackId, Field

BLOCK_ID = re.compile(rf"\A{PEOPLE}")

A_PERSON = re.compile(r"\A[0-9a-f-]{36}\Z")
"""An id of ours."""

STEPS = {ActionId.NEWER_FACES: -1, ActionId.OLDER_FACES: 1}


def register(app: App, services: Services) -> None:
    """Acknowledge, then show what there is to who may see it."""
    in_time = InTime()

    @app.action({"action_id": ActionId.FIND_PERSON, "block_id": BLOCK_ID})
    def find_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        if not told_why_not(body, respond, services):
            open_form(body, people_modal(), services)

    @app.options(ActionId.FOUND_PERSON)
    @app.options(Field.INTO)
    def somebody(ack: Ack, body: dict[str, Any]) -> None:
        ack(options=in_time.get(lambda: suggested(body, services), late=NO_OPTIONS))

    @app.action({"action_id": ActionId.FOUND_PERSON, "block_id": BLOCK_ID})
    def found_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        chosen = (body["actions"][0].get("selected_option") or {}).get("value")
        if not told_why_not(body, respond, services):
            show_person(body["view"]["id"], person_id(chosen), services)

    @app.action({"action_id": ActionId.NEWER_FACES, "block_id": BLOCK_ID})
    @app.action({"action_id": ActionId.OLDER_FACES, "block_id": BLOCK_ID})
    def turned(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        person, part, _ = carried(body["view"])
        if not told_why_not(body, respond, services):
            step = STEPS[body["actions"][0]["action_id"]]
            show_person(body["view"]["id"], person, services, part=part + step)


def told_why_not(body: Mapping[str, Any], respond: Respond, services: Services) -> bool:
    """Whether who clicked may not change people, which they were told; Slack was acknowledged."""
    may = services.homes.may_manage(body["user"]["id"])
    if not may:
        tell(why_not(services), body, respond, services)
    return not may


def why_not(services: Services) -> str:
    """Words for a member who may not change people."""
    return words.ADMINS_ONLY if services.settings.admins else words.NO_SAY


def suggested(body: Mapping[str, Any], services: Services) -> Sequence[dict[str, Any]]:
    """The options for what was typed, from Slack's `block_suggestion` payload; none for who may not see them,
    and none for the person who is to be merged.
    """
    if not services.homes.may_manage(body["user"]["id"]):
        return []
    view = body.get("view") or {}
    merged = str(view.get("private_metadata")) if view.get("callback_id") == CallbackId.MERGE_PERSON else ""
    return people_options(str(body.get("value") or ""), without=merged)


def person_id(value: object) -> str:
    """An id of ours; empty for any other text."""
    return value if isinstance(value, str) and A_PERSON.match(value) else ""


def carried(view: Mapping[str, Any]) -> tuple[str, int, Sequence[str]]:
    """The person whose page a modal shows, which part of it, and the faces that are asked about again."""
    told = json.loads(view.get("private_metadata") or "{}")
    return person_id(told.get("person")), int(told.get("part", 0)), tuple(told.get("reopened", ()))


def show_person(
    view_id: str,
    person: str,
    services: Services,
    *,
    part: int = 0,
    told: str = "",
    reopened: Sequence[str] = (),
) -> None:
    """Show a part of a person's page in an open modal."""
    page = of_one(person, services, part)
    show_page(view_id, page, services.slack, told=told, reopened=reopened)


def of_one(person: str, services: Services, part: int = 0) -> PersonOnPage | None:
    """A part of a person's page; None where they are not there any more."""
    may_forget = bool(services.settings.admins)
    return person_on_page(person, part, services.slack, can_be_forgotten=may_forget) if person else None
