"""Whom a face resembles, as Amazon says."""

from collections.abc import Mapping

import pytest

from tagbot.database.models.bookkeeping import BackendCalls
from tagbot.errors import Reject, Retry
from tagbot.recognition.resemblance import Resemblance
from tagbot.training.rekognition.rekognition_backend import NEARNESS
from tests.rekognition.pictures import Box, SeenFace
from tests.training.amazon import Amazon, backend_on, picture
from tests.training.rekognition.test_faults import BUSY, WRONG

PICTURE = picture(200, 200)


def known(amazon: Amazon, **similarities: float) -> dict[str, str]:
    """People with a face each whom the next face is so similar to: their ids by name."""
    people = {name: amazon.person() for name in similarities}
    for person in people.values():
        amazon.tagged(person)
    ids = {name: str(person.id) for name, person in people.items()}
    shows(amazon, {ids[name]: similarity for name, similarity in similarities.items()})
    return ids


def shows(amazon: Amazon, similarities: Mapping[str, float]) -> None:
    amazon.service.look(lambda _: [SeenFace(similarity=similarities)])


def test_the_people_whom_a_face_resembles_come_in_order_and_their_distance_is_what_is_missing_to_100(
    amazon: Amazon,
) -> None:
    people = known(amazon, anna=92.5, bert=40.0, clara=99.5)
    found = amazon.backend.resembling(PICTURE, 4)
    assert found == [
        Resemblance(people["clara"], (0.5,)),
        Resemblance(people["anna"], (7.5,)),
        Resemblance(people["bert"], (60.0,)),
    ]
    assert [each.distance for each in found] == [0.5, 7.5, 60.0]


def test_as_many_come_as_are_asked_for_however_far_they_are(amazon: Amazon) -> None:
    people = known(amazon, anna=0.0, bert=3.0, clara=1.0)
    assert [each.person for each in amazon.backend.resembling(PICTURE, 2)] == [
        people["bert"],
        people["clara"],
    ]
    assert len(amazon.backend.resembling(PICTURE, 1000)) == 3


def test_one_call_is_made_and_counted_and_nothing_is_changed(amazon: Amazon) -> None:
    known(amazon, anna=90.0)
    before, model = len(amazon.called()), (amazon.users(), amazon.vectors())
    amazon.backend.resembling(PICTURE, 4)
    assert amazon.called(before) == ["SearchUsersByImage"]
    assert (amazon.users(), amazon.vectors()) == model
    counted = BackendCalls.get(BackendCalls.operation == "search_users_by_image")
    assert counted.count == 1


@pytest.mark.parametrize(
    "faces",
    [
        [],
        [SeenFace(reasons=("LOW_SHARPNESS",))],
        [SeenFace(Box(0.7, 0.3, 0.3, 0.3))],
    ],
    ids=["no face", "a face that would not be learned", "another face at the border"],
)
def test_a_picture_that_shows_no_face_to_learn_resembles_nobody(
    amazon: Amazon, faces: list[SeenFace]
) -> None:
    known(amazon, anna=90.0)
    amazon.service.look(lambda _: faces)
    assert amazon.backend.resembling(PICTURE, 4) == []


@pytest.mark.parametrize("crop", [b"", b"no picture", picture(79, 200)])
def test_what_amazon_cannot_look_at_is_not_sent_and_resembles_nobody(amazon: Amazon, crop: bytes) -> None:
    known(amazon, anna=90.0)
    before = len(amazon.called())
    assert amazon.backend.resembling(crop, 4) == []
    assert amazon.called(before) == []


@pytest.mark.parametrize("error", ["InvalidImageFormatException", "ImageTooLargeException"])
def test_what_amazon_refuses_to_look_at_resembles_nobody(amazon: Amazon, error: str) -> None:
    known(amazon, anna=90.0)
    amazon.service.fail("SearchUsersByImage", error=error)
    assert amazon.backend.resembling(PICTURE, 4) == []


def test_a_model_that_knows_nobody_resembles_nobody_and_no_collection_is_made(amazon: Amazon) -> None:
    assert amazon.backend.resembling(PICTURE, 4) == []
    assert amazon.collection not in amazon.service.collections()
    amazon.do("CreateCollection")
    amazon.do("CreateUser", UserId="without-a-face")
    assert amazon.backend.resembling(PICTURE, 4) == []


@pytest.mark.parametrize("name", [name for name in (*BUSY, *WRONG) if name != "silent"])
def test_what_is_not_the_pictures_fault_is_never_taken_for_nobody(amazon: Amazon, name: str) -> None:
    people = known(amazon, anna=90.0)
    fault, reason = (BUSY | WRONG)[name]
    amazon.service.fail("SearchUsersByImage", **fault)
    with pytest.raises(Retry) as why:
        amazon.backend.resembling(PICTURE, 4)
    assert why.value.reason.startswith(reason.format("SearchUsersByImage"))
    assert [each.person for each in amazon.backend.resembling(PICTURE, 4)] == [people["anna"]]


def test_a_bug_of_ours_is_never_taken_for_nobody(amazon: Amazon) -> None:
    known(amazon, anna=90.0)
    amazon.service.fail("SearchUsersByImage", error="InvalidParameterException")
    with pytest.raises(Reject):
        amazon.backend.resembling(PICTURE, 4)


def test_its_distances_mean_what_amazon_says_of_similarities(amazon: Amazon) -> None:
    people = known(amazon, anna=80.0, bert=79.9)
    resembled = [
        each for each in amazon.backend.resembling(PICTURE, 4) if each.distance <= NEARNESS.resembles
    ]
    assert [each.person for each in resembled] == [people["anna"]]
    answer = amazon.do("SearchUsersByImage", Image={"Bytes": PICTURE})
    assert [match["User"]["UserId"] for match in answer["UserMatches"]] == [people["anna"]]
    assert backend_on().nearness == NEARNESS
    assert NEARNESS.sure + NEARNESS.margin > NEARNESS.resembles, "where it is sure, nobody else resembles"
