"""FaceTag: somebody picks a person under a face."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from tagbot.blocks import TAG_PERSON, parse_holder_id
from tagbot.messages import AnswerGiven
from tagbot.publish import Publish


def register(app: App, publish: Publish, now: Callable[[], float]) -> None:
    """Have the answer stored, and only then acknowledge to Slack."""

    @app.action(TAG_PERSON)
    def face_tag(ack: Ack, body: dict[str, Any]) -> None:
        answer = parse(body, now())
        if answer is not None:
            publish(answer)
        ack()


def parse(body: Mapping[str, Any], now: float) -> AnswerGiven | None:
    """The answer in Slack's `block_actions` payload; None when nobody is picked in a request of ours."""
    action = body["actions"][0]
    asked = parse_holder_id(action["block_id"])
    if asked is None or not action.get("selected_user"):
        return None
    face_id, round_number = asked
    return AnswerGiven(
        face_id=face_id,
        round=round_number,
        tagger=body["user"]["id"],
        answer=action["selected_user"],
        at=float(action["action_ts"]),
        received=now,
        message_ts=body.get("container", {}).get("message_ts", ""),
    )
