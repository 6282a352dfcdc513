"""Forgetting a person whose faces a training backend learned that is not the one that is set now."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.maintenance.forgetting import proof
from tagbot.maintenance.forgetting.steps import OTHER_BACKEND_SECONDS
from tagbot.maintenance.reconciliation import differences, mend, nothing_differs
from tagbot.messages import ForgetAsked
from tagbot.sandbox.driver import Slack
from tagbot.training.backend import TrainingBackend
from tagbot.training.local import LocalBackend
from tagbot.worker import workers
from tests.rekognition.stand_in import running_rekognition
from tests.rekognition.state import REGION
from tests.stages.scenes import fresh, tagged
from tests.training.amazon import Amazon, forget_aws, on_amazon, told
from tests.world import World


@pytest.fixture(name="amazon")
def _amazon(tmp_path: Path, stand_in: Slack, database_url: str) -> Iterator[Amazon]:
    settings = {"AWS_REGION": REGION, "DATABASE_URL": database_url}
    with (
        running_rekognition() as service,
        on_amazon(tmp_path / "data", stand_in, service, **settings) as amazon,
    ):
        yield amazon
        learn_by(amazon.backend, amazon.world)  # the recogniser is not this world's to close


def learn_by(backend: TrainingBackend, world: World) -> None:
    """Set another training backend."""
    world.services = replace(world.services, training=backend)
    world.workers = workers(world.services)


def forget(amazon: Amazon, person: Person) -> Forgetting:
    """All that can be done of it now."""
    asked = ForgetAsked.of(person.id)
    amazon.world.publish(asked)
    amazon.world.drain()
    return Forgetting.get_by_id(asked.receipt)


@pytest.mark.rule("forget-all")
def test_faces_at_amazon_go_while_this_machine_learns(amazon: Amazon, recogniser: LocalBackend) -> None:
    person, other = amazon.person(), amazon.person()
    for _ in range(2):
        amazon.tagged(person)
    theirs = amazon.tagged(other)
    learn_by(recogniser, amazon.world)
    receipt = forget(amazon, person)
    assert receipt.finished_at is not None
    assert receipt.counted["vectors"] == 2
    assert set(amazon.vectors()) == {theirs.id}
    assert set(amazon.users()) == {other.id}
    assert not [each for each in receipt.not_searched if "TRAINING_BACKEND" in each]


@pytest.mark.rule("forget-all")
def test_faces_on_this_machine_go_while_amazon_learns(amazon: Amazon, recogniser: LocalBackend) -> None:
    learn_by(recogniser, amazon.world)
    person, other = (tagged(amazon.world, each) for each in amazon.world.slack.people[2:4])
    learn_by(amazon.backend, amazon.world)
    assert TrainedVector.select().count() == 2
    assert person.person is not None
    receipt = forget(amazon, person.person)
    assert receipt.finished_at is not None
    assert receipt.counted["vectors"] == 1
    assert [each.face_id for each in TrainedVector.select()] == [other.id]


@pytest.mark.rule("forget-all", "forget-proof")
@pytest.mark.failure("forgotten-at-another-backend")
def test_where_the_backend_of_before_does_not_answer_all_else_goes_and_the_receipt_says_so(
    amazon: Amazon, recogniser: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = amazon.person()
    face = amazon.tagged(person)
    learn_by(recogniser, amazon.world)
    with monkeypatch.context() as environ:
        forget_aws(environ)  # its keys, region and address are gone with the setting
        receipt = forget(amazon, person)
        assert receipt.finished_at is None, "it may be back in a moment"
        amazon.world.offset += OTHER_BACKEND_SECONDS
        amazon.settle()
    receipt = Forgetting.get_by_id(receipt.id)
    assert receipt.finished_at is not None
    assert list(amazon.world.services.images.keys()) == []
    left = [proof.left_in_model("rekognition"), proof.of_other_model("rekognition")]
    assert [each for each in receipt.not_searched if each in left] == left
    assert f"still holds faces of a person who was forgotten (receipt {receipt.id})" in told(amazon)
    assert list(amazon.vectors()) == [face.id]
    # The operator does what that says.
    learn_by(amazon.backend, amazon.world)
    mend(list(differences(amazon.backend)), amazon.backend, amazon.world.services.images, "1")
    nothing_differs(amazon.backend)
    assert (amazon.vectors(), amazon.users()) == ({}, {})
    assert "TRAINING_BACKEND" not in told(amazon)


@pytest.mark.rule("forget-proof")
def test_a_backend_that_never_knew_them_and_does_not_answer_holds_up_nothing(
    amazon: Amazon, recogniser: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = amazon.tagged()
    learn_by(recogniser, amazon.world)
    person = tagged(amazon.world, amazon.world.slack.people[2])
    assert person.person is not None
    with monkeypatch.context() as environ:
        forget_aws(environ)
        receipt = forget(amazon, person.person)
    assert receipt.finished_at is not None
    assert proof.of_other_model("rekognition") in receipt.not_searched
    assert proof.left_in_model("rekognition") not in receipt.not_searched
    assert fresh(other).state == "tagged"
