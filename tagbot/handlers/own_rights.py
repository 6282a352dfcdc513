"""A person's clicks about themselves: consent, opting out, their own data. Guests have the same rights."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.where_clicked import show_that_it_arrived, tell
from tagbot.messages import ConsentChanged
from tagbot.services import Services
from tagbot.slack import person_words
from tagbot.slack.own_data import is_known, let_be_tagged, send_own_data
from tagbot.slack.person_messages import whose
from tagbot.vocabulary import PERSON, ActionId, Consent

BLOCK_ID = re.compile(rf"\A{PERSON}")

A_TEXT = re.compile(r"\A[0-9a-f]{64}\Z")
"""The id of a text."""

ANSWERS = {ActionId.CONSENT_YES: Consent.GIVEN, ActionId.CONSENT_NO: Consent.REFUSED}


def register(app: App, services: Services) -> None:
    """Have the answer stored, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.CONSENT_YES, "block_id": BLOCK_ID})
    @app.action({"action_id": ActionId.CONSENT_NO, "block_id": BLOCK_ID})
    def consent(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        answer = parse(body)
        if answer is not None:
            services.publish(answer)
        ack()
        # The button may be an old one, of before the member was forgotten.
        is_too_late = answer is not None and not is_known(answer.person)
        tell(person_words.NOBODY_YET if is_too_late else told(body), body, respond, services)
        show_that_it_arrived(body, services)

    @app.action({"action_id": ActionId.TAG_ME_AGAIN, "block_id": BLOCK_ID})
    def tag_me_again(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        if is_own(body):
            let_be_tagged(body["user"]["id"], services.opt_out_key)
        tell(told(body), body, respond, services)
        show_that_it_arrived(body, services)

    @app.action({"action_id": ActionId.SEND_MY_DATA, "block_id": BLOCK_ID})
    def send_my_data(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        modal = tell(told(body), body, respond, services)
        if is_own(body) and not send_own_data(body["user"]["id"], services.slack, services.crop):
            tell(person_words.NOT_WRITTEN_TO, body, respond, services, modal)


def parse(body: Mapping[str, Any]) -> ConsentChanged | None:
    """The answer in Slack's `block_actions` payload; None for a click on another person's buttons."""
    action = body["actions"][0]
    if not is_own(body):
        return None
    text = str(action.get("value") or "")
    return ConsentChanged(
        person=body["user"]["id"],
        said=ANSWERS[action["action_id"]],
        at=float(action["action_ts"]),
        text=text if A_TEXT.match(text) else "",
    )


def is_own(body: Mapping[str, Any]) -> bool:
    """Whether the buttons that were clicked are those of the member who did."""
    return bool(whose(body["actions"][0]["block_id"]) == body["user"]["id"])


def told(body: Mapping[str, Any]) -> str:
    """The words that the member who clicked is told at once."""
    return person_words.HEARD[body["actions"][0]["action_id"]] if is_own(body) else person_words.NOT_YOURS
