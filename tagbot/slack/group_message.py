"""From the states of several faces that share a request to the message that shows them; pure.

Their states may differ: one face may be learned while the backend refuses another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slack_sdk.models.blocks import ActionsBlock, Block, MarkdownTextObject, PlainTextObject, TextObject

from tagbot.slack import words
from tagbot.slack.blocks import (
    CHOICES,
    Offered,
    PersonShown,
    Rendered,
    answers_besides,
    button,
    image,
    line_up,
    pick_a_person,
    rendered,
    section,
)
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_message import payload_of
from tagbot.vocabulary import ActionId, NotSentReason, State

SEVERAL = "several"
"""The value of “Wrong person?” where it has to be asked which faces are meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceShown:
    """One of the faces."""

    id: str
    round: int
    number: int
    """In the picture."""
    state: str
    person: PersonShown | None = None
    reason: str | None = None

    @property
    def outcome(self) -> tuple[object, ...]:
        """The same for faces of which the message says the same."""
        return self.state, self.person, self.reason if self.state == State.REJECTED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShown:
    """All that a request about several faces shows."""

    faces: Sequence[FaceShown]
    grid_file: str | None
    """Slack's id of their picture; None while there is none to show."""
    required_votes: int
    taggers: Sequence[str] = ()
    """As in `RequestShown`, like the next ones."""
    differ: bool = False
    machine_agreed: bool = False
    offered: Sequence[Offered] = ()
    left: Sequence[str] = ()

    @property
    def id(self) -> RequestId:
        """By the first face."""
        return RequestId(self.faces[0].id, self.faces[0].round)


def group_message(shown: GroupShown) -> Rendered:
    """The message of several faces in whatever states they are.

    People agree about all of them at once, but each is sent for training by itself: once the first is on its
    way, the others take no more answers either.
    """
    if not any(face.state in (State.TRAINING, State.TAGGED) for face in shown.faces):
        if any(face.state in (State.OPEN, State.WAITING) for face in shown.faces):
            return _open(shown)
        return _closed(shown)
    faces = [
        replace(face, state=State.TRAINING) if face.state in (State.OPEN, State.WAITING) else face
        for face in shown.faces
    ]
    return _closed(replace(shown, faces=faces))


def _open(shown: GroupShown) -> Rendered:
    count = len(shown.faces)
    question = words.group_question(count)
    images = [image(shown.grid_file, words.grid_alt(count))] if shown.grid_file else []
    besides = (
        button(ActionId.NOT_ALL_THE_SAME, words.NOT_ALL_THE_SAME),
        button(ActionId.LOOK_CLOSER, words.LOOK_CLOSER),
    )
    blocks: list[Block] = [
        section(f"*{question}*"),
        *images,
        ActionsBlock(
            block_id=shown.id.block_id,
            elements=[*line_up(shown.offered), pick_a_person(), *answers_besides(), *besides],
        ),
    ]
    closed = [line for line, faces in _outcomes(shown) if faces[0].state not in (State.OPEN, State.WAITING)]
    progress = words.progress(shown.required_votes, shown.taggers, differ=shown.differ)
    notes = [*closed, progress, *shown.left, words.small_print(shown.id.face_id)]
    besides_text = f"{CHOICES} {words.NOT_ALL_THE_SAME} {words.LOOK_CLOSER}."
    choices = [words.offered(len(shown.offered)), besides_text]
    return rendered([question, *choices, *notes], blocks, notes, payload=_payload(shown))


def _closed(shown: GroupShown) -> Rendered:
    lines = [line for line, _ in _outcomes(shown)]
    headlines = [_headline(shown, faces) for _, faces in _outcomes(shown)]
    alt = words.tagged_grid_alt(len(shown.faces))
    first, *others = headlines
    blocks = [section(first, picture=shown.grid_file, alt=alt), *(section(other) for other in others)]
    notes = [
        words.answered_by(shown.taggers, machine_agreed=shown.machine_agreed),
        *_not_sent(shown),
        *shown.left,
    ]
    notes.append(words.small_print(shown.id.face_id))
    buttons, labels = [], []
    if any(face.state == State.TAGGED for face in shown.faces):
        buttons.append(button(ActionId.WRONG_PERSON, words.WRONG_PERSON, SEVERAL))
        labels.append(words.WRONG_PERSON)
    if any(_differs(face) for face in shown.faces):
        buttons.append(button(ActionId.TRAIN_ANYWAY, words.TRAIN_ANYWAY))
        labels.append(words.TRAIN_ANYWAY)
    controls = [ActionsBlock(block_id=shown.id.block_id, elements=buttons)] if buttons else []
    return rendered([*lines, *notes, *labels], blocks, notes, controls, _payload(shown))


def _outcomes(shown: GroupShown) -> Iterator[tuple[str, list[FaceShown]]]:
    """Each sentence, in Slack's markup, and of which faces; those that were tagged first."""
    by_outcome: dict[tuple[object, ...], list[FaceShown]] = {}
    for face in sorted(shown.faces, key=lambda face: face.state != State.TAGGED):
        by_outcome.setdefault(face.outcome, []).append(face)
    for faces in by_outcome.values():
        yield _said(faces[0], _whose(shown, faces)), faces


def _said(face: FaceShown, whose: str) -> str:
    match face.state:
        case State.TAGGED:
            return words.of_faces(words.tagged_as((face.person or PersonShown(None, None)).spoken), whose)
        case State.REJECTED:
            return words.of_faces(words.rejected(face.reason or ""), whose)
        case State.TRAINING:
            return words.of_faces(words.LEARNING, whose)
        case _:
            return ""


def _headline(shown: GroupShown, faces: Sequence[FaceShown]) -> TextObject:
    """A name stands there letter by letter, also where Slack would take some of it for its markup."""
    first, whose = faces[0], _whose(shown, faces)
    if first.state == State.TAGGED and first.person is not None and first.person.name:
        text = words.of_faces(words.tagged_as(first.person.name), whose)
        return PlainTextObject(text=text, emoji=False)
    return MarkdownTextObject(text=_said(first, whose))


def _whose(shown: GroupShown, faces: Sequence[FaceShown]) -> str:
    """All faces, or their numbers."""
    if len(faces) == len(shown.faces):
        return words.all_faces(len(faces))
    return words.numbered_faces([face.number for face in faces])


def _not_sent(shown: GroupShown) -> Iterator[str]:
    """Why tagged faces were not sent to the model."""
    for reason, sentence in words.NOT_SENT.items():
        faces = [face for face in shown.faces if face.state == State.TAGGED and face.reason == reason]
        if faces:
            yield words.of_faces(sentence, _whose(shown, faces))


def _differs(face: FaceShown) -> bool:
    return face.state == State.TAGGED and face.reason == NotSentReason.DIFFERS


def _payload(shown: GroupShown) -> dict[str, object]:
    return payload_of(shown.id, [face.id for face in shown.faces])
