"""What was described by another model is described anew."""

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.vectors import ModelVectors, TrainedVector
from tagbot.photos.image_keys import crop_key
from tagbot.schedule.timed_jobs import describe_anew
from tagbot.services import Services
from tagbot.training.local import LocalBackend
from tests.recogniser import shared_recogniser
from tests.stages.scenes import with_backend
from tests.world import World


@pytest.fixture(name="services")
def _services(world: World) -> Services:
    """Of a bot that has just begun."""
    return with_backend(world, LocalBackend(ModelVectors(), shared_recogniser())).services


def notices() -> list[str]:
    return [notice.text for notice in Notice.select()]


@pytest.mark.process
@pytest.mark.rule("models-never-mixed")
def test_vectors_of_another_model_are_made_anew_from_the_crops(world: World, services: Services) -> None:
    anew, same, lost = (world.face() for _ in range(3))
    for face, model in ((anew, "an earlier one"), (same, "dlib-resnet"), (lost, "an earlier one")):
        ModelVectors().put(face.id, "somebody", b"vector", model)
    world.services.images.delete(crop_key(lost.id))
    describe_anew(services)
    vectors = {row.face_id: (row.person_ref, row.model, len(row.vector)) for row in TrainedVector.select()}
    assert vectors[anew.id] == ("somebody", "dlib-resnet", 512)
    assert vectors[same.id] == ("somebody", "dlib-resnet", len(b"vector"))
    assert vectors[lost.id] == ("somebody", "an earlier one", len(b"vector"))
    assert notices() == [
        "1 learned face was described by another model, to be described anew from the stored crops"
    ]


@pytest.mark.process
@pytest.mark.rule("models-never-mixed")
def test_once_all_are_made_anew_nothing_is_said_of_it(world: World, services: Services) -> None:
    face = world.face()
    ModelVectors().put(face.id, "somebody", b"vector", "an earlier one")
    describe_anew(services)
    assert notices() == []


def test_a_face_that_left_the_model_meanwhile_does_not_come_back(world: World) -> None:
    ModelVectors().replace(world.face().id, b"vector", "a model")
    assert TrainedVector.select().count() == 0
