"""MergePeople: an admin makes two people one, or has them be two again."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.form_fields import field_of
from tagbot.handlers.in_time import InTime
from tagbot.handlers.people_forms import answer, ask, unless_refused
from tagbot.handlers.people_pages import BLOCK_ID, carried, person_id, show_person
from tagbot.handlers.where_clicked import tell
from tagbot.services import Services
from tagbot.slack.people_changes import merge, show_changes, unmerge
from tagbot.slack.people_words import MERGED, UNMERGED
from tagbot.slack.person_page_view import merge_modal
from tagbot.vocabulary import ActionId, CallbackId, Field


def register(app: App, services: Services) -> None:
    """Have it done, and only then acknowledge to Slack."""
    in_time = InTime()

    @app.action({"action_id": ActionId.MERGE_PERSON, "block_id": BLOCK_ID})
    def merge_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        ask(body, respond, merge_modal, services)

    @app.view(CallbackId.MERGE_PERSON)
    def merged(ack: Ack, body: dict[str, Any]) -> None:
        view, key = body["view"], services.opt_out_key
        source = person_id(view["private_metadata"])
        chosen = field_of(body, Field.INTO).get("selected_option") or {}
        target = person_id(chosen.get("value"))
        refused = unless_refused(
            body, lambda: merge(source, target, key, services.now(), services.publish), in_time, services
        )
        answer(body, ack, Field.INTO, refused, services, person=target, done=MERGED)

    @app.action({"action_id": ActionId.UNMERGE_PERSON, "block_id": BLOCK_ID})
    def unmerge_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        source = person_id(body["actions"][0].get("value"))
        refused = unless_refused(body, lambda: unmerge(source), in_time, services)
        ack()
        if refused:
            tell(refused, body, respond, services)
            return
        show_changes(services.updates)
        person, part, _ = carried(body["view"])
        show_person(body["view"]["id"], person, services, part=part, told=UNMERGED)
