"""Clicks come from messages, from Home and from modals: what a handler says and opens follows from that."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Respond

from tagbot.services import Services
from tagbot.slack.home_view import changed_modal, notice_modal
from tagbot.vocabulary import CallbackId


def tell(text: str, body: Mapping[str, Any], respond: Respond, services: Services, modal: str = "") -> str:
    """Say something to who clicked alone: beside the message; at Home, in a modal, whose id is given back, or
    in that one.
    """
    if body.get("response_url"):
        respond(text, response_type="ephemeral", replace_original=False)
        return ""
    if modal:
        services.slack.update_modal(modal, notice_modal(text))
        return modal
    return open_form(body, notice_modal(text), services)


def open_form(body: Mapping[str, Any], view: dict[str, Any], services: Services) -> str:
    """Open a modal for who clicked, above the one that they clicked in; its id."""
    above = (body.get("view") or {}).get("type") == "modal"
    return services.slack.open_modal(body["trigger_id"], view, above=above)


def after_submission(body: Mapping[str, Any]) -> dict[str, Any]:
    """How a submitted modal is acknowledged: the one beneath it is done with, too."""
    return {"response_action": "clear"} if body["view"].get("previous_view_id") else {}


def show_that_it_arrived(body: Mapping[str, Any], services: Services) -> None:
    """After an answer that was given in no message: Home changes soon, and a modal says so at once."""
    view = body.get("view") or {}
    if view:
        services.homes.clicked(body["user"]["id"])
    if view.get("callback_id") == CallbackId.CHANGE_ANSWER:
        services.slack.update_modal(view["id"], changed_modal())
