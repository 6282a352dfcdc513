"""From the state of a face to the message that shows it: pure, and the only place that knows Block Kit."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tagbot.slack import words
from tagbot.vocabulary import ActionId, CallbackId, Field, NotSentReason

BLOCK_ID = re.compile(r"\Aface:([0-9a-f-]{36}):(\d{1,9})\Z")
"""Of what holds the controls of a request: the face and the round."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message shows: its blocks, and a text that says all that they say, for screen readers and
    notifications.
    """

    text: str
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class PersonShown:
    """A person as a message names them."""

    slack_id: str | None
    name: str | None
    """None until it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """All that a request shows."""

    face_id: str
    round: int
    state: str
    crop_file: str | None
    """Slack's id of the picture; None while there is none to show."""
    context_file: str | None
    required_votes: int
    taggers: Sequence[str] = ()
    """Slack ids of who has answered, in the order of their answers."""
    differ: bool = False
    """Whether people have different opinions so far."""
    person: PersonShown | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which request somebody acted on: a face, in a round."""

    face_id: str
    round: int

    @property
    def block_id(self) -> str:
        """Of what holds the request's controls."""
        return f"face:{self.face_id}:{self.round}"

    @classmethod
    def parse(cls, block_id: str) -> "Asked | None":
        """From the `block_id` of a control; None when it is none of ours."""
        match = BLOCK_ID.match(block_id)
        return cls(match[1], int(match[2])) if match else None


def request(shown: Request) -> Rendered:
    """The message of a face in whatever state it is."""
    return {"tagged": _tagged, "rejected": _rejected, "training": _training}.get(shown.state, _open)(shown)


def past_request(face_id: str, by: str | None) -> Rendered:
    """The message of a round that is over, as the face is asked about again; `by` is who had it asked."""
    return _lines(words.reopened(by), words.small_print(face_id))


def someone_else_modal(asked: Asked, message_ts: str) -> Block:
    """The modal for people without a Slack account; it carries what was asked."""
    return {
        "type": "modal",
        "callback_id": CallbackId.SOMEONE_ELSE,
        "private_metadata": json.dumps({**asdict(asked), "message_ts": message_ts}),
        "title": _plain(words.MODAL_TITLE),
        "submit": _plain(words.MODAL_SUBMIT),
        "close": _plain(words.MODAL_CLOSE),
        "blocks": [
            _input(Field.NAME, words.MODAL_NAME, hint=words.MODAL_NAME_HINT),
            _input(Field.EMAIL, words.MODAL_EMAIL, optional=True),
        ],
    }


def _open(shown: Request) -> Rendered:
    progress = words.progress(shown.required_votes, shown.taggers, differ=shown.differ)
    small = words.small_print(shown.face_id)
    controls = [
        {"type": "users_select", "action_id": ActionId.TAG_PERSON, "placeholder": _plain(words.PICK)},
        _button(ActionId.SOMEONE_ELSE, words.SOMEONE_ELSE),
        _button(ActionId.DONT_KNOW, words.DONT_KNOW),
        _button(ActionId.NOT_A_FACE, words.NOT_A_FACE),
    ]
    pictures = [(shown.crop_file, words.FACE_ALT), (shown.context_file, words.CONTEXT_ALT)]
    blocks = [
        _section(f"*{words.QUESTION}*"),
        *(_image(file, alt_text) for file, alt_text in pictures if file),
        _actions(shown, *controls),
        _context(progress),
        _context(small),
    ]
    described = " ".join(f"{alt_text}." for file, alt_text in pictures if file)
    choices = f"{words.PICK}. {words.SOMEONE_ELSE} {words.DONT_KNOW}. {words.NOT_A_FACE}."
    return Rendered(_text(words.QUESTION, described, choices, progress, small), blocks)


def _training(shown: Request) -> Rendered:
    return _closed(shown, words.LEARNING, words.answered_by(shown.taggers))


def _tagged(shown: Request) -> Rendered:
    not_sent = words.NOT_SENT.get(shown.reason or "", "")
    closed = _closed(shown, words.tagged_as(_named(shown.person)), words.answered_by(shown.taggers), not_sent)
    if shown.person is not None and shown.person.name:
        # Letter by letter, also where it has stars or colons that Slack would take for its markup.
        closed.blocks[0]["text"] = _plain(words.tagged_as(shown.person.name)) | {"emoji": False}
    controls = {
        ActionId.WRONG_PERSON: _button(ActionId.WRONG_PERSON, words.WRONG_PERSON) | {"confirm": _confirm()}
    }
    if shown.reason == NotSentReason.DIFFERS:
        controls[ActionId.TRAIN_ANYWAY] = _button(ActionId.TRAIN_ANYWAY, words.TRAIN_ANYWAY)
    labels = [control["text"]["text"] for control in controls.values()]
    return Rendered(_text(closed.text, *labels), [*closed.blocks, _actions(shown, *controls.values())])


def _rejected(shown: Request) -> Rendered:
    return _lines(
        words.rejected(shown.reason or ""), words.answered_by(shown.taggers), words.small_print(shown.face_id)
    )


def _closed(shown: Request, headline: str, *notes: str) -> Rendered:
    """A face that is named, beside its picture, without the controls of an open one."""
    rendered = _lines(headline, *notes, words.small_print(shown.face_id))
    if shown.crop_file:
        rendered.blocks[0]["accessory"] = _image(shown.crop_file, words.TAGGED_ALT)
    return rendered


def _lines(headline: str, *notes: str) -> Rendered:
    """A message of words only."""
    notes = tuple(filter(None, notes))
    return Rendered(_text(headline, *notes), [_section(headline), *map(_context, notes)])


def _named(person: PersonShown | None) -> str:
    if person is not None and person.name:
        return words.escaped(person.name)
    return words.mention(person.slack_id) if person is not None and person.slack_id else "somebody"


def _text(*sentences: str) -> str:
    return "\n".join(filter(None, sentences))


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _image(file: str, alt_text: str) -> Block:
    return {"type": "image", "slack_file": {"id": file}, "alt_text": alt_text}


def _actions(shown: Request, *elements: Block) -> Block:
    return {
        "type": "actions",
        "block_id": Asked(shown.face_id, shown.round).block_id,
        "elements": list(elements),
    }


def _button(action_id: str, label: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": _plain(label)}


def _confirm() -> Block:
    return {
        "title": _plain(words.REOPEN_TITLE),
        "text": _plain(words.REOPEN_TEXT),
        "confirm": _plain(words.REOPEN_YES),
        "deny": _plain(words.REOPEN_NO),
    }


def _input(name: str, label: str, *, hint: str = "", optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": {"type": "plain_text_input", "action_id": name},
        "optional": optional,
        **({"hint": _plain(hint)} if hint else {}),
    }
