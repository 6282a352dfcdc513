"""Places in the channel, whatever groups are wanted: who shares a request, and how many there are."""

from collections import defaultdict
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagbot.database.models.base import database
from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.faces import Face
from tagbot.database.models.places import Places, Waiting, count_on_their_way
from tagbot.database.models.requests import Request
from tests.database.rows import a_face
from tests.examples import examples
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

FACES = 7
NUMBERS = st.integers(0, FACES - 1)


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
