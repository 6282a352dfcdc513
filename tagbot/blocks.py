"""From the state of a face to the message that shows it: pure, and the only place that knows Block Kit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tagbot import words

TAG_PERSON = "tag_person"
"""`action_id` of the select with which a tagger picks a person."""

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message shows: its blocks, and a text that says all that they say, for screen readers and notifications."""

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
    crop_file: str
    context_file: str
    required_votes: int
    taggers: Sequence[str] = ()
    """Slack ids of who has answered, in the order of their answers."""
    differ: bool = False
    """Whether people have different opinions so far."""
    person: PersonShown | None = None
    reason: str | None = None


def request(shown: Request) -> Rendered:
    """The message of a face in whatever state it is."""
    return {"tagged": _tagged, "rejected": _rejected, "training": _training}.get(shown.state, _open)(shown)


def holder_id(face_id: str, round: int) -> str:  # noqa: A002 - the glossary's word
    """`block_id` of what holds a face's controls."""
    return f"face:{face_id}:{round}"


def parse_holder_id(block_id: str) -> tuple[str, int] | None:
    """Face id and round of a `block_id`, None when it is none of ours."""
    match = re.fullmatch(r"face:([0-9a-f-]{36}):(\d{1,9})", block_id)
    return (match[1], int(match[2])) if match else None


def _open(shown: Request) -> Rendered:
    progress = words.progress(shown.required_votes, shown.taggers, differ=shown.differ)
    select = {
        "type": "users_select",
        "action_id": TAG_PERSON,
        "placeholder": _plain(words.PICK),
    }
    blocks = [
        _section(_mrkdwn(f"*{words.QUESTION}*")),
        _image(shown.crop_file, words.FACE_ALT),
        _image(shown.context_file, words.CONTEXT_ALT),
        {"type": "actions", "block_id": holder_id(shown.face_id, shown.round), "elements": [select]},
        _context(progress),
        _context(words.small_print(shown.face_id)),
    ]
    pictures = f"{words.FACE_ALT}. {words.CONTEXT_ALT}."
    return Rendered(
        _text(words.QUESTION, pictures, f"{words.PICK}.", progress, words.small_print(shown.face_id)), blocks
    )


def _training(shown: Request) -> Rendered:
    return _closed(shown, words.learning(), words.agreed(shown.taggers))


def _tagged(shown: Request) -> Rendered:
    not_sent = words.NOT_SENT.get(shown.reason or "", "")
    return _closed(shown, words.tagged_as(_named(shown.person)), words.agreed(shown.taggers), not_sent)


def _rejected(shown: Request) -> Rendered:
    headline = words.rejected(shown.reason or "")
    small = words.small_print(shown.face_id)
    return Rendered(_text(headline, small), [_section(_mrkdwn(headline)), _context(small)])


def _closed(shown: Request, headline: str, *notes: str) -> Rendered:
    """A message without controls: what became of the face, beside its picture."""
    lines = [*filter(None, notes), words.small_print(shown.face_id)]
    picture = {
        "type": "image",
        "slack_file": {"id": shown.crop_file},
        "alt_text": words.TAGGED_ALT,
    }
    blocks = [{**_section(_mrkdwn(headline)), "accessory": picture}, *map(_context, lines)]
    return Rendered(_text(headline, *lines), blocks)


def _named(person: PersonShown | None) -> str:
    if person is None:
        return "somebody"
    if person.name:
        return words.escaped(person.name)
    return words.mention(person.slack_id) if person.slack_id else "somebody"


def _text(*sentences: str) -> str:
    return "\n".join(sentence for sentence in sentences if sentence)


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def _section(text: Block) -> Block:
    return {"type": "section", "text": text}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _image(file: str, alt_text: str) -> Block:
    return {"type": "image", "slack_file": {"id": file}, "alt_text": alt_text}
