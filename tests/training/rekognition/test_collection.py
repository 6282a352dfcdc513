import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.queues import Counts
from tests.stages.scenes import fresh, votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, told


@pytest.mark.rule("collection-made")
def test_the_first_collection_is_made_without_a_word_and_looked_for_once(amazon: Amazon) -> None:
    for _ in range(3):
        amazon.tagged()
    assert amazon.called().count("DescribeCollection") == 1
    assert amazon.called().count("CreateCollection") == 1
    assert Notice.select().count() == 0


@pytest.mark.ci
@pytest.mark.rule("collection-vanished")
@pytest.mark.failure("collection-gone")
@pytest.mark.parametrize("restarted", [False, True])
def test_a_collection_that_vanishes_is_made_again_with_its_users_and_the_operator_is_told(
    amazon: Amazon, restarted: bool
) -> None:
    person = amazon.person()
    amazon.tagged(person)
    amazon.do("DeleteCollection")
    if restarted:
        amazon.restart()
    faces = [amazon.tagged(person), amazon.tagged(), amazon.tagged(person)]
    for face in faces:
        assert_is_in_the_model_once(amazon, face)
    assert told(amazon).count("had vanished and was made again: python bot.py reconcile --fix") == 1
    amazon.restart()
    amazon.tagged(person)
    assert told(amazon).count("had vanished and was made again") == 1, "until it is dealt with"


@pytest.mark.ci
@pytest.mark.rule("collection-vanished")
@pytest.mark.parametrize("effect", [False, True])
def test_the_operator_is_told_also_when_the_answer_to_the_making_is_lost(
    amazon: Amazon, effect: bool
) -> None:
    amazon.tagged()
    amazon.do("DeleteCollection")
    amazon.restart()
    amazon.service.fail("CreateCollection", reset=True, effect=effect)
    assert_is_in_the_model_once(amazon, amazon.tagged())
    assert "had vanished and was made again" in told(amazon)


def test_a_collection_that_somebody_deletes_between_two_calls_costs_an_attempt_at_most(
    amazon: Amazon,
) -> None:
    amazon.tagged()
    for operation in ("IndexFaces", "AssociateFaces"):
        face = amazon.agreed()
        amazon.service.fail(operation, error="ResourceNotFoundException", times=2)
        amazon.tell(face)
        amazon.work("face-tagged")
        assert amazon.counts("face-tagged") == Counts(delayed=1)
        amazon.settle()
        assert_is_in_the_model_once(amazon, face)


def test_a_face_can_be_undone_although_its_collection_or_its_person_is_gone(amazon: Amazon) -> None:
    first, second = amazon.tagged(), amazon.tagged()
    amazon.do("DeleteUser", UserId=first.person_ref)
    amazon.wrong(first)
    amazon.settle()
    assert list(amazon.vectors()) == [second.id]
    amazon.do("DeleteCollection")
    amazon.wrong(second)
    amazon.settle()
    assert (fresh(first).state, fresh(second).state) == ("open", "open")


def test_an_account_with_too_many_collections_keeps_the_votes_and_says_so(amazon: Amazon) -> None:
    amazon.service.fail("CreateCollection", error="ServiceQuotaExceededException")
    face = amazon.agreed()
    amazon.tell(face)
    amazon.work("face-tagged")
    assert "AWS allows this account no more face collections" in told(amazon)
    assert len(votes(face)) == 2
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)
