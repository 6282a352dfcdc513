"""The modal in which a tagger names a person without a Slack account."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ExternalDataSelectElement,
    InputBlock,
    InputInteractiveElement,
    PlainTextInputElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from tagbot.slack import people_words, words
from tagbot.slack.request_id import RequestId
from tagbot.vocabulary import CallbackId, Field

LEAST_LETTERS = 1
"""Typed before the bot is asked: there are names of one letter in Chinese, and no list of all people is shown
unasked.
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a modal carries to its submission."""

    message_ts: str
    """Slack's id of the request that was clicked."""
    channel: str
    """Slack's id of the channel in which that is."""
    clicked_at: float
    """By Slack's clock; seconds since 1970, as is the next one."""
    received: float
    """When the click reached the bot, by the bot's clock."""


def someone_else_modal(request: RequestId, opened: Opened) -> dict[str, Any]:
    """The view; its `private_metadata` says which request it answers, where and when it was opened."""
    view = View(
        type="modal",
        callback_id=CallbackId.SOMEONE_ELSE,
        private_metadata=json.dumps(asdict(request) | asdict(opened)),
        title=PlainTextObject(text=words.MODAL_TITLE),
        submit=PlainTextObject(text=words.MODAL_SUBMIT),
        close=PlainTextObject(text=words.MODAL_CLOSE),
        blocks=[
            _input(Field.KNOWN, people_words.KNOWN, _named_before(), hint=people_words.KNOWN_HINT),
            _input(Field.NAME, words.MODAL_NAME, _text(Field.NAME), hint=words.MODAL_NAME_HINT),
            _input(Field.EMAIL, words.MODAL_EMAIL, _text(Field.EMAIL)),
        ],
    )
    return dict(view.to_dict())


def _input(name: str, label: str, element: InputInteractiveElement, hint: str | None = None) -> InputBlock:
    """Each may stay empty: either of the first two says who it is."""
    return InputBlock(
        block_id=name,
        label=PlainTextObject(text=label),
        hint=PlainTextObject(text=hint) if hint else None,
        element=element,
        optional=True,
    )


def _text(name: str) -> PlainTextInputElement:
    return PlainTextInputElement(action_id=name)


def _named_before() -> ExternalDataSelectElement:
    return ExternalDataSelectElement(
        action_id=Field.KNOWN,
        placeholder=PlainTextObject(text=people_words.KNOWN_PLACEHOLDER),
        min_query_length=LEAST_LETTERS,
    )
