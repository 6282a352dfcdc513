"""From the state of a face to the message that shows it, as blocks of Slack's Block Kit; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    ImageBlock,
    ImageElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
    TextObject,
    UserSelectElement,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from tagbot.errors import Reject
from tagbot.slack import words
from tagbot.slack.request_id import RequestId
from tagbot.vocabulary import ActionId, NotSentReason, State


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: its blocks, and a text that says all that they say, for screen readers and notifications."""

    text: str
    blocks: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PersonShown:
    """A person as a message names them."""

    slack_id: str | None
    name: str | None
    """None until it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestShown:
    """All that a request shows."""

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


def request_message(shown: RequestShown) -> Rendered:
    """The message of a face in whatever state it is."""
    small = words.small_print(shown.face_id)
    answered_by = words.answered_by(shown.taggers)
    match shown.state:
        case State.TAGGED:
            return _tagged(shown, answered_by, small)
        case State.REJECTED:
            headline = words.rejected(shown.reason or "")
            return _rendered([headline, answered_by, small], [_section(headline)], [answered_by, small])
        case State.TRAINING:
            text = [words.LEARNING, answered_by, small]
            return _rendered(text, [_section(words.LEARNING, picture=shown.crop_file)], [answered_by, small])
        case _:
            return _open(shown, small)


def past_request_message(face_id: str, by: str | None, *, is_elsewhere: bool = False) -> Rendered:
    """The message of a round that is over; `by` is the member who had the face asked about again. Where it
    `is_elsewhere`, the new message is in another channel.
    """
    headline, small = words.reopened(by, is_elsewhere=is_elsewhere), words.small_print(face_id)
    return _rendered([headline, small], [_section(headline)], [small])


def _open(shown: RequestShown, small: str) -> Rendered:
    progress = words.progress(shown.required_votes, shown.taggers, differ=shown.differ)
    pictures = [(shown.crop_file, words.FACE_ALT), (shown.context_file, words.CONTEXT_ALT)]
    images = [
        ImageBlock(slack_file=SlackFile(id=file), alt_text=alt_text) for file, alt_text in pictures if file
    ]
    select = UserSelectElement(action_id=ActionId.TAG_PERSON, placeholder=PlainTextObject(text=words.PICK))
    buttons = (
        _button(ActionId.SOMEONE_ELSE, words.SOMEONE_ELSE),
        _button(ActionId.DONT_KNOW, words.DONT_KNOW),
        _button(ActionId.NOT_A_FACE, words.NOT_A_FACE),
    )
    blocks = [
        _section(f"*{words.QUESTION}*"),
        *images,
        ActionsBlock(block_id=RequestId(shown.face_id, shown.round).block_id, elements=[select, *buttons]),
    ]
    described = " ".join(f"{image.alt_text}." for image in images)
    choices = f"{words.PICK}. {words.SOMEONE_ELSE} {words.DONT_KNOW}. {words.NOT_A_FACE}."
    return _rendered([words.QUESTION, described, choices, progress, small], blocks, [progress, small])


def _tagged(shown: RequestShown, answered_by: str, small: str) -> Rendered:
    person = shown.person or PersonShown(None, None)
    headline: TextObject
    if person.name:
        # Letter by letter, also where it has stars or colons that Slack would take for its markup.
        headline = PlainTextObject(text=words.tagged_as(person.name), emoji=False)
        spoken = words.tagged_as(words.escaped(person.name))
    else:
        spoken = words.tagged_as(words.mention(person.slack_id) if person.slack_id else words.SOMEBODY)
        headline = MarkdownTextObject(text=spoken)
    wrong_person = _button(ActionId.WRONG_PERSON, words.WRONG_PERSON)
    wrong_person.confirm = ConfirmObject(
        title=PlainTextObject(text=words.REOPEN_TITLE),
        text=PlainTextObject(text=words.REOPEN_TEXT),
        confirm=PlainTextObject(text=words.REOPEN_YES),
        deny=PlainTextObject(text=words.REOPEN_NO),
    )
    buttons, labels = [wrong_person], [words.WRONG_PERSON]
    if shown.reason == NotSentReason.DIFFERS:
        buttons.append(_button(ActionId.TRAIN_ANYWAY, words.TRAIN_ANYWAY))
        labels.append(words.TRAIN_ANYWAY)
    notes = [answered_by, words.NOT_SENT.get(shown.reason or "", ""), small]
    section = _section(headline, picture=shown.crop_file)
    controls = ActionsBlock(block_id=RequestId(shown.face_id, shown.round).block_id, elements=buttons)
    return _rendered([spoken, *notes, *labels], [section], notes, [controls])


def _rendered(
    text: Iterable[str], blocks: Sequence[Block], notes: Iterable[str], controls: Sequence[Block] = ()
) -> Rendered:
    """Blocks, then notes in small print, then controls; what is empty is left out."""
    small = [ContextBlock(elements=[MarkdownTextObject(text=note)]) for note in notes if note]
    try:
        shown = [block.to_dict() for block in (*blocks, *small, *controls)]
    except SlackObjectFormationError as wrong:
        raise Reject(f"a message that Slack would refuse: {wrong}") from None
    return Rendered("\n".join(filter(None, text)), shown)


def _section(text: str | TextObject, *, picture: str | None = None) -> SectionBlock:
    beside = ImageElement(slack_file=SlackFile(id=picture), alt_text=words.TAGGED_ALT) if picture else None
    return SectionBlock(
        text=MarkdownTextObject(text=text) if isinstance(text, str) else text, accessory=beside
    )


def _button(action_id: str, label: str) -> ButtonElement:
    return ButtonElement(action_id=action_id, text=PlainTextObject(text=label))
