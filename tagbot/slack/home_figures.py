"""A member's Home, as the database has it."""

from tagbot.consensus import Rule, lacks_one_answer
from tagbot.database.models.faces import Face
from tagbot.database.models.own_answers import (
    AskedNow,
    OwnAnswer,
    answered_by,
    last_answers,
    takes_answers,
    taking_answers,
)
from tagbot.database.models.votes import Vote
from tagbot.slack import home_words, words
from tagbot.slack.blocks import PersonShown
from tagbot.slack.home_view import MOST_ANSWERS, MOST_ASKED, AnswerShown, AskedShown, HomeShown
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_state import request_as_it_is
from tagbot.vocabulary import SpecialAnswer, State

LARGEST_GROUP = 9


def home_of(member: str, channel: str, rule: Rule, address: str, *, has_a_say: bool) -> HomeShown:
    """What the Home of a member shows but for what is kept of them; `address` is where the workspace is in
    the browser. This thread is connected to the database.
    """
    taking = taking_answers(channel)
    face_ids = [face.id for asked in taking for face in asked.faces if face.state == State.OPEN]
    votes = Vote.of_each(face_ids)
    counts = Face.counts()
    asked, more = [], 0
    if has_a_say:
        mine = answered_by(member, face_ids)
        waits = [each for each in taking if mine.isdisjoint(face.id for face in each.faces)]
        asked, more = waits[:MOST_ASKED], max(0, len(waits) - MOST_ASKED)
    return HomeShown(
        channel=channel,
        has_a_say=has_a_say,
        asked=[_asked(each, rule, channel, address) for each in asked],
        more=more,
        answers=[
            _answer(each, address, channel, has_a_say=has_a_say)
            for each in last_answers(member, MOST_ANSWERS, LARGEST_GROUP)
        ],
        done=counts[State.TAGGED] + counts[State.REJECTED],
        faces=sum(counts.values()),
        lacking=sum(lacks_one_answer(answers, rule) for answers in votes.values()),
    )


def _asked(asked: AskedNow, rule: Rule, channel: str, address: str) -> AskedShown:
    message = request_as_it_is(asked.request, asked.faces, rule, channel)
    return AskedShown(message, permalink(address, channel, asked.request.message_ts))


def _answer(own: OwnAnswer, address: str, channel: str, *, has_a_say: bool) -> AnswerShown:
    first, request = own.faces[0], own.vote.face.request
    return AnswerShown(
        id=RequestId(first.id, first.round),
        said=_said(own),
        faces=len(own.faces),
        outcome=" ".join(dict.fromkeys(map(_outcome, own.faces))),
        picture=request.grid_file if len(own.faces) > 1 else first.crop_file,
        can_change=has_a_say and takes_answers(own.faces),
        link=permalink(address, request.channel or channel, request.message_ts),
    )


def _said(own: OwnAnswer) -> PersonShown | str:
    answer, name = own.vote.answer, own.vote.name or own.person_name
    match answer:
        case SpecialAnswer.NOT_A_FACE:
            return words.NOT_A_FACE
        case SpecialAnswer.DONT_KNOW:
            return words.DONT_KNOW
        case _:
            return PersonShown(None if name else answer, name)


def _outcome(face: Face) -> str:
    match face.state:
        case State.TAGGED:
            person = face.person
            shown = PersonShown(person.slack_id, person.name) if person else PersonShown(None, None)
            return f"{words.tagged_as(shown.spoken)}."
        case State.REJECTED:
            return words.rejected(face.reason or "")
        case State.TRAINING:
            return words.LEARNING
        case _:
            return home_words.STILL_OPEN


def permalink(address: str, channel: str, ts: str | None) -> str:
    """The address of a message, as Slack makes it; empty where the workspace's is not known."""
    return f"{address}archives/{channel}/p{ts.replace('.', '')}" if address and ts else ""
