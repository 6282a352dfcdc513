"""One of every message and modal that the bot can send, of made-up people and without pictures; pure.

`check` has Slack look at each, as what Slack takes changes at times without a word.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tagbot.slack.blocks import Offered, PersonShown, Rendered
from tagbot.slack.group_message import FaceShown, GroupShown, group_message
from tagbot.slack.group_modals import Numbered, look_closer_modal, odd_ones_modal, wrong_ones_modal
from tagbot.slack.home_view import (
    AnswerShown,
    AskedShown,
    HomeShown,
    change_modal,
    changed_modal,
    home_view,
    notice_modal,
)
from tagbot.slack.person_messages import (
    ConsentShown,
    KeptShown,
    PhotosShown,
    after_photos,
    consent_message,
    kept_message,
)
from tagbot.slack.person_page_view import (
    MOST_FACES,
    FaceOnPage,
    MergedOnPage,
    PersonOnPage,
    merge_modal,
    people_modal,
    rename_modal,
)
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_message import (
    RequestShown,
    forgotten_message,
    past_request_message,
    request_message,
)
from tagbot.slack.someone_else_modal import Opened, someone_else_modal
from tagbot.slack.words import LOOK_CLOSER_WAIT, NOT_TAGGED, reopened
from tagbot.vocabulary import Consent, NotSentReason, RejectionReason, State

FACES = tuple(str(uuid.UUID(int=number)) for number in range(1, 10))
MEMBER = "U00000000"
ASKED = RequestId(FACES[0], 1)
OPENED = Opened("1700000000.000100", "C00000000", 1_700_000_000.0, 1_700_000_000.0)
SOMEBODY = PersonShown(MEMBER, "A Name")
LINK = "https://example.slack.com/archives/C00000000/p1700000000000100"
DATE = "2026-01-01"

Kind = tuple[str, str, object]
"""Its name, for the operator; Slack's for what is to be looked at, `blocks` or `view`; and that."""


def every_kind() -> Iterator[Kind]:
    """Each of them."""
    for name, message in _messages():
        yield name, "blocks", message.blocks
    for name, view in _views():
        yield name, "view", view


def _messages() -> Iterator[tuple[str, Rendered]]:
    for state in State:
        yield f"a request, {state}", _request(state)
        yield f"a request about several faces, {state}", _group(state)
    differs = NotSentReason.DIFFERS
    yield "a tagged face on which people and machine differ", _request(State.TAGGED, differs)
    yield "a request that was reopened", past_request_message(ASKED, FACES[:1], reopened(MEMBER))
    yield "a message about a person who was forgotten", forgotten_message()
    for standing in Consent:
        shown = ConsentShown(slack_id=MEMBER, text="A question?", text_id="0" * 64, standing=standing)
        yield f"the question for consent, {standing}", consent_message(shown)
    yield "what is kept of a person", _kept()
    photos = PhotosShown(
        slack_id=MEMBER, has_sent=True, more=13, next=10, after=f"1.0 {'0' * 64}", gone=[DATE]
    )
    yield "what follows the photos with a person", after_photos(photos)
    yield "what is kept of a person who opted out", kept_message(KeptShown(slack_id=MEMBER, opted_out=True))


def _views() -> Iterator[tuple[str, dict[str, Any]]]:
    faces = [Numbered(face, 1, number) for number, face in enumerate(FACES, 1)]
    yield "Home", home_view(_home())
    yield "Home of a member who has no say", home_view(replace(_home(), refusal="No.", manages=False))
    yield "the modal for people without an account", someone_else_modal(ASKED, OPENED)
    yield "the modal for the odd ones", odd_ones_modal(ASKED, OPENED, faces, None)
    yield "the modal for the wrong ones", wrong_ones_modal(ASKED, OPENED, faces, None)
    yield "the modal with the photos", look_closer_modal([], saying=LOOK_CLOSER_WAIT)
    yield "the modal for another answer", change_modal(_request(State.OPEN))
    yield "the modal after another answer", changed_modal()
    yield "the modal that says something", notice_modal(NOT_TAGGED)
    yield "the modal that finds people", people_modal()
    yield "the modal that renames a person", rename_modal(_person())
    yield "the modal that merges people", merge_modal(_person())
    yield "the page of a person", people_modal(_person(), told="Done.", reopened=FACES[:1])


def _request(state: str, reason: str | None = None) -> Rendered:
    reasons = {State.REJECTED: RejectionReason.UNKNOWN}
    return request_message(
        RequestShown(
            face_id=ASKED.face_id,
            round=ASKED.round,
            state=state,
            crop_file=None,
            context_file=None,
            required_votes=2,
            taggers=[MEMBER],
            offered=_offered(),
            person=SOMEBODY if state == State.TAGGED else None,
            reason=reason or reasons.get(State(state)),
        )
    )


def _group(state: str) -> Rendered:
    faces = [
        FaceShown(id=face, round=1, number=number, state=state, person=SOMEBODY, reason=None)
        for number, face in enumerate(FACES, 1)
    ]
    shown = GroupShown(faces=faces, grid_file=None, required_votes=2, taggers=[MEMBER], offered=_offered())
    return group_message(shown)


def _offered() -> Sequence[Offered]:
    return [Offered(face, "A Name", f"a{number}@example.com") for number, face in enumerate(FACES[:4])]


def _kept() -> Rendered:
    return kept_message(
        KeptShown(slack_id=MEMBER, name="A Name", faces=2, photos=2, is_person=True, text="A question?")
    )


def _home() -> HomeShown:
    answer = AnswerShown(
        id=RequestId(FACES[1], 1),
        said=SOMEBODY,
        faces=1,
        outcome="",
        picture=None,
        can_change=True,
        link=LINK,
    )
    return HomeShown(
        channel=OPENED.channel,
        asked=[AskedShown(_request(State.OPEN), LINK)],
        answers=[answer],
        people=2,
        manages=True,
        kept=_kept(),
        machine=["A sentence."],
    )


def _person() -> PersonOnPage:
    shown = [FaceOnPage(RequestId(face, 1), DATE, LINK, None) for face in FACES[:MOST_FACES]]
    return PersonOnPage(
        id=FACES[0],
        name="A Name",
        slack_id=MEMBER,
        email="a@example.com",
        faces=99,
        photos=99,
        learned=99,
        consent=Consent.GIVEN,
        consent_date=DATE,
        shown=shown,
        part=1,
        parts=3,
        merged=[MergedOnPage(FACES[1], "Another Name", DATE)],
        can_be_forgotten=True,
    )
