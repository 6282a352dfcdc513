"""Blocks of Slack's Block Kit, as every message of ours is made of them; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
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
from tagbot.vocabulary import PICK, ActionId

LONGEST_LABEL = 75
"""Letters on a button: Slack's limit."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: its blocks, and a text that says all that they say, for screen readers and notifications."""

    text: str
    blocks: list[dict[str, Any]]
    payload: Mapping[str, Any] = field(default_factory=dict)
    """Of its metadata; empty leaves that as it is."""


def cut(text: str, most: int) -> str:
    """As much of a text as fits, in letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Offered:
    """A name that a request offers."""

    person_id: str
    name: str
    hint: str = ""
    """What tells the person from another one of the same name."""

    @property
    def label(self) -> str:
        """As it stands on the button; of a long one, what tells the person from another stays."""
        hint = f" ({cut(self.hint, LONGEST_LABEL // 2)})" if self.hint else ""
        return cut(self.name, LONGEST_LABEL - len(hint)) + hint


@dataclass(frozen=True, slots=True)
class PersonShown:
    """A person as a message names them."""

    slack_id: str | None
    name: str | None
    """None until it is known."""
    hint: str = ""
    """What tells them from another one of the same name."""

    @property
    def spoken(self) -> str:
        """In Slack's markup: the name, or a mention."""
        if self.name:
            return words.escaped(f"{self.name} ({self.hint})" if self.hint else self.name)
        return words.mention(self.slack_id) if self.slack_id else words.SOMEBODY


def rendered(
    text: Iterable[str],
    blocks: Sequence[Block],
    notes: Iterable[str],
    controls: Sequence[Block] = (),
    payload: Mapping[str, Any] | None = None,
) -> Rendered:
    """Blocks, then notes in small print, then controls; what is empty is left out. The text goes on with what
    the pictures show.
    """
    small = [ContextBlock(elements=[MarkdownTextObject(text=note)]) for note in notes if note]
    try:
        shown = [block.to_dict() for block in (*blocks, *small, *controls)]
    except SlackObjectFormationError as wrong:
        raise Reject(f"a message that Slack would refuse: {wrong}") from None
    pictures = " ".join(f"{each.alt_text}." for each in _pictures(blocks))
    first, *others = filter(None, text)
    return Rendered("\n".join(filter(None, (first, pictures, *others))), shown, payload or {})


def _pictures(blocks: Iterable[Block]) -> Iterator[ImageBlock | ImageElement]:
    for each in blocks:
        shown = each.accessory if isinstance(each, SectionBlock) else each
        if isinstance(shown, ImageBlock | ImageElement):
            yield shown


def section(text: str | TextObject, *, picture: str | None = None, alt: str = "") -> SectionBlock:
    """A paragraph, with a small picture beside it."""
    beside = ImageElement(slack_file=SlackFile(id=picture), alt_text=alt) if picture else None
    return SectionBlock(
        text=MarkdownTextObject(text=text) if isinstance(text, str) else text, accessory=beside
    )


def image(file: str, alt: str) -> ImageBlock:
    """A picture by Slack's id of it."""
    return ImageBlock(slack_file=SlackFile(id=file), alt_text=alt)


def button(action_id: str, label: str, value: str | None = None) -> ButtonElement:
    """A button that says all that it does."""
    return ButtonElement(action_id=action_id, text=PlainTextObject(text=label), value=value)


def asking_first(
    pressed: ButtonElement, title: str, text: str, yes: str, no: str, *, is_final: bool = False
) -> ButtonElement:
    """A button that asks before it does anything; red where that cannot be undone."""
    if is_final:
        pressed.style = "danger"
    pressed.confirm = ConfirmObject(
        style="danger" if is_final else None,
        title=PlainTextObject(text=title),
        text=PlainTextObject(text=text),
        confirm=PlainTextObject(text=yes),
        deny=PlainTextObject(text=no),
    )
    return pressed


def pick_a_person() -> UserSelectElement:
    """The select of all members."""
    return UserSelectElement(action_id=ActionId.TAG_PERSON, placeholder=PlainTextObject(text=words.PICK))


def line_up(offered: Sequence[Offered]) -> list[ButtonElement]:
    """A button for each name, in the order of the names, each letter by letter."""
    return [
        ButtonElement(
            action_id=f"{PICK}{number}",
            text=PlainTextObject(text=each.label, emoji=False),
            value=each.person_id,
        )
        for number, each in enumerate(offered, 1)
    ]


def answers_besides() -> list[ButtonElement]:
    """The buttons for those who do not pick a member."""
    return [
        button(ActionId.SOMEONE_ELSE, words.SOMEONE_ELSE),
        button(ActionId.DONT_KNOW, words.DONT_KNOW),
        button(ActionId.NOT_A_FACE, words.NOT_A_FACE),
    ]


CHOICES = f"{words.PICK}. {words.SOMEONE_ELSE} {words.DONT_KNOW}. {words.NOT_A_FACE}."
"""The same for the plain text."""
