"""The model follows people who were merged or parted, whatever goes wrong on the way."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tagbot.database.models.consents import ConsentStatement, consented_and_waiting
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.merges import merge, unmerge
from tagbot.database.models.people import Person
from tagbot.database.opening import connected
from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints
from tagbot.maintenance.reconciliation import differences, mend
from tagbot.messages import ConsentChanged
from tagbot.photos.image_keys import crop_key
from tagbot.training.merged_faces import left_to_follow
from tagbot.vocabulary import Consent
from tests.dying import Died, done_in_spite_of_deaths
from tests.maintenance.forgetting.scenes import forget
from tests.stages.scenes import fresh
from tests.training.amazon import Amazon, assert_is_in_the_model_once

_FOLLOWS = "FollowMerges"


def follow(amazon: Amazon) -> None:
    with failpoints.working_on(_FOLLOWS):
        amazon.world.services.follow_merges()


def join(amazon: Amazon, one: Person, other: Person) -> None:
    for fact in merge(one.id, other.id, amazon.world.services.opt_out_key, amazon.world.services.now()):
        amazon.world.publish(fact)


def refs_of(faces: list[Face]) -> list[str]:
    return sorted(str(fresh(face).face_ref) for face in faces)


def users(amazon: Amazon) -> dict[str, list[str]]:
    """The vectors by person, of those who have any."""
    return {person: sorted(faces) for person, faces in amazon.users().items() if faces}


@pytest.mark.rule("merge-model-follows", "unmerge-exact")
def test_at_amazon_the_faces_become_the_others_and_go_back_exactly(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = [amazon.tagged(anna) for _ in range(3)], [amazon.tagged(ben)]
    before = users(amazon)
    for _ in range(2):
        join(amazon, anna, ben)
        follow(amazon)
        assert users(amazon) == {ben.id: refs_of([*ours, *theirs])}
        for face in (*ours, *theirs):
            assert_is_in_the_model_once(amazon, face)
        calls = len(amazon.calls())
        follow(amazon)
        assert len(amazon.calls()) == calls, "again is harmless, and nothing is asked of Amazon"
        unmerge(anna.id)
        follow(amazon)
        assert users(amazon) == before


@pytest.mark.rule("unmerge-exact")
def test_a_face_that_was_learned_meanwhile_stays_with_the_other(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    came = amazon.tagged(anna)
    join(amazon, anna, ben)
    since = amazon.tagged(anna)
    assert fresh(since).person_id == ben.id, "a vote that names the one means the other"
    follow(amazon)
    unmerge(anna.id)
    follow(amazon)
    assert users(amazon) == {anna.id: refs_of([came]), ben.id: refs_of([since])}


@pytest.mark.rule("merge-model-follows")
@pytest.mark.failure("merge-not-followed", shows="what happens")
@pytest.mark.parametrize("operation", ["DisassociateFaces", "AssociateFaces"])
@pytest.mark.parametrize("error", ["ThrottlingException", "InternalServerError", "ConflictException"])
def test_while_amazon_is_busy_nothing_is_lost_and_it_is_done_later(
    amazon: Amazon, operation: str, error: str
) -> None:
    anna, ben = amazon.person(), amazon.person()
    faces = [amazon.tagged(anna) for _ in range(2)]
    join(amazon, anna, ben)
    amazon.service.fail(operation, error=error, times=20)
    with pytest.raises(Retry):
        follow(amazon)
    assert left_to_follow("rekognition") == 2
    amazon.service.heal()
    follow(amazon)
    assert users(amazon) == {ben.id: refs_of(faces)}


@pytest.mark.rule("merge-crash", "merge-model-follows")
def test_killed_at_any_point_it_comes_to_the_same_end(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = [amazon.tagged(anna) for _ in range(2)], [amazon.tagged(ben)]
    before = users(amazon)
    join(amazon, anna, ben)
    _, deaths = done_in_spite_of_deaths(_FOLLOWS, amazon.world.services.follow_merges, amazon.restart)
    assert deaths >= 6, "two calls for each face, and their notes"
    assert users(amazon) == {ben.id: refs_of([*ours, *theirs])}
    unmerge(anna.id)
    _, deaths = done_in_spite_of_deaths(_FOLLOWS, amazon.world.services.follow_merges, amazon.restart)
    assert deaths >= 6
    assert users(amazon) == before


@pytest.mark.rule("merge-crash", "unmerge-exact")
def test_so_it_does_where_faces_leave_and_come_back(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = [amazon.tagged(anna) for _ in range(2)], [amazon.tagged(ben)]
    amazon.use(amazon.backend, max_faces_per_person=2)
    join(amazon, anna, ben)
    _, deaths = done_in_spite_of_deaths(_FOLLOWS, amazon.world.services.follow_merges, amazon.restart)
    assert deaths
    assert len(users(amazon)[ben.id]) == 2
    unmerge(anna.id)
    _, deaths = done_in_spite_of_deaths(_FOLLOWS, amazon.world.services.follow_merges, amazon.restart)
    assert deaths
    assert users(amazon) == {anna.id: refs_of(ours), ben.id: refs_of(theirs)}


@pytest.mark.rule("merge-crash", "unmerge-exact")
def test_parted_before_the_model_has_followed_the_merge_it_comes_back_from_half_way(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    for _ in range(3):
        amazon.tagged(anna)
    before = users(amazon)
    for at in range(8):
        join(amazon, anna, ben)
        reached = iter(range(at, -1, -1))

        def die(_: str, __: str, reached: Iterator[int] = reached) -> None:
            if next(reached, None) == 0:
                raise Died

        with pytest.raises(Died), failpoints.listening(die):
            follow(amazon)
        unmerge(anna.id)
        follow(amazon)
        assert users(amazon) == before


@pytest.mark.rule("merge-crash", "unmerge-exact")
@pytest.mark.ci
@pytest.mark.parametrize("most", [100, 2])
def test_merged_with_another_before_it_was_followed_half_way_it_is_that_ones(
    amazon: Amazon, most: int
) -> None:
    anna, ben, chris = (amazon.person() for _ in range(3))
    ours = [amazon.tagged(anna) for _ in range(2)]
    theirs = [amazon.tagged(person) for person in (ben, chris)]
    amazon.use(amazon.backend, max_faces_per_person=most)
    before = {person: len(held) for person, held in users(amazon).items()}
    for at in range(12):
        for other in (ben, chris, None):
            reached = iter(range(at, -1, -1))

            def die(_: str, __: str, reached: Iterator[int] = reached) -> None:
                if next(reached, None) == 0:
                    raise Died

            if other is not None:
                join(amazon, anna, other)
            with suppress(Died), failpoints.listening(die):
                follow(amazon)
            if other is not None:
                unmerge(anna.id)
        amazon.restart()
        follow(amazon)
        assert {person: len(held) for person, held in users(amazon).items()} == before
        for face in (*ours, *theirs):
            assert_is_in_the_model_once(amazon, face)
            assert fresh(face).handed_to is None


@pytest.mark.rule("merge-model-follows", "unmerge-exact")
def test_of_more_faces_than_a_person_may_have_the_others_leave_and_come_back(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = [amazon.tagged(anna) for _ in range(2)], [amazon.tagged(ben) for _ in range(2)]
    amazon.use(amazon.backend, max_faces_per_person=3)
    join(amazon, anna, ben)
    follow(amazon)
    first, second = map(fresh, ours)
    assert users(amazon) == {ben.id: refs_of([first, *theirs])}
    assert (second.state, second.reason, second.face_ref) == ("tagged", "person_full", None)
    unmerge(anna.id)
    follow(amazon)
    assert users(amazon) == {anna.id: refs_of(ours), ben.id: refs_of(theirs)}
    assert [(fresh(face).reason, fresh(face).displaced_by) for face in ours] == [(None, None)] * 2


@pytest.mark.rule("merge-model-follows", "unmerge-exact")
def test_so_it_is_where_amazon_allows_fewer_than_the_setting(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = [amazon.tagged(anna) for _ in range(2)], [amazon.tagged(ben)]
    amazon.service.rules.faces_per_user = 2
    join(amazon, anna, ben)
    follow(amazon)
    assert [fresh(face).reason for face in ours] == [None, "person_full"]
    assert len(users(amazon)[ben.id]) == 2
    calls = len(amazon.calls())
    follow(amazon)
    assert len(amazon.calls()) == calls, "it is not tried again while they are merged"
    unmerge(anna.id)
    follow(amazon)
    assert users(amazon) == {anna.id: refs_of(ours), ben.id: refs_of(theirs)}


@pytest.mark.rule("unmerge-exact")
def test_what_left_by_the_end_of_a_chain_comes_back_to_the_middle(amazon: Amazon) -> None:
    people = [amazon.person() for _ in range(3)]
    faces = [amazon.tagged(person) for person in people]
    amazon.use(amazon.backend, max_faces_per_person=2)
    join(amazon, people[0], people[1])
    follow(amazon)
    before = users(amazon)
    assert len(before[people[1].id]) == 2
    join(amazon, people[1], people[2])
    follow(amazon)
    assert len(users(amazon)[people[2].id]) == 2
    unmerge(people[1].id)
    follow(amazon)
    assert {person: len(held) for person, held in users(amazon).items()} == {
        people[1].id: 2,
        people[2].id: 1,
    }
    unmerge(people[0].id)
    follow(amazon)
    assert users(amazon) == {person.id: refs_of([face]) for person, face in zip(people, faces, strict=True)}


@pytest.mark.rule("unmerge-exact")
def test_a_face_whose_crop_is_lost_stays_out_and_is_still_tagged(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours = amazon.tagged(anna)
    amazon.tagged(ben)
    amazon.use(amazon.backend, max_faces_per_person=1)
    join(amazon, anna, ben)
    follow(amazon)
    amazon.world.services.images.delete(crop_key(ours.id))
    unmerge(anna.id)
    follow(amazon)
    face = fresh(ours)
    assert (face.state, face.person_id, face.reason, face.face_ref) == (
        "tagged",
        anna.id,
        "person_full",
        None,
    )
    assert left_to_follow("rekognition") == 0


@pytest.mark.rule("merge-model-follows")
def test_a_face_that_the_collection_does_not_have_holds_up_nothing(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    gone, lost, there = (amazon.tagged(anna) for _ in range(3))
    for each in (gone, lost):
        amazon.do("DisassociateFaces", UserId=anna.id, FaceIds=[each.face_ref])
        amazon.do("DeleteFaces", FaceIds=[each.face_ref])
    amazon.world.services.images.delete(crop_key(lost.id))
    join(amazon, anna, ben)
    follow(amazon)
    assert users(amazon) == {ben.id: refs_of([gone, there])}
    assert_is_in_the_model_once(amazon, gone)
    assert fresh(lost).person_ref == ben.id, "where `reconcile` tells of it"


@pytest.mark.rule("merge-model-follows")
def test_a_face_that_is_undone_meanwhile_is_nobodys(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    face = amazon.tagged(anna)
    join(amazon, anna, ben)
    amazon.wrong(face)
    amazon.settle()
    follow(amazon)
    assert (amazon.vectors(), fresh(face).state) == ({}, "open")


@pytest.mark.rule("merge-model-follows")
def test_a_face_on_its_way_to_the_model_during_the_merge_follows(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    face = amazon.agreed(anna)
    amazon.tell(face)
    amazon.work("face-tagged")
    assert fresh(face).state == "training"
    join(amazon, anna, ben)
    amazon.settle()
    follow(amazon)
    assert (fresh(face).person_id, fresh(face).given_to) == (ben.id, anna.id)
    assert_is_in_the_model_once(amazon, face)
    assert users(amazon) == {ben.id: refs_of([face])}


@pytest.mark.rule("merge-model-follows", "unmerge-exact")
@pytest.mark.parametrize("parted", [False, True])
@pytest.mark.parametrize("operation", ["CreateUser", "IndexFaces", "AssociateFaces"])
def test_a_face_that_was_sent_as_one_whose_merge_came_before_amazons_answer_follows(
    amazon: Amazon, operation: str, *, parted: bool
) -> None:
    """The repetition finds what the first attempt did, of which nobody heard."""
    anna, ben = amazon.person(), amazon.person()
    face = amazon.agreed(anna)
    amazon.service.fail(operation, status=503, effect=True, times=2 if parted else 1)
    amazon.tell(face)
    amazon.work("face-tagged")
    join(amazon, anna, ben)
    if parted:
        amazon.work("face-tagged")
        unmerge(anna.id)
    amazon.settle()
    follow(amazon)
    assert_is_in_the_model_once(amazon, face)
    assert users(amazon) == {(anna if parted else ben).id: refs_of([face])}


@pytest.mark.rule("merge-model-follows")
@pytest.mark.parametrize("first", ["reconcile", "the bot"])
def test_a_face_that_reconcile_mends_while_the_model_follows_stays_in_it(amazon: Amazon, first: str) -> None:
    anna, ben = amazon.person(), amazon.person()
    face = amazon.tagged(anna)
    join(amazon, anna, ben)
    found = list(differences(amazon.backend))

    def reconcile() -> None:
        with connected():
            mend(found, amazon.backend, amazon.world.services.images, "run")

    def bot() -> None:
        with connected():
            follow(amazon)

    slow, other = (reconcile, bot) if first == "reconcile" else (bot, reconcile)
    if first == "the bot":
        amazon.do("DisassociateFaces", UserId=anna.id, FaceIds=[fresh(face).face_ref])
        amazon.do("DeleteFaces", FaceIds=[fresh(face).face_ref])
    calls = len(amazon.service.calls("IndexFaces"))
    amazon.service.fail("IndexFaces", delay=1.0)
    with ThreadPoolExecutor(1) as thread:
        begun = thread.submit(slow)
        amazon.service.wait_for_calls("IndexFaces", calls + 1)
        other()
        begun.result(10)
    assert len(amazon.service.calls("IndexFaces")) == calls + 2, "both have sent it"
    assert_is_in_the_model_once(amazon, face)
    assert users(amazon) == {ben.id: refs_of([face])}


@pytest.mark.rule("merge-model-follows")
def test_the_model_of_a_backend_that_is_not_set_follows_once_it_is(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    face = amazon.tagged(anna)
    Face.update(training_backend="local").where(Face.id == face.id).execute()
    join(amazon, anna, ben)
    calls = len(amazon.calls())
    follow(amazon)
    assert len(amazon.calls()) == calls
    Face.update(training_backend="rekognition").where(Face.id == face.id).execute()
    follow(amazon)
    assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("merge-stricter-consent", "unmerge-exact")
def test_faces_of_one_who_may_not_be_learned_leave_and_come_back_with_the_unmerge(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    faces = [amazon.tagged(anna), amazon.tagged(anna), amazon.tagged(ben)]
    now = amazon.world.services.now()
    ConsentStatement.note(anna.id, Consent.GIVEN, at=now, way="on paper", text_id=None)
    ConsentStatement.note(ben.id, Consent.REFUSED, at=now, way="on paper", text_id=None)
    for _ in range(2):
        join(amazon, anna, ben)
        follow(amazon)
        amazon.world.publish(ConsentChanged(person=ben.id))
        amazon.settle()
        assert users(amazon) == {}
        unmerge(anna.id)
        for fact in consented_and_waiting(10):
            amazon.world.publish(fact)
        amazon.settle()
        follow(amazon)
        assert users(amazon) == {anna.id: refs_of(faces[:2])}


@pytest.mark.rule("forgets-both-halves")
def test_at_amazon_both_halves_are_known_by_either(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    amazon.tagged(anna)
    amazon.tagged(ben)
    join(amazon, anna, ben)
    follow(amazon)
    amazon.backend.forget([anna.id, ben.id], [])
    assert (amazon.vectors(), amazon.users()) == ({}, {})


@pytest.mark.rule("forgets-both-halves", "merge-model-follows")
def test_a_face_that_amazon_has_as_somebodys_who_is_forgotten_after_the_unmerge_comes_back(
    amazon: Amazon,
) -> None:
    anna, ben = amazon.person(), amazon.person()
    ours, theirs = amazon.tagged(anna), amazon.tagged(ben)
    join(amazon, anna, ben)
    follow(amazon)
    unmerge(anna.id)  # and before the model has followed:
    receipt = forget(amazon.world, ben.id)
    amazon.settle()
    assert Forgetting.get_by_id(receipt.id).finished_at is not None
    assert not Face.select().where(Face.id == theirs.id).exists()
    assert amazon.vectors().keys() <= {ours.id}
    follow(amazon)
    assert_is_in_the_model_once(amazon, ours)
    assert users(amazon) == {anna.id: refs_of([ours])}


def test_a_reject_is_raised_once_the_others_were_tried(amazon: Amazon) -> None:
    anna, ben = amazon.person(), amazon.person()
    amazon.tagged(anna)
    join(amazon, anna, ben)
    amazon.service.fail("AssociateFaces", error="ValidationException", times=1)
    with pytest.raises(Reject):
        follow(amazon)
    follow(amazon)
    assert left_to_follow("rekognition") == 0
