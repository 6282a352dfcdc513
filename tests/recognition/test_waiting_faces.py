import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.waiting_faces import DAY, WaitingFaces, groups
from tests.examples import examples
from tests.recognition.people import THRESHOLDS, album, described, vectors, waiting

NOW = 2000.0


def asked(faces: list[WaitingFace], now: float = NOW, most: int = 9) -> list[list[str]]:
    return list(groups(faces, THRESHOLDS, now, most))


def people(group: list[str]) -> set[str]:
    return {face_id.partition("-")[0] for face_id in group}


def test_faces_of_one_person_share_a_request_and_no_others_do() -> None:
    faces = album(people=6, each=5)
    random.Random(1).shuffle(faces)
    assert sorted(len(group) for group in asked(faces)) == [5] * 6
    assert all(len(people(group)) == 1 for group in asked(faces))


@pytest.mark.rule("groups")
@settings(max_examples=examples(40))
@given(st.data(), st.integers(0, 25), st.integers(1, 9))
def test_each_face_is_asked_about_once_and_nothing_forbidden_shares_a_request(
    data: st.DataObject, count: int, most: int
) -> None:
    pool = [vector for person in range(3) for vector in vectors(person, 4)]
    choices = st.sampled_from([None, described(np.zeros(16), "another model"), *pool])
    faces = [
        waiting(
            str(number),
            data.draw(choices),
            photo=data.draw(st.sampled_from("abcdefgh")),
            stored_at=data.draw(st.floats(-5 * DAY, NOW + 10)),
            poor=data.draw(st.booleans()),
            has_line_up=data.draw(st.booleans()),
        )
        for number in range(count)
    ]
    all_groups = asked(faces, most=most)
    by_id = {face.id: face for face in faces}
    assert sorted(itertools.chain(*all_groups)) == sorted(by_id)
    assert all(len(group) <= most for group in all_groups)
    for group in all_groups:
        members = [by_id[face_id] for face_id in group]
        assert all(one.may_join(other) for one, other in itertools.combinations(members, 2))
        comparable = [face.vector is not None and face.vector.model == THRESHOLDS.model for face in members]
        assert len(group) == 1 or all(comparable)


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 24)), max_size=40), st.integers(1, 400))
def test_neighbours_are_counted_right_whatever_comes_and_goes(
    acts: list[tuple[int, int]], pairs: int
) -> None:
    faces = album(people=5, each=5)
    here = WaitingFaces(THRESHOLDS)
    for act, number in acts:
        if act == 0:
            here.put(faces[number])
        elif act == 1:
            here.remove([faces[number].id, "unknown"])
        else:
            here.take_in(pairs)
    while not here.take_in():
        pass
    anew = WaitingFaces(THRESHOLDS)
    for face in faces:
        if face.id in here:
            anew.put(face)
    anew.take_in()
    assert len(here) == len(anew)
    for face in faces:
        if face.id in here:
            ours, theirs = (
                each._table.facts["neighbours"][each._table.places([face.id])].tolist()
                for each in (here, anew)
            )
            assert ours == theirs


@pytest.mark.rule("groups")
def test_what_names_most_faces_is_asked_first() -> None:
    faces = [waiting(f"{person}-{number}", vector) for person, count in enumerate((2, 7, 1, 4))
             for number, vector in enumerate(vectors(person, count))]  # fmt: skip
    random.Random(2).shuffle(faces)
    assert [len(group) for group in asked(faces)] == [7, 4, 2, 1]


def test_neighbours_that_may_not_share_a_request_make_no_group_look_large() -> None:
    crowd = [waiting(f"0-{number}", vector, photo="crowd") for number, vector in enumerate(vectors(0, 8))]
    pair = [waiting(f"1-{number}", vector) for number, vector in enumerate(vectors(1, 2))]
    here = WaitingFaces(THRESHOLDS)
    for face in (*crowd, *pair):
        here.put(face)
    assert [people(here.next_group(NOW, 9)) for _ in range(2)][-1] == {"1"}


def test_a_face_with_a_line_up_comes_before_an_older_one_without() -> None:
    faces = [waiting("old", stored_at=1.0), waiting("known", stored_at=1000.0, has_line_up=True)]
    assert asked(faces) == [["known"], ["old"]]


def test_small_and_blurred_faces_come_last() -> None:
    faces = [waiting("poor", stored_at=1.0, poor=True, has_line_up=True), waiting("good")]
    assert asked(faces) == [["good"], ["poor"]]


def test_of_equals_the_oldest_comes_first() -> None:
    faces = [waiting(str(number), stored_at=float(1000 - number)) for number in range(5)]
    assert asked(faces) == [["4"], ["3"], ["2"], ["1"], ["0"]]


def test_a_face_older_than_a_day_goes_first_with_what_looks_like_it() -> None:
    old, young = vectors(0, 2)
    faces = [
        *album(people=3, each=5)[5:],
        waiting("0-old", old, stored_at=NOW - DAY - 1, poor=True),
        waiting("0-young", young),
    ]
    assert asked(faces)[0] == ["0-old", "0-young"]


@pytest.mark.rule("groups")
def test_none_waits_for_ever_behind_newer_ones() -> None:
    here = WaitingFaces(THRESHOLDS)
    here.put(waiting("alone", stored_at=0.0, poor=True))
    for hour in range(1, 50):
        for number, vector in enumerate(vectors(hour, 3)):
            here.put(waiting(f"{hour}-{number}", vector, stored_at=hour * 3600.0))
        group = here.next_group(hour * 3600.0, 9)
        here.remove(group)
        if group == ["alone"]:
            break
    assert hour == 24


def test_those_whom_a_learned_face_resembles_come_earlier_from_then_on() -> None:
    here = WaitingFaces(THRESHOLDS)
    for face in album(people=4, each=1):
        here.put(face)
    here.take_in()
    here.learned(vectors(2, 2)[1])
    assert here.next_group(NOW, 9) == ["2-0"]


def test_the_more_faces_wait_the_nearer_a_face_has_to_be() -> None:
    pair = [waiting("a", described([0.48, *[0] * 15])), waiting("b", described(np.zeros(16)))]
    others = [waiting(str(number), described(np.eye(16)[1] * number * 5)) for number in range(1, 45)]
    assert ["a", "b"] in [sorted(group) for group in asked([*pair, *others[:10]])]
    assert ["a", "b"] not in [sorted(group) for group in asked([*pair, *others])]


def test_a_face_is_asked_about_as_it_was_put_last() -> None:
    here = WaitingFaces(THRESHOLDS)
    one, other = vectors(0, 2)
    here.put(waiting("a", one))
    here.put(waiting("b", other))
    assert len(here.next_group(NOW, 9)) == 2
    here.put(waiting("b", other, photo="photo of a"))
    assert len(here) == 2
    assert len(here.next_group(NOW, 9)) == 1


def test_what_is_told_as_next_stays_until_it_is_removed() -> None:
    here = WaitingFaces(THRESHOLDS)
    here.put(waiting("a"))
    assert here.next_group(NOW, 9) == here.next_group(NOW, 9) == ["a"]
    here.remove(["a"])
    assert here.next_group(NOW, 9) == []


def test_what_is_no_vector_is_refused_and_costs_no_other_face() -> None:
    here = WaitingFaces(THRESHOLDS)
    here.put(waiting("good"))
    with pytest.raises(ValueError, match="16 finite numbers"):
        here.put(waiting("broken", Description(THRESHOLDS.model, b"1234")))
    assert here.next_group(NOW, 9) == ["good"]
