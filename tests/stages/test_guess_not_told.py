"""Nothing in Slack tells whom the machine means: whoever answers stays an independent witness."""

import hashlib
import json
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import Guess
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.vectors import FIRST_MODEL
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tagbot.slack.request_state import request_as_it_is
from tagbot.stages.machines_opinion import note_opinion
from tests.stages.grouping import grouping, let_in, waiting
from tests.stages.made_up_people import asked_about, known, looks_like, vector
from tests.stages.scenes import MakeWorld, fresh, objects, requests, seen, without_made_up_ids
from tests.world import World, request_of

PEOPLE = 120
REQUESTS = 200
OFFERED = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a request shows, and what was shown before it."""

    labels: list[str]
    people: list[str]
    """The buttons' values."""
    face_id: str
    whole: str
    """Text, blocks and metadata."""
    number: int
    """Requests before this one."""
    offered_so_far: Counter[str]
    right_so_far: Counter[int]
    """At which place the machine's person stood: more than anybody is ever told."""


def told_by_hash(what: Callable[[Seen], str]) -> Callable[[Seen], int]:
    """A place that is the same for the same, and for nothing else."""
    return lambda seen: hashlib.sha256(what(seen).encode()).digest()[0] % OFFERED


def nearest_to_the_face_id(seen: Seen) -> int:
    face = uuid.UUID(seen.face_id).int
    return min(range(OFFERED), key=lambda place: uuid.UUID(seen.people[place]).int ^ face)


STRATEGIES: dict[str, Callable[[Seen], int]] = {
    "the first": lambda _: 0,
    "the second": lambda _: 1,
    "the third": lambda _: 2,
    "the last": lambda _: 3,
    "the smallest id": lambda seen: seen.people.index(min(seen.people)),
    "the largest id": lambda seen: seen.people.index(max(seen.people)),
    "the id nearest to the face's": nearest_to_the_face_id,
    "the shortest name": lambda seen: seen.labels.index(min(seen.labels, key=len)),
    "the longest name": lambda seen: seen.labels.index(max(seen.labels, key=len)),
    "by the face's id": told_by_hash(lambda seen: seen.face_id),
    "by the names together": told_by_hash(lambda seen: "".join(seen.labels)),
    "by how many were asked before": lambda seen: seen.number % OFFERED,
    "the letters of the message": lambda seen: len(seen.whole) % OFFERED,
    "named most in the whole message": lambda seen: max(
        range(OFFERED), key=lambda place: seen.whole.count(seen.labels[place])
    ),
    "offered most so far": lambda seen: max(
        range(OFFERED), key=lambda place: seen.offered_so_far[seen.people[place]]
    ),
    "where it was right most often so far": lambda seen: seen.right_so_far.most_common(1)[0][0],
}


@pytest.mark.ci
@pytest.mark.timeout(300)
@pytest.mark.rule("guess-not-told")
def test_from_all_that_slack_shows_of_many_faces_nothing_tells_whom_the_machine_means(
    make_world: MakeWorld,
) -> None:
    world, chance = make_world(LINE_UP=str(OFFERED), MAX_OPEN_REQUESTS="1000"), random.Random(5)
    with writing():
        for number in range(PEOPLE):
            known(number, f"{chance.choice('ABCDEFGHIJ')}{'n' * chance.randrange(12)}{number:03}", faces=2)
    first = world.face(posted=True)  # all have its pictures: to upload those of each takes longest
    for number in range(REQUESTS):
        face = world.face(str(uuid.UUID(int=chance.getrandbits(128), version=4)))
        Face.note(face.id, crop_file=fresh(first).crop_file, context_file=fresh(first).context_file)
        looks_like(face, chance.randrange(PEOPLE), at=number)
        world.publish(FaceStored(face_id=face.id))
    world.drain()
    told = Counter[str]()
    offered_so_far, right_so_far = Counter[str](), Counter({0: 0})
    around = set()
    for number, message in enumerate(requests(world)[1:]):
        assert message.metadata is not None
        face_id = message.metadata["event_payload"]["face_id"]
        names = [each for each in objects(message.blocks) if "pick_" in str(each.get("action_id"))]
        shown = Seen(
            [each["text"]["text"] for each in names],
            [each["value"] for each in names],
            face_id,
            json.dumps([message.text, message.blocks, message.metadata]),
            number,
            offered_so_far,
            right_so_far,
        )
        guess = shown.people.index(taken_for(face_id))
        assert len(shown.people) == OFFERED
        told.update(name for name, place in STRATEGIES.items() if place(shown) == guess)
        offered_so_far.update(shown.people)
        right_so_far[guess] += 1
        around.add(without_names_and_ids(shown, fresh(Face(id=face_id))))
    assert number == REQUESTS - 1
    by_chance = REQUESTS / OFFERED + 3 * (REQUESTS / OFFERED * (1 - 1 / OFFERED)) ** 0.5
    assert {name: times for name, times in told.items() if times > by_chance} == {}
    assert len(around) == 1, "but for names and ids all messages are the same"
    assert len({(file.name, file.title, file.alt_text) for file in world.slack.files()}) == 2, "face, photo"


def taken_for(face_id: str) -> str:
    """Id of the person that the machine means."""
    person: Person | None = Guess.get(Guess.face == face_id).person
    assert person is not None, "it means nobody"
    return person.id


def without_names_and_ids(seen: Seen, face: Face) -> str:
    """The rest of a message: it is the same for every face."""
    whole = seen.whole
    for number, each in enumerate([*seen.people, *seen.labels, face.id, face.crop_file, face.context_file]):
        whole = whole.replace(json.dumps(each)[1:-1], f"({number})")
    return without_made_up_ids(whole)


@pytest.mark.rule("guess-not-told")
def test_the_whole_message_is_the_same_whichever_of_the_offered_people_the_machine_means(
    make_world: MakeWorld,
) -> None:
    world = make_world(LINE_UP="4", MACHINE_VOTE="earned")
    people = [known(number, name) for number, name in enumerate(["Dora", "Anna", "Emil", "Ben"])]
    face = asked_about(world, 0)
    messages, guesses = set(), []
    for number in [*range(len(people)), 99]:
        _look_anew(number)
        request = request_of(face)
        Request.offer(request, []) if number == 99 else note_opinion(request, [face], world.services)
        guesses += [guess.person.id for guess in Guess.select() if guess.person]
        messages.add(repr(request_as_it_is(request, [face], world.settings.rule, world.slack.channel)))
        if number == 2:
            Guess.update(votes=True).execute()
            messages.add(repr(request_as_it_is(request, [face], world.settings.rule, world.slack.channel)))
    assert guesses == [person.id for person in people]
    assert len(messages) == 2, "one of the four, and one without any names, which is another message"


def _look_anew(number: int) -> None:
    """As if it had never been asked about, and looked like that person."""
    FaceVector.update(vector=vector(number, 1000), model=FIRST_MODEL).execute()
    Guess.delete().execute()
    Request.update(line_up=None).execute()


@pytest.mark.rule("guess-not-told")
def test_a_request_about_several_faces_tells_no_more(make_world: MakeWorld) -> None:
    world: World = grouping(make_world(LINE_UP="4"), 3)
    for number, name in enumerate(["Dora", "Anna", "Emil", "Ben"]):
        known(number, name)
    for person in range(4):
        for number, face in enumerate(waiting(world, 3)):
            looks_like(face, person, at=100 + number)
        let_in(world)
    shown, guesses = set(), set()
    for message in requests(world):
        assert message.metadata is not None
        face_ids = message.metadata["event_payload"]["face_ids"]
        guesses |= {taken_for(face_id) for face_id in face_ids}
        text = seen(message).replace(str(request_of(fresh(Face(id=face_ids[0]))).grid_file), "(picture)")
        for number, face_id in enumerate(face_ids):
            text = text.replace(face_id, f"({number})")
        shown.add(without_made_up_ids(text))
    assert guesses == {person.id for person in Person.select()}
    assert len(shown) == 1
