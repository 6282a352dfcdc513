"""When requests are formed: some at once, the others when no more faces arrive."""

import itertools
from dataclasses import dataclass, field

import pytest

from tagbot.recognition.next_requests import ALWAYS_OPEN, MOST_SECONDS, QUIET_SECONDS, NextRequests
from tagbot.recognition.waiting_memory import WaitingMemory
from tests.recognition.people import THRESHOLDS, vectors, waiting
from tests.recognition.test_memories import Faces

PLACES = 20
START = 2000.0


@dataclass
class Arriving:
    """A face that has a message."""

    id: str
    round: int = 1


@dataclass
class Channel:
    """Places of which some are taken, faces that wait, and the time."""

    most: int = 9
    now: float = START
    stored: Faces = field(default_factory=Faces)

    def __post_init__(self) -> None:
        memory = WaitingMemory(self.stored, None, THRESHOLDS)
        self.next_requests = NextRequests(lambda: memory, self.most, PLACES, lambda: self.now)

    def arrives(self, face_id: str, person: int, *, taken: int, round: int = 1) -> list[list[str]]:  # noqa: A002 - the glossary's word
        """What is asked about when this face comes, while so many places are taken."""
        number = len(self.stored.faces)
        self.stored.faces[face_id] = waiting(face_id, vectors(person, number + 1)[number], stored_at=self.now)
        self.stored.with_message = {face_id}
        asked = [sorted(each) for each in self.next_requests(PLACES - taken, Arriving(face_id, round))]
        self.stored.with_message = set()
        return self._without(asked)

    def let_in(self, *, taken: int) -> list[list[str]]:
        """What is asked about by and by."""
        return self._without([sorted(each) for each in self.next_requests(PLACES - taken, None)])

    def _without(self, asked: list[list[str]]) -> list[list[str]]:
        for face_id in itertools.chain(*asked):
            del self.stored.faces[face_id]
        return asked


@pytest.mark.rule("groups-wait-for-more")
def test_there_is_always_something_to_answer() -> None:
    channel = Channel()
    for number in range(ALWAYS_OPEN):
        assert channel.arrives(f"F{number}", number, taken=number) == [[f"F{number}"]]
        channel.now += 0.1
    assert channel.arrives("next", 7, taken=ALWAYS_OPEN) == []


@pytest.mark.rule("groups-wait-for-more", "groups")
def test_while_faces_arrive_others_wait_for_them_and_then_share_a_request() -> None:
    channel = Channel()
    for number in range(4):
        assert channel.arrives(f"F{number}", 1, taken=ALWAYS_OPEN) == []
        assert channel.let_in(taken=ALWAYS_OPEN) == []
        channel.now += QUIET_SECONDS - 0.1
    assert channel.let_in(taken=ALWAYS_OPEN) == []
    channel.now += 0.2
    assert channel.let_in(taken=ALWAYS_OPEN) == [["F0", "F1", "F2", "F3"]]


@pytest.mark.rule("groups-wait-for-more")
def test_they_wait_no_longer_than_two_minutes_however_many_come() -> None:
    channel, waited = Channel(), 0
    assert channel.arrives("0", 0, taken=ALWAYS_OPEN) == []
    while not channel.let_in(taken=ALWAYS_OPEN):
        waited += 1
        channel.now += 1.0
        assert channel.arrives(str(waited), waited, taken=ALWAYS_OPEN) == []
    assert waited == MOST_SECONDS


@pytest.mark.rule("groups-wait-for-more")
def test_after_a_pause_the_next_import_is_waited_for_anew() -> None:
    channel = Channel()
    assert channel.arrives("F0", 0, taken=ALWAYS_OPEN) == []
    channel.now += MOST_SECONDS
    assert channel.let_in(taken=ALWAYS_OPEN) == [["F0"]]
    assert channel.arrives("F1", 1, taken=ALWAYS_OPEN) == []
    channel.now += 1.0
    assert channel.arrives("F2", 2, taken=ALWAYS_OPEN) == [], "it has not waited for two minutes"


@pytest.mark.rule("groups-wait-for-more")
def test_a_face_that_is_asked_about_again_waits_for_none_and_holds_none_back() -> None:
    channel = Channel()
    assert channel.arrives("again", 0, taken=ALWAYS_OPEN, round=2) == [["again"]]
    assert channel.let_in(taken=ALWAYS_OPEN) == []
    channel.stored.faces["old"] = waiting("old", vectors(3, 1)[0])
    assert channel.let_in(taken=ALWAYS_OPEN) == [["old"]]


@pytest.mark.rule("groups-wait-for-more")
def test_where_each_face_is_asked_about_by_itself_none_waits_for_others() -> None:
    channel = Channel(most=1)
    for number in range(5):
        assert channel.arrives(f"F{number}", 1, taken=ALWAYS_OPEN + number) == [[f"F{number}"]]


@pytest.mark.rule("groups")
def test_no_more_requests_are_formed_than_places_are_free_the_largest_first() -> None:
    channel = Channel()
    for person, count in enumerate((1, 3, 2)):
        for number, vector in enumerate(vectors(person, count)):
            face_id = f"{person}-{number}"
            channel.stored.faces[face_id] = waiting(face_id, vector)
    assert channel.let_in(taken=PLACES - 2) == [["1-0", "1-1", "1-2"], ["2-0", "2-1"]]
    assert channel.let_in(taken=PLACES) == []
    assert channel.let_in(taken=PLACES - 2) == [["0-0"]]


@pytest.mark.rule("groups")
def test_a_face_that_arrives_takes_along_what_looks_like_it() -> None:
    channel = Channel()
    channel.stored.faces["old"] = waiting("old", vectors(1, 1)[0])
    assert channel.arrives("new", 1, taken=0) == [["new", "old"]]
