"""The page of a person, for admins: a modal that finds people and shows one of them; pure."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ContextBlock,
    DividerBlock,
    ExternalDataSelectElement,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from tagbot.slack import home_words
from tagbot.slack import people_words as words
from tagbot.slack.blocks import asking_first, button, cut, image, section
from tagbot.slack.person_words import CANCEL
from tagbot.slack.request_id import RequestId
from tagbot.slack.words import REOPEN_NO, REOPEN_TEXT, REOPEN_TITLE, REOPEN_YES
from tagbot.vocabulary import PEOPLE, ActionId, CallbackId, Consent, Field

MOST_FACES = 10
"""In one part of a page: each has two blocks, of which Slack takes 100, and a picture to load."""

MOST_MERGED = 10
"""Merges that can be undone on the page; earlier ones follow as these are undone."""

LONGEST_HEADER = 150
"""Letters: Slack's limit."""

PARTS = "parts"
"""Ends the `block_id` of the buttons that turn the page."""


@dataclass(frozen=True, slots=True)
class FaceOnPage:
    """A face that is tagged as the person."""

    id: RequestId
    date: str
    """When it was tagged."""
    link: str
    """To its message; empty where that is not known."""
    picture: str | None
    """Slack's id of it."""
    number: int = 0
    """Which face it is in that picture; 0 where it shows no other."""


@dataclass(frozen=True, slots=True)
class MergedOnPage:
    """A person who is part of the one whose page it is."""

    id: str
    name: str | None
    date: str
    """When they were merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOnPage:
    """All that the page of a person shows."""

    id: str
    name: str | None
    slack_id: str | None
    email: str | None
    faces: int
    photos: int
    learned: int
    consent: Consent
    consent_date: str
    shown: Sequence[FaceOnPage] = ()
    """Those of this part of the page."""
    part: int = 0
    parts: int = 1
    merged: Sequence[MergedOnPage] = ()
    """Those who were merged into them, the latest first."""
    can_be_forgotten: bool = False
    """By who looks."""


def people_modal(
    person: PersonOnPage | None = None, *, told: str = "", reopened: Sequence[str] = ()
) -> dict[str, Any]:
    """The modal that finds people, with the page of one of them and words about what was just done. The faces
    of the ids in `reopened` were just said to be somebody else's.
    """
    blocks: list[Block] = [_search(), *([section(told)] if told else [])]
    if person is None:
        blocks += [] if told else [section(words.NOBODY_CHOSEN)]
    else:
        blocks += _page(person, reopened)
    carried = {} if person is None else {"person": person.id, "part": person.part, "reopened": [*reopened]}
    view = View(
        type="modal",
        callback_id=CallbackId.PEOPLE,
        private_metadata=json.dumps(carried),
        title=PlainTextObject(text=words.PEOPLE),
        close=PlainTextObject(text=home_words.CLOSE),
        blocks=blocks,
    )
    return dict(view.to_dict())


def _search() -> SectionBlock:
    asked = MarkdownTextObject(text=words.LOOK_FOR)
    return SectionBlock(block_id=PEOPLE, text=asked, accessory=_somebody(ActionId.FOUND_PERSON))


def _page(person: PersonOnPage, reopened: Sequence[str]) -> list[Block]:
    known = [
        words.account(person.slack_id, person.email),
        words.in_photos(person.faces, person.photos, person.learned),
        words.CONSENT[person.consent].format(date=person.consent_date),
    ]
    return [
        DividerBlock(),
        HeaderBlock(text=PlainTextObject(text=cut(person.name or words.NO_NAME, LONGEST_HEADER))),
        section("\n".join(known)),
        ContextBlock(elements=[PlainTextObject(text=words.short_id(person.id))]),
        _changes(person),
        *map(_merged, person.merged[:MOST_MERGED]),
        *(block for face in person.shown for block in _face(face, reopened)),
        *_parts(person),
    ]


def _changes(person: PersonOnPage) -> ActionsBlock:
    elements = [
        button(ActionId.RENAME_PERSON, words.RENAME, person.id),
        button(ActionId.MERGE_PERSON, words.MERGE, person.id),
    ]
    if person.can_be_forgotten:
        forget = button(ActionId.FORGET_PERSON, words.FORGET, person.id)
        question = words.FORGET_TITLE, words.FORGET_TEXT, words.FORGET_YES
        elements.append(asking_first(forget, *question, CANCEL, is_final=True))
    return ActionsBlock(block_id=f"{PEOPLE}{person.id}", elements=elements)


def _merged(merged: MergedOnPage) -> SectionBlock:
    question = words.UNMERGE_TITLE, words.UNMERGE_TEXT, words.UNMERGE_YES
    pressed = button(ActionId.UNMERGE_PERSON, words.UNMERGE, merged.id)
    said = words.was_merged(merged.name or words.NO_NAME, merged.date)
    return SectionBlock(
        block_id=f"{PEOPLE}{merged.id}",
        text=MarkdownTextObject(text=said),
        accessory=asking_first(pressed, *question, CANCEL),
    )


def _face(face: FaceOnPage, reopened: Collection[str]) -> list[Block]:
    about = [words.tagged_on(face.date, face.link)]
    about += [] if face.picture else [words.NO_PICTURE]
    if face.id.face_id in reopened:
        return _shown(words.ASKED_AGAIN, face)
    question = REOPEN_TITLE, REOPEN_TEXT, REOPEN_YES, REOPEN_NO
    wrong = asking_first(button(ActionId.WRONG_PERSON, words.NOT_THIS_PERSON), *question)
    return [*_shown(" ".join(about), face), ActionsBlock(block_id=face.id.block_id, elements=[wrong])]


def _shown(text: str, face: FaceOnPage) -> list[Block]:
    """A sentence with the face's picture; that of several is shown whole, as Slack cuts off a small one."""
    if face.number and face.picture:
        both = f"{words.numbered(face.number)} {text}"
        return [section(both), image(face.picture, words.numbered_alt(face.number))]
    return [section(text, picture=face.picture, alt=words.FACE_ALT)]


def _parts(person: PersonOnPage) -> list[Block]:
    if person.parts == 1:
        return []
    newer = [button(ActionId.NEWER_FACES, words.NEWER)] if person.part else []
    older = [button(ActionId.OLDER_FACES, words.OLDER)] if person.part + 1 < person.parts else []
    return [
        ContextBlock(elements=[PlainTextObject(text=words.which_part(person.part + 1, person.parts))]),
        ActionsBlock(block_id=f"{PEOPLE}{PARTS}", elements=[*newer, *older]),
    ]


def rename_modal(person: PersonOnPage) -> dict[str, Any]:
    """Asks for a person's new name; `private_metadata` is their id."""
    typed = PlainTextInputElement(action_id=Field.NAME, initial_value=person.name)
    field = InputBlock(
        block_id=Field.NAME,
        label=PlainTextObject(text=words.RENAME_NAME),
        hint=PlainTextObject(text=words.RENAME_HINT),
        element=typed,
    )
    return _form(CallbackId.RENAME_PERSON, words.RENAME_TITLE, words.RENAME_SUBMIT, person.id, [field])


def merge_modal(person: PersonOnPage) -> dict[str, Any]:
    """Asks into whom a person is merged; `private_metadata` is their id."""
    into = InputBlock(
        block_id=Field.INTO,
        label=PlainTextObject(text=words.MERGE_INTO),
        hint=PlainTextObject(text=words.MERGE_HINT),
        element=_somebody(Field.INTO),
    )
    said = section(words.merging(person.name or words.NO_NAME))
    return _form(CallbackId.MERGE_PERSON, words.MERGE_TITLE, words.MERGE_SUBMIT, person.id, [said, into])


def _somebody(action_id: str) -> ExternalDataSelectElement:
    return ExternalDataSelectElement(
        action_id=action_id,
        placeholder=PlainTextObject(text=words.LOOK_FOR_PLACEHOLDER),
        min_query_length=0,
    )


def _form(callback_id: str, title: str, submit: str, carried: str, blocks: Sequence[Block]) -> dict[str, Any]:
    view = View(
        type="modal",
        callback_id=callback_id,
        private_metadata=carried,
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text=CANCEL),
        blocks=blocks,
    )
    return dict(view.to_dict())
