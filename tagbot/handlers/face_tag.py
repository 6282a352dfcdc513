"""FaceTag: somebody answers who a face is, with one click."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from tagbot.messages import AnswerGiven, Publish
from tagbot.slack import blocks
from tagbot.vocabulary import ActionId


def register(app: App, publish: Publish, now: Callable[[], float]) -> None:
    """Have the answer stored, and only then acknowledge to Slack."""

    @app.action({"action_id": ActionId.TAG_PERSON, "block_id": blocks.BLOCK_ID})
    @app.action({"action_id": ActionId.NOT_A_FACE, "block_id": blocks.BLOCK_ID})
    @app.action({"action_id": ActionId.DONT_KNOW, "block_id": blocks.BLOCK_ID})
    def face_tag(ack: Ack, body: dict[str, Any]) -> None:
        answer = parse(body, now())
        if answer is not None:
            publish(answer)
        ack()


def parse(body: Mapping[str, Any], now: float) -> AnswerGiven | None:
    """The answer in Slack's `block_actions` payload; None when nothing is answered in a request of ours.

    A button's answer is what it is called, `not_a_face` or `dont_know`.
    """
    action = body["actions"][0]
    asked = blocks.Asked.parse(action["block_id"])
    answer = (
        action.get("selected_user") if action["action_id"] == ActionId.TAG_PERSON else action["action_id"]
    )
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
    )
