"""A yes taken back takes the faces out of Amazon's model too, whatever goes wrong on the way."""

from dataclasses import replace

import pytest

from tagbot.database.models.consents import ConsentStatement
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.messages import ConsentChanged, FaceTagged
from tagbot.vocabulary import Consent
from tagbot.worker import workers
from tests.stages.scenes import fresh
from tests.training.amazon import Amazon, assert_is_in_the_model_once


@pytest.fixture(name="amazon")
def _amazon(amazon: Amazon) -> Amazon:
    """One where consent is required."""
    services = amazon.world.services
    services = replace(services, settings=replace(services.settings, consent="required"))
    amazon.world.services, amazon.world.workers = services, workers(services)
    return amazon


def say(amazon: Amazon, person: Person, said: Consent, at: float) -> None:
    """They say so outside Slack, as a person without an account does."""
    ConsentStatement.note(person.id, said, at=at, way="on paper", text_id=None)
    amazon.world.publish(ConsentChanged(person=person.id))


@pytest.mark.rule("consent-before-learning")
def test_nothing_is_sent_before_the_yes_and_all_of_it_goes_with_the_no(amazon: Amazon) -> None:
    person = amazon.person()
    faces = [amazon.tagged(person) for _ in range(2)]
    assert amazon.vectors() == {}
    assert not amazon.calls("IndexFaces")
    for at in (1.0, 3.0):
        say(amazon, person, Consent.GIVEN, at)
        amazon.settle()
        for face in faces:
            assert_is_in_the_model_once(amazon, face)
        say(amazon, person, Consent.REFUSED, at + 1.0)
        amazon.settle()
        assert amazon.vectors() == {}
        assert [(fresh(face).state, fresh(face).reason) for face in faces] == [("tagged", "no_consent")] * 2


@pytest.mark.rule("consent-before-learning")
@pytest.mark.parametrize("operation", ["DisassociateFaces", "DeleteFaces"])
def test_while_amazon_is_busy_it_is_tried_again(amazon: Amazon, operation: str) -> None:
    person = amazon.person()
    faces = [amazon.tagged(person) for _ in range(2)]
    say(amazon, person, Consent.GIVEN, 1.0)
    amazon.settle()
    amazon.service.fail(operation, error="ThrottlingException", times=2)
    say(amazon, person, Consent.REFUSED, 2.0)
    amazon.settle()
    assert amazon.vectors() == {}
    assert [fresh(face).reason for face in faces] == ["no_consent"] * 2


@pytest.mark.rule("consent-before-learning")
def test_a_face_that_was_sent_just_before_the_no_and_a_crash_leaves_too(amazon: Amazon) -> None:
    person = amazon.person()
    face = amazon.tagged(person)
    say(amazon, person, Consent.GIVEN, 1.0)
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)
    # As the row is when the bot dies before it has noted Amazon's answer.
    nothing = dict.fromkeys(("training_backend", "person_ref", "face_ref"))
    Face.update(state="training", **nothing).where(Face.id == face.id).execute()
    say(amazon, person, Consent.REFUSED, 2.0)
    amazon.world.publish(FaceTagged.from_id(str(fresh(face).claimed_by), face.id, face.round))
    amazon.settle()
    assert amazon.vectors() == {}
    assert (fresh(face).state, fresh(face).reason) == ("tagged", "no_consent")
