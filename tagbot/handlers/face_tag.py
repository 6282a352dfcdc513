"""FaceTag: a team member answers who a face is, with one click."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.click_counts import BUTTON, FROM_A_LIST
from tagbot.handlers.where_clicked import show_that_it_arrived
from tagbot.messages import AnswerGiven
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.request_id import BLOCK_ID, RequestId, channel_of_click
from tagbot.vocabulary import PICK, ActionId

AN_ID = re.compile(r"\A([A-Z][A-Z0-9]{1,30}|[0-9a-f-]{36})\Z")
"""Slack's of an account, or ours of a person."""

A_PICK = re.compile(rf"\A{PICK}[1-9][0-9]?\Z")
"""The names of the line-up. The value of each is the id of the person."""


def register(app: App, services: Services) -> None:
    """Have the answer stored, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.TAG_PERSON, "block_id": BLOCK_ID})
    @app.action({"action_id": A_PICK, "block_id": BLOCK_ID})
    @app.action({"action_id": ActionId.NOT_A_FACE, "block_id": BLOCK_ID})
    @app.action({"action_id": ActionId.DONT_KNOW, "block_id": BLOCK_ID})
    def face_tag(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        answer = parse(body, services.now())
        if answer is not None:
            services.publish(answer)
        ack()
        if answer is not None and answer.channel not in ("", services.settings.slack_channel):
            # From here, as the bot may no longer be in the channel where this was clicked.
            respond(words.ASKED_ELSEWHERE, response_type="ephemeral", replace_original=False)
        elif answer is not None:
            show_that_it_arrived(body, services)


def parse(body: Mapping[str, Any], now: float) -> AnswerGiven | None:
    """The answer in Slack's `block_actions` payload; None when nothing is answered in a request of ours.

    A button's answer is its action id, `not_a_face` or `dont_know`; that of a name is the person's id.
    """
    action = body["actions"][0]
    asked = RequestId.parse(action["block_id"])
    chosen = action["action_id"]
    answer = chosen
    if chosen == ActionId.TAG_PERSON:
        answer = _id(action.get("selected_user"))
    elif A_PICK.match(chosen):
        answer = _id(action.get("value"))
    if asked is None or not answer:
        return None
    return AnswerGiven(
        face_id=asked.face_id,
        round=asked.round,
        tagger=body["user"]["id"],
        answer=answer,
        at=float(action["action_ts"]),
        received=now,
        message_ts=body.get("container", {}).get("message_ts", ""),
        channel=channel_of_click(body),
        clicks=FROM_A_LIST if chosen == ActionId.TAG_PERSON else BUTTON,
    )


def _id(chosen: object) -> str | None:
    """The id of an account or a person; None for any other text, which could be taken for another answer."""
    return chosen if isinstance(chosen, str) and AN_ID.match(chosen) else None
