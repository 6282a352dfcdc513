"""The modals about several faces that share a request: which are meant, and a closer look at each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    CheckboxesElement,
    InputBlock,
    Option,
    PlainTextObject,
)
from slack_sdk.models.views import View

from tagbot.slack import words
from tagbot.slack.blocks import image, section
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened
from tagbot.vocabulary import CallbackId, Field


@dataclass(frozen=True, slots=True)
class Numbered:
    """One of the faces, as the picture of all of them shows it."""

    id: str
    round: int
    number: int


def odd_ones_modal(
    request: RequestId, opened: Opened, faces: Sequence[Numbered], grid_file: str | None
) -> dict[str, Any]:
    """Asks which faces are not the same as the others; `private_metadata` says of which request."""
    return _modal(
        CallbackId.NOT_ALL_THE_SAME,
        (words.ODD_ONES_TITLE, words.ODD_ONES_SUBMIT),
        [*_grid(faces, grid_file), _boxes(Field.ODD_ONES, words.ODD_ONES, words.ODD_ONES_HINT, faces)],
        asdict(request) | asdict(opened),
    )


def wrong_ones_modal(
    request: RequestId, opened: Opened, faces: Sequence[Numbered], grid_file: str | None
) -> dict[str, Any]:
    """Asks which tagged faces got the wrong person; `private_metadata` says the round of each."""
    return _modal(
        CallbackId.WRONG_PERSON,
        (words.WRONG_ONES_TITLE, words.WRONG_ONES_SUBMIT),
        [*_grid(faces, grid_file), _boxes(Field.WRONG_ONES, words.WRONG_ONES, words.WRONG_ONES_HINT, faces)],
        asdict(request) | asdict(opened) | {"rounds": {face.id: face.round for face in faces}},
    )


def look_closer_modal(photos: Sequence[tuple[Numbered, str | None]], saying: str = "") -> dict[str, Any]:
    """Shows the photo around each face, by Slack's ids of them, None for one that is no longer kept; or says
    why there are none yet.
    """
    blocks: list[Block] = [section(saying)] if saying else []
    for face, file in photos:
        blocks.append(section(f"*{words.face_number(face.number)}*"))
        alt = words.numbered_photo_alt(face.number)
        blocks.append(image(file, alt) if file else section(words.LOOK_CLOSER_GONE))
    view = View(
        type="modal",
        callback_id=CallbackId.LOOK_CLOSER,
        title=PlainTextObject(text=words.LOOK_CLOSER_TITLE),
        close=PlainTextObject(text=words.LOOK_CLOSER_CLOSE),
        blocks=blocks,
    )
    return dict(view.to_dict())


def _modal(
    callback_id: str, title_and_submit: tuple[str, str], blocks: Sequence[Block], carried: Mapping[str, Any]
) -> dict[str, Any]:
    title, submit = title_and_submit
    view = View(
        type="modal",
        callback_id=callback_id,
        private_metadata=json.dumps(carried),
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text=words.MODAL_CLOSE),
        blocks=blocks,
    )
    return dict(view.to_dict())


def _grid(faces: Sequence[Numbered], grid_file: str | None) -> list[Block]:
    return [image(grid_file, words.tagged_grid_alt(len(faces)))] if grid_file else []


def _boxes(name: str, label: str, hint: str, faces: Sequence[Numbered]) -> InputBlock:
    options = [
        Option(value=face.id, text=PlainTextObject(text=words.face_number(face.number))) for face in faces
    ]
    return InputBlock(
        block_id=name,
        label=PlainTextObject(text=label),
        hint=PlainTextObject(text=hint),
        element=CheckboxesElement(action_id=name, options=options),
        optional=False,
    )
