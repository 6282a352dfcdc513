"""A member's Home, as the database has it."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tagbot.consensus import Rule, lacks_one_answer
from tagbot.database.models.faces import Face
from tagbot.database.models.own_answers import (
    AskedNow,
    OwnAnswer,
    answered_by,
    asked_until_now,
    last_answers,
    takes_answers,
    taking_answers,
)
from tagbot.database.models.people import OWN_ID_LENGTH
from tagbot.database.models.people_search import people_of
from tagbot.database.models.person_page import people_count
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.lib.names import name_key
from tagbot.slack import home_words, words
from tagbot.slack.asked_group import asked_group
from tagbot.slack.blocks import PersonShown, Rendered
from tagbot.slack.home_order import HomeOrder, Pictured, Place
from tagbot.slack.home_view import MOST_ANSWERS, AnswerShown, AskedShown, DoneShown, HomeShown, Refusal
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_state import request_as_it_is
from tagbot.slack.told_apart import told_apart
from tagbot.vocabulary import SpecialAnswer, State

LARGEST_GROUP = 9


@dataclass(frozen=True, slots=True)
class Board:
    """The part that every Home has in common: all that is asked now, and how far all is."""

    asked: Sequence[AskedNow]
    open_faces: Sequence[str]
    progress: HomeShown


def board_of(channel: str, rule: Rule) -> Board:
    """As it is now; this thread is connected to the database."""
    asked, counts = taking_answers(channel), Face.counts()
    open_faces = [face.id for each in asked for face in each.faces if face.state == State.OPEN]
    progress = HomeShown(
        channel=channel,
        done=counts[State.TAGGED] + counts[State.REJECTED],
        faces=sum(counts.values()),
        people=people_count(),
        waiting=counts[State.WAITING],
        lacking=sum(lacks_one_answer(answers, rule) for answers in Vote.of_each(open_faces).values()),
    )
    return Board(asked, open_faces, progress)


def home_of(
    member: str,
    board: Board,
    message_of: Callable[[AskedNow], Rendered],
    address: str,
    refused: Mapping[str, Refusal],
    order: HomeOrder,
    now: float,
) -> tuple[HomeShown, HomeOrder]:
    """The Home of a member who may be asked, but for what is kept of them; `address` is where the workspace
    is in the browser, `refused` what did not count, by the face, `order` the one of the Home before. This
    thread is connected to the database.
    """
    mine = answered_by(member, board.open_faces)
    waits = {each.request.id: each for each in board.asked if mine.isdisjoint(face.id for face in each.faces)}
    done = asked_until_now(order.done(waits))
    held = {each for each, asked in done.items() if any(face.id in refused for face in asked.faces)}
    marks = {each: _mark(asked) for each, asked in done.items()}
    order = order.arranged(list(waits), marks, held, now)
    channel = board.progress.channel
    answers = last_answers(member, MOST_ANSWERS + len(done), LARGEST_GROUP)
    hints = _namesakes(answers)
    last = {each.request.id: _answer(each, hints, address, channel) for each in answers}
    places: list[Place] = []
    shown: list[AskedShown | DoneShown] = []
    beside: set[str] = set()
    for place in order.places:
        known = waits.get(place.request) or done.get(place.request)
        about = {face.id for face in known.faces} & refused.keys() if known else set()
        beside |= about
        refusal = max((refused[each] for each in about), key=lambda each: each.number, default=None)
        link = permalink(address, known.request.channel or channel, known.request.message_ts) if known else ""
        if known and place.is_waiting:
            message = message_of(known)
            pictured = [row for row in message.blocks if row["type"] not in ("actions", "context")]
            places.append(replace(place, pictured=Pictured(pictured, _mark(known))))
            shown.append(AskedShown(message, link, refusal))
        else:
            told = _told(known, last.get(place.request), mine)
            blocks = place.pictured.blocks if place.pictured else ()
            places.append(place)
            shown.append(DoneShown(blocks, told, link, refusal))
    home = replace(
        board.progress,
        refused=list(dict.fromkeys(each.text for face, each in refused.items() if face not in beside)),
        asked=shown,
        more=len(waits) - sum(each.is_waiting for each in places),
        answers=list(last.values())[:MOST_ANSWERS],
    )
    return home, replace(order, places=places)


def without_done_pictures(home: HomeShown) -> HomeShown:
    """The same without those of the questions that only keep their places."""
    asked = [replace(each, blocks=()) if isinstance(each, DoneShown) else each for each in home.asked]
    return replace(home, asked=asked)


def _mark(asked: AskedNow) -> object:
    """Another one as soon as the pictures of a request are, or those who are in them."""
    request = asked.request
    faces = [(face.id, face.crop_file, face.context_file) for face in asked.faces]
    return request.grid_file, request.forgotten, tuple(faces)


def _told(asked: AskedNow | None, answer: AnswerShown | None, mine: Collection[str]) -> str:
    """What became of a question that waited for the viewer."""
    if answer is not None:
        return home_words.heard(answer.told)
    faces = asked.faces if asked else ()
    if any(face.id in mine for face in faces):
        return home_words.HEARD
    return home_words.MOVED if not faces or takes_answers(faces) else home_words.FINISHED


class Messages:
    """The messages of requests as the channel has them, each made once for all Homes until it changes."""

    def __init__(self, channel: str, rule: Rule) -> None:
        self._channel = channel
        self._rule = rule
        self._made: dict[str, tuple[object, Rendered]] = {}

    def of(self, asked: AskedNow) -> Rendered:
        """This thread is connected to the database."""
        request = asked.request
        state = (
            (request.revision, request.grid_file, request.posting_since, request.line_up),
            [(face.id, face.state, face.round, face.crop_file, face.context_file) for face in asked.faces],
        )
        made = self._made.get(request.id)
        if made is None or made[0] != state:
            made = state, request_as_it_is(request, asked.faces, self._rule, self._channel)
            self._made[request.id] = made
        return made[1]

    def keep(self, board: Board) -> None:
        """Let go of all that is not on it any more."""
        there = {each.request.id for each in board.asked}
        self._made = {each: made for each, made in self._made.items() if each in there}


def _namesakes(answers: Sequence[OwnAnswer]) -> dict[str, str]:
    """Where people of one name are in the answers, what tells them apart; by id."""
    people = {each.person.id: each.person.name for own in answers for each in own.faces if each.person}
    people |= {own.vote.answer: own.vote.name or own.person_name for own in answers}
    names = Counter(name_key(name or "") for name in people.values())
    met = [each for each, name in people.items() if name and names[name_key(name)] > 1]
    return told_apart(people_of(met))


def _answer(own: OwnAnswer, hints: Mapping[str, str], address: str, channel: str) -> AnswerShown:
    first, request = own.faces[0], own.request
    return AnswerShown(
        id=RequestId(first.id, first.round),
        said=_said(own, hints),
        faces=len(own.faces),
        outcome=" ".join(dict.fromkeys(_outcome(face, hints) for face in own.faces)),
        picture=request.grid_file if len(own.faces) > 1 else first.crop_file,
        can_change=takes_answers(own.faces),
        link=permalink(address, request.channel or channel, request.message_ts),
    )


def _said(own: OwnAnswer, hints: Mapping[str, str]) -> PersonShown | str:
    answer, name = own.vote.answer, own.vote.name or own.person_name
    match answer:
        case SpecialAnswer.NOT_A_FACE:
            return words.NOT_A_FACE
        case SpecialAnswer.DONT_KNOW:
            return words.DONT_KNOW
        case _:
            slack_id = None if name or len(answer) == OWN_ID_LENGTH else answer
            return PersonShown(slack_id, name, hints.get(answer, ""))


def _outcome(face: Face, hints: Mapping[str, str]) -> str:
    match face.state:
        case State.TAGGED:
            person = face.person
            shown = (
                PersonShown(person.slack_id, person.name, hints.get(person.id, ""))
                if person
                else PersonShown(None, None)
            )
            return home_words.ended(words.tagged_as(shown.spoken))
        case State.REJECTED:
            return words.rejected(face.reason or "")
        case State.TRAINING:
            return words.LEARNING
        case _:
            return home_words.STILL_OPEN


def permalink(address: str, channel: str, ts: str | None) -> str:
    """The address of a message, as Slack makes it; empty where the workspace's is not known."""
    return f"{address}archives/{channel}/p{ts.replace('.', '')}" if address and ts else ""


def controls_of(asked: RequestId, channel: str, rule: Rule) -> Rendered | None:
    """A request as its message shows it, where it still takes answers in this channel. Raises `Retry` while
    the database is away.
    """
    with reached(), connected():
        known = asked_group(asked, "")
        if known is None or known.request.channel not in (None, channel) or not takes_answers(known.faces):
            return None
        return request_as_it_is(known.request, known.faces, rule, channel)
