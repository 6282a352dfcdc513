"""Clicks that come too late: the face is closed, or is asked about in another message by now."""

from tagbot.database.models.faces import AskedFace
from tagbot.messages import AnswerGiven
from tagbot.services import Services
from tagbot.slack import words
from tagbot.vocabulary import BY_PEOPLE, State


def answer_counts(face: AskedFace, message: AnswerGiven, ours: str) -> bool:
    """Whether an answer was clicked in the message that asks about the face, in the channel that tags (its id
    is `ours`), while that took answers.
    """
    return face.round == message.round and _is_here(face, message, ours) and _was_open(face, message)


def tell_that_it_came_late(face: AskedFace, message: AnswerGiven, services: Services) -> None:
    """Nothing changes, and the tagger is told why; after a click in another channel they know already."""
    if message.channel in ("", services.slack.channel.id):
        is_asked = face.state in (State.WAITING, State.OPEN)
        services.tellings.tell(message.tagger, words.ASKED_ELSEWHERE if is_asked else words.CLOSED)


def _is_here(face: AskedFace, message: AnswerGiven, ours: str) -> bool:
    """Fields that an earlier version did not note are taken to fit."""
    fits = message.channel in ("", ours) and face.channel in (None, ours)
    return fits and message.message_ts in ("", face.message_ts)


def _was_open(face: AskedFace, message: AnswerGiven) -> bool:
    """Whether the request took answers, as the tagger saw it, when they clicked.

    It did until Slack showed it closed. Slack's clock and ours may differ; the earlier of the two times is
    the one that cannot wrong the tagger.
    """
    if face.state == State.REJECTED and face.reason not in BY_PEOPLE:
        return False  # its votes are gone already
    return face.closing_shown_at is None or min(message.at, message.received) < face.closing_shown_at
