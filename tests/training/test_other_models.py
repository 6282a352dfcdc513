"""Faces in the model of a training backend that is not set any more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import TrainedVector
from tagbot.maintenance.reconciliation import differences, mend, nothing_differs
from tagbot.messages import FaceReopened
from tagbot.monitoring import status_figures, status_words
from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tagbot.stages.undo_tag import undo_tag
from tagbot.training.local import LocalBackend
from tagbot.training.other_models import held_elsewhere
from tagbot.worker import workers
from tests.rekognition.stand_in import running_rekognition
from tests.stages.scenes import fresh, tagged, with_backend
from tests.training.amazon import Amazon, forget_aws, on_amazon
from tests.world import World


@pytest.fixture
def amazon(tmp_path: Path, stand_in: Slack) -> Iterator[Amazon]:
    """A bot of its own, which builds what it needs for itself."""
    with running_rekognition() as service:
        region = service.environment()["AWS_REGION"]
        with on_amazon(tmp_path / "data", stand_in, service, AWS_REGION=region) as amazon:
            yield amazon


def undo(world: World, face: Face, by: str) -> None:
    row = fresh(face)
    list(undo_tag(FaceReopened(face_id=row.id, round=row.round, by=by), world.services))


def told(world: World) -> str:
    figures = status_figures.collect(world.queues, world.services.inbox, backend=world.services.training.name)
    return status_words.in_words(figures)


@pytest.mark.rule("undo-elsewhere", "undo-forgets")
def test_a_face_leaves_the_model_of_amazon_after_a_switch_to_this_machine(
    amazon: Amazon, recogniser: LocalBackend
) -> None:
    face = amazon.tagged()
    world = with_backend(amazon.world, recogniser)
    assert held_elsewhere("local") == {"rekognition": 1}
    assert "TRAINING_BACKEND=rekognition, which is not the one that is set, still holds 1 face" in told(world)
    undo(world, face, world.slack.people[0])
    assert amazon.vectors() == {}
    assert (fresh(face).state, fresh(face).face_ref) == ("waiting", None)
    assert held_elsewhere("local") == {}
    assert "TRAINING_BACKEND" not in told(world)


@pytest.mark.rule("undo-elsewhere", "undo-forgets")
def test_a_face_leaves_this_machines_model_after_a_switch_to_amazon(
    amazon: Amazon, recogniser: LocalBackend
) -> None:
    world = with_backend(amazon.world, recogniser)
    world.workers = workers(world.services)
    face = tagged(world, world.slack.people[2])
    assert TrainedVector.select().count() == 1
    assert held_elsewhere("rekognition") == {"local": 1}
    calls = len(amazon.calls())
    undo(with_backend(world, amazon.backend), face, world.slack.people[0])
    assert TrainedVector.select().count() == 0
    assert len(amazon.calls()) == calls, "Amazon is asked for nothing that it never had"


@pytest.mark.rule("undo-elsewhere")
@pytest.mark.failure("left-at-another-backend")
def test_where_it_cannot_be_taken_out_it_is_asked_again_and_everybody_is_told(
    amazon: Amazon, recogniser: LocalBackend
) -> None:
    face = amazon.tagged()
    world = with_backend(amazon.world, recogniser)
    anna = world.slack.people[0]
    amazon.deny("rekognition:DeleteFaces")
    undo(world, face, anna)
    assert fresh(face).state == "waiting"
    assert world.slack.wait_for_ephemeral(anna).text == words.left_in_model("rekognition")
    assert f"TRAINING_BACKEND=rekognition still holds the face {face.id}" in told(world)
    # The operator does what that says.
    amazon.end()
    mend(list(differences(amazon.backend)), amazon.backend, world.services.images, "1")
    assert list(differences(amazon.backend)) == []
    nothing_differs(amazon.backend)
    assert amazon.vectors() == {}
    assert "TRAINING_BACKEND" not in told(world)


@pytest.mark.rule("undo-elsewhere")
def test_a_backend_that_does_not_answer_any_more_holds_up_nothing(
    amazon: Amazon, recogniser: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = amazon.tagged()
    world = with_backend(amazon.world, recogniser)
    forget_aws(monkeypatch)  # its keys, region and address are gone with the setting
    undo(world, face, world.slack.people[0])
    assert fresh(face).state == "waiting"
    assert "still holds the face" in told(world)
