"""WrongPerson: a team member says that a tagged face got the wrong person."""

import json
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.facetag_command import may_retry
from tagbot.handlers.form_fields import ticked_in
from tagbot.handlers.group_clicks import group_click
from tagbot.handlers.people_pages import carried, show_person
from tagbot.handlers.where_clicked import tell
from tagbot.messages import FaceReopened
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.group_message import SEVERAL
from tagbot.slack.group_modals import wrong_ones_modal
from tagbot.slack.request_id import BLOCK_ID, RequestId, channel_of_click
from tagbot.vocabulary import ActionId, CallbackId, Field, State


def register(app: App, services: Services) -> None:
    """Have the face reopened, and only then acknowledge to Slack; where there are several, ask which."""

    @app.action({"action_id": ActionId.WRONG_PERSON, "block_id": BLOCK_ID})
    def wrong_person(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        asked = RequestId.parse(body["actions"][0]["block_id"])
        member, channel = body["user"]["id"], channel_of_click(body)
        allowed = may_change(member, channel, ack, services)
        several = body["actions"][0].get("value") == SEVERAL
        if asked is not None and allowed and not several:
            services.publish(
                FaceReopened(face_id=asked.face_id, round=asked.round, by=member, channel=channel)
            )
        ack()
        if not allowed:
            tell(words.ADMINS_ONLY, body, respond, services)
        elif several:
            _ask_which(body, services, respond)
        elif asked is not None:
            _show_on_page(body, asked, services)

    @app.view(CallbackId.WRONG_PERSON)
    def wrong_ones(ack: Ack, body: dict[str, Any]) -> None:
        member, channel = body["user"]["id"], str(json.loads(body["view"]["private_metadata"])["channel"])
        # Asked again: an admin may be one no longer, and what is submitted need not come from the form.
        if may_change(member, channel, ack, services):
            for reopened in parse(body):
                services.publish(reopened)
            ack()
        elif is_ours(channel, services):
            ack(response_action="errors", errors={Field.WRONG_ONES: words.ADMINS_ONLY})
        else:
            about = body["view"]["private_metadata"]
            services.tellings.tell(member, words.ADMINS_ONLY, channel, about=about)


def parse(body: Mapping[str, Any]) -> list[FaceReopened]:
    """A message for each face that is ticked in the modal, from Slack's `view_submission` payload."""
    asked = json.loads(body["view"]["private_metadata"])
    faces = ticked_in(body, Field.WRONG_ONES)
    return [
        FaceReopened(
            face_id=face_id,
            round=asked["rounds"][face_id],
            by=body["user"]["id"],
            channel=asked["channel"],
            together=faces,
        )
        for face_id in faces
        if face_id in asked["rounds"]
    ]


def _show_on_page(body: Mapping[str, Any], asked: RequestId, services: Services) -> None:
    """Where it was said on somebody's page, that says so at once."""
    view = body.get("view") or {}
    if view.get("callback_id") == CallbackId.PEOPLE:
        person, part, reopened = carried(view)
        show_person(view["id"], person, services, part=part, reopened=(*reopened, asked.face_id))


def _ask_which(body: Mapping[str, Any], services: Services, respond: Respond) -> None:
    click = group_click(body, services, respond)
    if click is None:
        return
    faces = click.group.numbered(State.TAGGED)
    if faces:
        view = wrong_ones_modal(click.id, click.opened, faces, click.group.request.grid_file)
        services.slack.open_modal(body["trigger_id"], view)
    else:
        respond(words.NOT_TAGGED, response_type="ephemeral", replace_original=False)


def may_change(member: str, channel: str, ack: Ack, services: Services) -> bool:
    """Whether a member who clicks or submits may change a tagged face. A tagged face keeps its controls also
    in a channel that tags no more, where there may be people who are not in ours.
    """
    if not is_ours(channel, services):
        ack()  # before Slack is asked who is in ours, which may take longer than it waits
    return may_retry(member, channel or services.settings.slack_channel, services)


def is_ours(channel: str, services: Services) -> bool:
    """Whether it is the channel that tags, or none, as at Home."""
    return channel in ("", services.settings.slack_channel)
