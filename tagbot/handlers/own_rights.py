"""What a person does about themselves: consent, opting out, their own data. Guests have the same rights."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.messages import ConsentChanged
from tagbot.services import Services
from tagbot.slack import person_words
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
        heard = person_words.HEARD[body["actions"][0]["action_id"]]
        tell(respond, body, heard if answer is not None else person_words.NOT_YOURS)


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
    return whose(body["actions"][0]["block_id"]) == body["user"]["id"]


def tell(respond: Respond, body: Mapping[str, Any], text: str) -> None:
    """Say so to the member who clicked, where there is a message to say it beside."""
    if body.get("response_url"):
        respond(text, response_type="ephemeral", replace_original=False)
