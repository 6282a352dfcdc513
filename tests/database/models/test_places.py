"""Places in the channel, whatever groups are wanted: who shares a request, and how many there are."""

from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagbot.database.models.base import database
from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.faces import Face
from tagbot.database.models.places import (
    DAY_SECONDS,
    Places,
    Waiting,
    count_on_their_way,
    good_waiting_faces,
    one_by_one,
    waiting_faces,
)
from tagbot.database.models.requests import Request
from tagbot.database.models.waiting import LARGE, SHARP, StoredFaces
from tests.database.rows import a_face
from tests.examples import examples
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

FACES = 7
NUMBERS = st.integers(0, FACES - 1)
SHARPNESS = st.sampled_from([None, 0.46, 0.5, 0.8])
NOW = 200_000.0


@pytest.mark.ci
@pytest.mark.rule("never-together", "group-asked-together", "open-requests-limited")
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.lists(st.lists(NUMBERS, max_size=FACES), max_size=5),
    apart=st.lists(st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] != pair[1]), max_size=6),
    one_photo=st.sets(NUMBERS, max_size=3),
    most=st.integers(1, 4),
    largest=st.integers(1, 5),
)
def test_whatever_groups_are_wanted_no_two_that_may_not_share_a_request_and_none_in_two(
    wanted: list[list[int]],
    apart: list[tuple[int, int]],
    one_photo: set[int],
    most: int,
    largest: int,
) -> None:
    with database.atomic() as undone:
        faces = [a_face(stored_at=float(number)) for number in range(FACES)]
        ids = [face.id for face in faces]
        for number in one_photo:
            Face.update(photo=faces[min(one_photo)].photo_id).where(Face.id == ids[number]).execute()
        DifferentPeople.note((ids[one], ids[other]) for one, other in apart)

        def next_groups(_: Waiting, __: int) -> list[list[str]]:
            return [[ids[number] for number in group] for group in wanted]

        places = Places(most, next_groups, largest)
        sent = [message.face_id for _ in range(3) for message in places.let_next_in()]

        shared = defaultdict(list)
        for face in Face.select().where(Face.request.is_null(False)):
            shared[face.request_id].append(face)
        forbidden = {frozenset((ids[one], ids[other])) for one, other in apart}
        assert len(shared) == Request.select().count() == len(sent) == count_on_their_way(FACES) <= most
        for together in shared.values():
            assert len(together) <= largest
            assert {face.number for face in together} == {*range(1, len(together) + 1)}
            for one, other in combinations(together, 2):
                assert frozenset((one.id, other.id)) not in forbidden
                assert one.photo_id != other.photo_id
        undone.rollback()


@pytest.mark.rule("small-and-blurred-last")
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waiting=st.lists(
        st.tuples(st.integers(0, 200_000), st.sampled_from([50, 63, 64, 91]), SHARPNESS), max_size=FACES
    ),
    arriving=st.booleans(),
    limit=st.integers(1, FACES),
)
def test_one_by_one_small_and_blurred_faces_come_last_but_for_those_that_wait_for_a_day(
    waiting: list[tuple[int, int, float | None]], arriving: bool, limit: int
) -> None:
    with database.atomic() as undone:
        faces = [
            a_face(stored_at=float(at), width=side, height=91, sharpness=sharpness)
            for at, side, sharpness in waiting
        ]
        this = a_face(stored_at=199_999.0, width=63, pending="a message") if arriving else None
        a_face(stored_at=0.0, pending="another message")
        faces += [this] if this is not None else []

        def turn(face: Face) -> tuple[object, ...]:
            is_old = face.stored_at <= NOW - DAY_SECONDS
            poor = face.width < 64 or (face.sharpness is not None and face.sharpness < 0.5)
            return not is_old, poor and not is_old, face.stored_at, face.id

        expected = [[face.id] for face in sorted(faces, key=turn)[:limit]]
        assert one_by_one(lambda: NOW)(Waiting(this), limit) == expected
        undone.rollback()


@pytest.mark.rule("small-and-blurred-last")
def test_what_is_small_or_blurred_is_one_thing_to_the_index_and_to_the_waiting_faces() -> None:
    for side in (LARGE - 1, LARGE):
        for sharpness in (None, SHARP - 0.01, SHARP):
            a_face(width=side, sharpness=sharpness)
            a_face(height=side, sharpness=sharpness)
    good = {face.id for face in good_waiting_faces(99)}
    assert good == {
        face_id for face_id, _, _, poor, *_ in StoredFaces().read(StoredFaces().ids()) if not poor
    }
    assert good == {face.id for face in waiting_faces(99) if not face.is_poor}
    assert len(good) == 4
