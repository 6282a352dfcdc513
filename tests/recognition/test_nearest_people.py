import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagbot.recognition.description import Description
from tagbot.recognition.nearest_people import NEAREST_FACES, LearnedFaces
from tests.examples import examples
from tests.recognition.people import THRESHOLDS, described, vectors


def learned(people: int = 5, each: int = 3) -> LearnedFaces:
    faces = LearnedFaces(THRESHOLDS)
    faces.put_all(
        (f"{person}-{number}", f"P{person}", vector)
        for person in range(people)
        for number, vector in enumerate(vectors(person, each))
    )
    return faces


def apart(one: Description, other: Description) -> float:
    here, there = (np.frombuffer(each.vector, "<f4").astype(float) for each in (one, other))
    return float(np.linalg.norm(here - there))


def test_the_person_whose_faces_are_nearest_comes_first() -> None:
    for person in range(5):
        assert learned().nearest(vectors(person, 4)[3:], most=2)[0].person == f"P{person}"


@settings(max_examples=examples(30))
@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 3), st.integers(1, 12))
def test_it_finds_what_comparing_each_with_each_finds(people: int, each: int, asked: int, most: int) -> None:
    faces = vectors(100, asked, spread=1.0)
    wanted = []
    for person in range(people):
        distances = [
            np.mean(sorted(apart(face, vector) for vector in vectors(person, each))[:NEAREST_FACES])
            for face in faces
        ]
        wanted.append((np.mean(distances), f"P{person}", distances))
    found = learned(people, each).nearest(faces, most)
    assert [each.person for each in found] == [person for _, person, _ in sorted(wanted)[:most]]
    for resemblance, (_, _, distances) in zip(found, sorted(wanted), strict=False):
        assert resemblance.distances == pytest.approx(distances, abs=1e-3)


def test_a_face_that_is_put_again_is_the_last_persons_alone() -> None:
    faces = learned(people=2, each=1)
    faces.put("0-0", "P1", vectors(0, 1)[0])
    assert len(faces) == 2
    assert [each.person for each in faces.nearest(vectors(0, 1), most=9)] == ["P1"]


def test_of_a_face_that_comes_twice_at_once_the_last_counts() -> None:
    faces, (vector,) = LearnedFaces(THRESHOLDS), vectors(0, 1)
    faces.put_all([("a", "P0", vector), ("b", "P0", vector), ("a", "P1", vector)])
    assert len(faces) == 2


def test_who_is_taken_out_is_nobodys_neighbour() -> None:
    faces = learned(people=2, each=1)
    for _ in range(2):  # twice is harmless
        faces.remove("0-0")
    assert [each.person for each in faces.nearest(vectors(0, 1), most=9)] == ["P1"]
    assert len(faces) == 1


def test_nothing_from_different_models_is_compared() -> None:
    faces = learned(people=1, each=1)
    other = Description("another", vectors(0, 1)[0].vector)
    assert faces.nearest([other], most=4) == []
    assert faces.nearest([*vectors(0, 1), other], most=4) == []
    faces.put("0-0", "P0", other)
    assert len(faces) == 0
    assert faces.nearest(vectors(0, 1), most=4) == []


def test_a_vector_that_is_none_is_refused() -> None:
    faces = learned(people=1, each=1)
    with pytest.raises(ValueError, match="16 finite numbers"):
        faces.put("broken", "P0", described([1.0]))
    assert len(faces) == 1
