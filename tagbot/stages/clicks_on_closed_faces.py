"""Clicks that come too late: the face is closed, or is asked about in another message by now."""

from tagbot.database.models.asked import AskedFace, AskedRequest
from tagbot.errors import Reject
from tagbot.messages import AnswerGiven
from tagbot.services import Services
from tagbot.slack import home_words, words
from tagbot.slack.asked_group import why_late
from tagbot.vocabulary import BY_PEOPLE, State


def faces_answered(asked: AskedRequest | None, message: AnswerGiven, ours: str) -> list[AskedFace]:
    """The faces for which an answer counts: it was clicked in the message that asks about them, in the
    channel that tags (its id is `ours`), while that took answers.
    """
    if asked is None or not (_is_here(asked, message, ours) and _was_open(asked, message)):
        return []
    return [face for face in asked.faces if not _has_lost_its_votes(face)]


def tell_that_it_came_late(message: AnswerGiven, services: Services) -> None:
    """Nothing changes, and the tagger is told why; after a click in another channel they know already."""
    why = why_late(message.face_id, message.message_ts, message.channel)
    is_by_this_version = message.channel or message.clicks
    if why == words.FACE_GONE and not is_by_this_version:
        raise Reject("the answer is about a face that is not in the database")
    if why in (words.FORGOTTEN, words.FACE_GONE) or message.channel in ("", services.slack.channel.id):
        is_anew = why == words.ASKED_ELSEWHERE and not message.message_ts
        services.tell(message, home_words.ASKED_ANEW if is_anew else why)


def _is_here(asked: AskedRequest, message: AnswerGiven, ours: str) -> bool:
    """Fields that an earlier version did not note are taken to fit."""
    fits = message.channel in ("", ours) and asked.channel in (None, ours)
    return fits and message.message_ts in ("", asked.message_ts)


def _has_lost_its_votes(face: AskedFace) -> bool:
    return face.state == State.REJECTED and face.reason not in BY_PEOPLE


def _was_open(asked: AskedRequest, message: AnswerGiven) -> bool:
    """Whether the request took answers, as the tagger saw it, when they clicked.

    It did until Slack showed it closed. Slack's clock and ours may differ; the earlier of the two times is
    the one that cannot wrong the tagger.
    """
    shown_at = asked.closing_shown_at
    return shown_at is None or min(message.at, message.received) < shown_at
