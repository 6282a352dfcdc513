"""NotAllTheSame: a team member sees that faces of one request are different people's."""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.form_fields import ticked_in
from tagbot.handlers.group_clicks import group_click
from tagbot.handlers.someone_else import submitted_at
from tagbot.handlers.where_clicked import after_submission, open_form, tell
from tagbot.messages import FacesStruckOut
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.group_modals import odd_ones_modal
from tagbot.slack.request_id import BLOCK_ID
from tagbot.vocabulary import ActionId, CallbackId, Field, State


def register(app: App, services: Services) -> None:
    """Open the modal at once; have what it says stored, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.NOT_ALL_THE_SAME, "block_id": BLOCK_ID})
    def not_all_the_same(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        click = group_click(body, services, respond)
        if click is None:
            return
        faces = click.group.numbered(State.OPEN)
        if click.opened.channel not in ("", services.settings.slack_channel):
            tell(words.ASKED_ELSEWHERE, body, respond, services)
        elif click.group.is_closed:
            tell(words.CLOSED, body, respond, services)
        elif len(faces) > 1:
            view = odd_ones_modal(click.id, click.opened, faces, click.group.request.grid_file)
            open_form(body, view, services)
        else:
            tell(words.NOTHING_TO_SPLIT, body, respond, services)

    @app.view(CallbackId.NOT_ALL_THE_SAME)
    def struck_out(ack: Ack, body: dict[str, Any]) -> None:
        services.publish(parse(body, services.now()))
        ack(**after_submission(body))


def parse(body: Mapping[str, Any], now: float) -> FacesStruckOut:
    """The answer of the modal, from Slack's `view_submission` payload."""
    asked = json.loads(body["view"]["private_metadata"])
    return FacesStruckOut(
        face_id=asked["face_id"],
        round=asked["round"],
        odd_ones=ticked_in(body, Field.ODD_ONES),
        by=body["user"]["id"],
        at=submitted_at(asked, now),
        channel=asked["channel"],
    )
