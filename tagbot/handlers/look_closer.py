"""LookCloser: a team member wants to see the photos that the faces of one request come from."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.errors import Reject, Retry
from tagbot.handlers.group_clicks import GroupClick, group_click
from tagbot.handlers.where_clicked import open_form, tell
from tagbot.services import Services
from tagbot.slack import request_pictures, words
from tagbot.slack.group_modals import look_closer_modal
from tagbot.slack.request_id import BLOCK_ID
from tagbot.vocabulary import ActionId, State


def register(app: App, services: Services) -> None:
    """Open the modal at once, and fill it when Slack has the photos."""

    @app.action({"action_id": ActionId.LOOK_CLOSER, "block_id": BLOCK_ID})
    def look_closer(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        click = group_click(body, services, respond)
        if click is None:
            return
        if click.group.is_closed:
            tell(words.CLOSED, body, respond, services)
            return
        waiting = look_closer_modal([], saying=words.LOOK_CLOSER_WAIT)
        view_id = open_form(body, waiting, services)
        services.slack.update_modal(view_id, _filled(click, services))


def _filled(click: GroupClick, services: Services) -> dict[str, Any]:
    """With the photos, or with the words that there are none just now."""
    try:
        files = request_pictures.photos_ready(
            click.group.request,
            services.slack,
            services.images,
            share=services.settings.slack_pictures == "shared",
        )
    except (Retry, Reject):
        return look_closer_modal([], saying=words.LOOK_CLOSER_FAILED)
    faces = click.group.numbered(*State)
    return look_closer_modal([(face, files[face.id]) for face in faces if face.id in files])
