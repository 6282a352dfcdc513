"""The app's Home of one member, as blocks of Slack's Block Kit; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
)

from tagbot.slack import home_words as words
from tagbot.slack import people_words
from tagbot.slack.blocks import PersonShown, Rendered, button, section
from tagbot.slack.request_id import RequestId
from tagbot.slack.words import escaped
from tagbot.vocabulary import HOME, PEOPLE, ActionId, CallbackId

MOST_ASKED = 10
"""Requests that a Home has room for."""

MOST_ANSWERS = 5

MOST_REFUSALS = 5
"""The latest. With all else that there may be, so many fit into what Slack takes."""

MOST_NOTES = 9
"""Beside the link: Slack takes ten elements in one line of small print."""

BlockRows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something that the viewer did at Home did not count."""

    text: str
    number: int
    """Another one for each."""


@dataclass(frozen=True, slots=True)
class AskedShown:
    """A request that waits for the viewer's answer."""

    message: Rendered
    """As it stands in the channel."""
    link: str
    """To that message; empty where it is not known."""
    refused: Refusal | None = None
    """The viewer's answer to it."""


@dataclass(frozen=True, slots=True)
class DoneShown:
    """A request that waited for the viewer's answer until just now, and keeps its place for a moment."""

    blocks: Sequence[dict[str, Any]]
    """Its question and pictures; empty where they may not be shown any more."""
    told: str
    """What became of it."""
    link: str
    refused: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShown:
    """One of the viewer's last answers."""

    id: RequestId
    said: PersonShown | str
    """The person that they named, or their other answer."""
    faces: int
    outcome: str
    """The state of it, in Slack's markup."""
    picture: str | None
    """Slack's id of it."""
    can_change: bool
    link: str

    @property
    def told(self) -> str:
        """A sentence about what they said, in Slack's markup."""
        said = self.said if isinstance(self.said, str) else self.said.spoken
        return words.you_said(said, self.faces)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeShown:
    """All that a Home shows."""

    channel: str
    """Slack's id of the one that tags."""
    takes_posts: bool = True
    """Whether photos posted there are taken in."""
    refusal: str = ""
    """Why nothing is asked of the viewer; empty where something may be."""
    refused: Sequence[str] = ()
    """Why what they did last did not count, where that was about no question in its place here."""
    asked: Sequence[AskedShown | DoneShown] = ()
    more: int = 0
    """Requests that wait for the viewer besides."""
    answers: Sequence[AnswerShown] = ()
    done: int = 0
    faces: int = 0
    """All that there are, also those that are done."""
    lacking: int = 0
    """Faces that one more answer would be enough for."""
    waiting: int = 0
    """Faces that are not asked about yet."""
    people: int = 0
    """Known ones."""
    manages: bool = False
    """Whether the viewer may see and change people."""
    kept: Rendered | None = None
    """All that is kept of the viewer, with their buttons; None where that cannot be told just now."""
    machine: Sequence[str] = ()
    """Sentences."""


def home_view(shown: HomeShown) -> dict[str, Any]:
    """The view that Slack is given."""
    rows = [
        *_rows(HeaderBlock(text=PlainTextObject(text=words.TITLE))),
        *_rows(section(shown.refusal or words.welcome(shown.channel, takes_posts=shown.takes_posts))),
        *_rows(*map(_warning, shown.refused)),
        *(() if shown.refusal else (*_asked(shown), *_answers(shown.answers))),
        *_rows(
            *_paragraph(words.PROGRESS, words.progress(shown.done, shown.faces, shown.lacking, shown.waiting))
        ),
        *(_people(shown.people) if shown.manages else ()),
        *(shown.kept.blocks if shown.kept is not None else ()),
        *(_rows(*_paragraph(words.MACHINE, "\n".join(map(escaped, shown.machine)))) if shown.machine else ()),
    ]
    return {"type": HOME, "callback_id": HOME, "blocks": rows}


def without_pictures(view: dict[str, Any]) -> dict[str, Any]:
    """The same where Slack cannot show one of them: it would refuse the whole."""
    rows = [
        {name: value for name, value in row.items() if name != "accessory" or value["type"] != "image"}
        for row in view["blocks"]
        if row["type"] != "image"
    ]
    return {**view, "blocks": rows}


def change_modal(message: Rendered) -> dict[str, Any]:
    """The controls of a request, for who wants to answer it anew; its pictures with them."""
    return _modal(CallbackId.CHANGE_ANSWER, words.CHANGE, message.blocks)


def changed_modal() -> dict[str, Any]:
    """The same once it was answered."""
    return _modal(CallbackId.CHANGE_ANSWER, words.CHANGE, _rows(section(words.CHANGED)))


def notice_modal(text: str) -> dict[str, Any]:
    """A few words to who clicked where there is no message to say them beside."""
    return _modal(CallbackId.NOTICE, words.NOTICE_TITLE, _rows(section(text)))


def _asked(shown: HomeShown) -> Iterator[dict[str, Any]]:
    yield from _rows(HeaderBlock(text=PlainTextObject(text=words.WAITS)))
    for each in shown.asked:
        notes = []
        if isinstance(each, AskedShown):
            rows = each.message.blocks
            notes = [note for row in rows if row["type"] == "context" for note in row["elements"]]
            yield from _with_controls(each)
        else:
            yield from each.blocks
            yield from _rows(_warning(each.refused.text) if each.refused else section(each.told))
        link = [words.open_message(each.link)] if each.link else []
        small = [MarkdownTextObject(text=text).to_dict() for text in link]
        if notes or small:
            yield {"type": "context", "elements": [*notes[:MOST_NOTES], *small]}
        yield from _rows(DividerBlock())
    if not shown.more and not any(isinstance(each, AskedShown) for each in shown.asked):
        # Beneath what was just answered: above, it would push that down.
        yield from _rows(section(words.NOTHING_WAITS_YET if shown.waiting else words.NOTHING_WAITS))
    if shown.more:
        yield from _rows(section(words.more_wait(shown.more)))


def _with_controls(asked: AskedShown) -> Iterator[dict[str, Any]]:
    for row in asked.message.blocks:
        if row["type"] == "actions" and asked.refused:
            yield from _rows(_warning(asked.refused.text))
            # In a block of another id, Slack's select lets go of the name that it showed.
            yield {**row, "block_id": f"{row['block_id']}:{asked.refused.number}"}
        elif row["type"] != "context":
            yield row


def _answers(answers: Sequence[AnswerShown]) -> Iterator[dict[str, Any]]:
    if answers:
        yield from _rows(HeaderBlock(text=PlainTextObject(text=words.LAST_ANSWERS)))
    for each in answers:
        told = f"{each.told} {each.outcome}".strip()
        blocks: list[Block] = [section(told, picture=each.picture, alt=words.answered_alt(each.faces))]
        if each.can_change:
            change = button(ActionId.CHANGE_ANSWER, words.CHANGE)
            blocks.append(ActionsBlock(block_id=each.id.block_id, elements=[change]))
        if each.link:
            blocks.append(ContextBlock(elements=[MarkdownTextObject(text=words.open_message(each.link))]))
        yield from _rows(*blocks)


def _people(count: int) -> BlockRows:
    find = button(ActionId.FIND_PERSON, people_words.FIND)
    return _rows(
        *_paragraph(people_words.PEOPLE, people_words.counted_people(count)),
        ActionsBlock(block_id=PEOPLE, elements=[find]),
    )


def _warning(text: str) -> Block:
    return section(words.refused(text))


def _paragraph(heading: str, text: str) -> list[Block]:
    return [HeaderBlock(text=PlainTextObject(text=heading)), section(text)]


def _modal(callback_id: str, title: str, rows: BlockRows) -> dict[str, Any]:
    texts = {"title": PlainTextObject(text=title), "close": PlainTextObject(text=words.CLOSE)}
    written = {name: text.to_dict() for name, text in texts.items()}
    return {"type": "modal", "callback_id": callback_id, **written, "blocks": rows}


def _rows(*blocks: Block) -> BlockRows:
    return [block.to_dict() for block in blocks]
