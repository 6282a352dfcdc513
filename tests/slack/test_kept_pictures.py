"""Pictures that are kept for a while only go in time, here and at Slack; the crop of a tagged face stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.errors import Reject
from tagbot.maintenance.redrive import in_words
from tagbot.messages import FaceReopened
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.sandbox.driver import Slack
from tagbot.schedule import jobs
from tagbot.slack import words
from tagbot.training.local import LocalBackend
from tests.maintenance.forgetting.traces import in_files
from tests.stages.scenes import fresh, say, seen, shown, tagged
from tests.world import World, a_world

DAY = 86_400.0


@pytest.fixture(name="world")
def _world(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> Iterator[World]:
    with a_world(tmp_path, stand_in, recogniser, KEEP_PICTURES_DAYS="0.5") as world:
        yield world


def let_go(world: World) -> None:
    """As the timed job does."""
    run_job(world, "LetPicturesGo")


def kept(world: World, face: Face) -> list[str]:
    """Which of its two pictures are here."""
    found = []
    for name, key in (("crop", crop_key(face.id)), ("context", context_key(face.id))):
        try:
            world.services.images.get(key)
        except Reject:
            continue
        found.append(name)
    return found


def there(world: World, face: Face) -> set[bool]:
    """Whether its pictures are at Slack."""
    files = {file.id: file for file in world.slack.files()}
    return {not files[str(file)].deleted for file in (face.crop_file, face.context_file)}


@pytest.mark.rule("pictures-kept-for-a-while")
def test_pictures_go_in_time_and_not_before(world: World) -> None:
    anna, ben, chiara, *_ = world.slack.people
    face, waiting = tagged(world, chiara), world.face(posted=True)
    rejected = world.face(posted=True)
    say(world, rejected, "not_a_face", anna, ben)
    face, rejected, waiting = fresh(face), fresh(rejected), fresh(waiting)
    let_go(world)
    world.offset += 0.4 * DAY
    let_go(world)
    assert [kept(world, each) for each in (face, rejected)] == [["crop", "context"]] * 2
    world.offset += 0.2 * DAY
    let_go(world)
    assert [kept(world, each) for each in (face, rejected, waiting)] == [["crop"], [], ["crop", "context"]]
    assert [there(world, each) for each in (face, rejected, waiting)] == [{False}, {False}, {True}]
    assert str(face.crop_file) not in seen(shown(world, face))
    assert [Photo.get_by_id(each.photo_id).gone_at is None for each in (face, waiting)] == [False, True]
    let_go(world)
    told = in_words(world.queues, rejected.id)
    assert words.PICTURES_GONE in told
    assert fresh(rejected).state == "rejected"


@pytest.mark.rule("pictures-kept-for-a-while")
def test_a_face_that_is_reopened_later_is_asked_about_with_its_crop_alone(world: World) -> None:
    _, ben, chiara, *_ = world.slack.people
    face = tagged(world, chiara)
    world.offset += DAY
    let_go(world)
    world.publish(FaceReopened(face_id=face.id, round=1, by=ben))
    world.drain()
    face = fresh(face)
    assert (face.state, face.round, face.context_file) == ("open", 2, None)
    assert str(face.crop_file) in seen(shown(world, face))
    say(world, face, chiara, *world.slack.people[:2])
    world.offset += DAY
    let_go(world)
    assert fresh(face).crop_file is None
    assert kept(world, face) == ["crop"]


def run_job(world: World, name: str) -> None:
    """As the scheduler does."""
    next(job for job in jobs() if job.name == name).run(world.services)


@pytest.mark.rule("forgotten-unseen")
def test_who_was_in_no_new_photo_for_long_is_forgotten(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, FORGET_AFTER_DAYS="10") as world:
        anna, _, chiara, *_ = world.slack.people
        tagged(world, chiara)
        world.offset += 9 * DAY
        tagged(world, anna)
        run_job(world, "ForgetUnseen")
        world.drain()
        assert {person.slack_id for person in Person.select()} == {anna, chiara}
        world.offset += 2 * DAY
        for _ in range(2):
            run_job(world, "ForgetUnseen")
        world.drain()
        assert {person.slack_id for person in Person.select()} == {anna}
        assert [(each.way, bool(each.finished_at)) for each in Forgetting.select()] == [("unseen", True)]


@pytest.mark.rule("forgotten-unseen")
def test_status_says_how_many_have_left_slack(world: World) -> None:
    chiara = world.slack.people[2]
    tagged(world, chiara)
    run_job(world, "CountWhoLeft")
    assert not Notice.select().exists()
    world.slack.set_member(chiara, deleted=True)
    run_job(world, "CountWhoLeft")
    assert "1 person who is known here left Slack" in Notice.get().text
    world.slack.set_member(chiara, deleted=False)
    run_job(world, "CountWhoLeft")
    assert not Notice.select().exists()


@pytest.mark.rule("gone-within-a-minute")
def test_vectors_that_nothing_needs_go_and_their_bytes_too(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    vector = bytes(range(256)) * 2
    with a_world(tmp_path, stand_in, recogniser, MAX_GROUP="9") as world:
        closed, waiting = tagged(world, world.slack.people[2]), world.face(posted=True)
        for face in (closed, waiting):
            FaceVector.create(face=face.id, model="dlib-resnet", vector=vector)
        run_job(world, "ForgetVectors")
        assert [each.face_id for each in FaceVector.select()] == [waiting.id]
    with a_world(tmp_path, stand_in, recogniser) as world:
        run_job(world, "ForgetVectors")
        assert not FaceVector.select().exists()
        run_job(world, "TidyDatabase")
        assert not list(in_files(world.settings.data_dir, {"a vector": [vector[:64]]}))


@pytest.mark.rule("gone-within-a-minute")
def test_what_was_worked_off_is_gone_from_the_bytes_of_the_queue(world: World) -> None:
    face = world.face(posted=True)
    queue = world.queues["face-tagging"]
    for number in range(300):
        queue.put(f"old {number}", face.id, {"face_id": face.id, "tagger": "U0", "answer": "WORKEDOFF"})
    while (delivery := queue.get(timeout=0)) is not None:
        delivery.ack()
    run_job(world, "TidyQueues")
    assert not list(in_files(world.settings.data_dir / "queues", {"an answer": [b"WORKEDOFF"]}))
