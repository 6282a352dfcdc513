"""From the state of a face to the message that shows it, as blocks of Slack's Block Kit; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    MarkdownTextObject,
    PlainTextObject,
    TextObject,
)

from tagbot.slack import words
from tagbot.slack.blocks import (
    CHOICES,
    Offered,
    PersonShown,
    Rendered,
    answers_besides,
    asking_first,
    button,
    image,
    line_up,
    pick_a_person,
    rendered,
    section,
)
from tagbot.slack.request_id import FACE_IDS, RequestId
from tagbot.vocabulary import ActionId, NotSentReason, State


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShown:
    """All that a request about one face shows."""

    face_id: str
    round: int
    state: str
    crop_file: str | None
    """Slack's id of the picture; None while there is none to show."""
    context_file: str | None
    required_votes: int
    taggers: Sequence[str] = ()
    """Slack ids of those who have answered, in the order of their answers."""
    differ: bool = False
    """Whether people have different opinions so far."""
    person: PersonShown | None = None
    reason: str | None = None
    machine_agreed: bool = False
    """Whether the machine's vote was one of those that closed it."""
    offered: Sequence[Offered] = ()
    left: Sequence[str] = ()
    """Sentences about the faces that were asked about here, and are not any more."""


def request_message(shown: RequestShown) -> Rendered:
    """The message of a face in whatever state it is."""
    small = words.small_print(shown.face_id)
    answered_by = words.answered_by(shown.taggers, machine_agreed=shown.machine_agreed)
    notes = [answered_by, *shown.left, small]
    payload = payload_of(RequestId(shown.face_id, shown.round), [shown.face_id])
    match shown.state:
        case State.TAGGED:
            return _tagged(shown, answered_by, small, payload)
        case State.REJECTED:
            headline = words.rejected(shown.reason or "")
            return rendered([headline, *notes], [section(headline)], notes, payload=payload)
        case State.TRAINING:
            beside = section(words.LEARNING, picture=shown.crop_file, alt=words.TAGGED_ALT)
            return rendered([words.LEARNING, *notes], [beside], notes, payload=payload)
        case _:
            return _open(shown, small, payload)


def payload_of(request: RequestId, face_ids: Sequence[str]) -> dict[str, Any]:
    """For the metadata of a request: its first face with the round, and all its faces."""
    return {"face_id": request.face_id, "round": request.round, FACE_IDS: list(face_ids)}


def past_request_message(request: RequestId, face_ids: Sequence[str], headline: str) -> Rendered:
    """The message of a request whose faces are asked about elsewhere, as the headline says."""
    small = words.small_print(request.face_id)
    return rendered([headline, small], [section(headline)], [small], payload=payload_of(request, face_ids))


def forgotten_message() -> Rendered:
    """The message of a request that was about somebody who asked to be forgotten."""
    return rendered([words.FORGOTTEN], [section(words.FORGOTTEN)], [])


def _open(shown: RequestShown, small: str, payload: Mapping[str, Any]) -> Rendered:
    progress = words.progress(shown.required_votes, shown.taggers, differ=shown.differ)
    pictures = [(shown.crop_file, words.FACE_ALT), (shown.context_file, words.CONTEXT_ALT)]
    images = [image(file, alt_text) for file, alt_text in pictures if file]
    blocks = [
        section(f"*{words.QUESTION}*"),
        *images,
        ActionsBlock(
            block_id=RequestId(shown.face_id, shown.round).block_id,
            elements=[*line_up(shown.offered), pick_a_person(), *answers_besides()],
        ),
    ]
    notes = [progress, *shown.left, small]
    choices = [words.offered(len(shown.offered)), CHOICES]
    return rendered([words.QUESTION, *choices, *notes], blocks, notes, payload=payload)


def _tagged(shown: RequestShown, answered_by: str, small: str, payload: Mapping[str, Any]) -> Rendered:
    person = shown.person or PersonShown(None, None)
    spoken = words.tagged_as(person.spoken)
    # Letter by letter, also where it has stars or colons that Slack would take for its markup.
    headline: TextObject = (
        PlainTextObject(text=words.tagged_as(person.name), emoji=False)
        if person.name
        else MarkdownTextObject(text=spoken)
    )
    question = words.REOPEN_TITLE, words.REOPEN_TEXT, words.REOPEN_YES, words.REOPEN_NO
    wrong_person = button(ActionId.WRONG_PERSON, words.WRONG_PERSON)
    buttons, labels = [asking_first(wrong_person, *question)], [words.WRONG_PERSON]
    if shown.reason == NotSentReason.DIFFERS:
        buttons.append(button(ActionId.TRAIN_ANYWAY, words.TRAIN_ANYWAY))
        labels.append(words.TRAIN_ANYWAY)
    notes = [answered_by, words.NOT_SENT.get(shown.reason or "", ""), *shown.left, small]
    beside = section(headline, picture=shown.crop_file, alt=words.TAGGED_ALT)
    controls = ActionsBlock(block_id=RequestId(shown.face_id, shown.round).block_id, elements=buttons)
    return rendered([spoken, *notes, *labels], [beside], notes, [controls], payload)
