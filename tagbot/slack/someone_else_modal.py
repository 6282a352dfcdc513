"""The modal in which a tagger names a person without a Slack account."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from tagbot.slack import words
from tagbot.slack.request_id import RequestId
from tagbot.vocabulary import CallbackId, Field


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
            _input(Field.NAME, words.MODAL_NAME, optional=False, hint=words.MODAL_NAME_HINT),
            _input(Field.EMAIL, words.MODAL_EMAIL, optional=True),
        ],
    )
    return dict(view.to_dict())


def _input(name: str, label: str, *, optional: bool, hint: str | None = None) -> InputBlock:
    return InputBlock(
        block_id=name,
        label=PlainTextObject(text=label),
        hint=PlainTextObject(text=hint) if hint else None,
        element=PlainTextInputElement(action_id=name),
        optional=optional,
    )
