"""Pictures that are kept for a while only go in time, here and at Slack; the crop of a tagged face stays."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.places import Places
from tagbot.database.models.requests import Request
from tagbot.errors import Reject
from tagbot.maintenance.redrive import in_words
from tagbot.messages import FaceReopened, FacesStruckOut
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.sandbox.driver import Slack
from tagbot.schedule import jobs
from tagbot.schedule.timed_jobs import ask_lost_again
from tagbot.slack import words
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.uploads import Picture
from tagbot.training.local import LocalBackend
from tagbot.worker import workers
from tests.maintenance.forgetting.scenes import forget
from tests.maintenance.forgetting.traces import in_files
from tests.stages.grouping import asked_together, grouping, in_groups_of, let_in
from tests.stages.scenes import fresh, say, seen, shown, tagged
from tests.world import World, a_world, portrait, request_of, ts_of

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


@pytest.mark.rule("pictures-kept-for-a-while", "smallest-values")
def test_kept_for_no_day_they_go_with_the_next_run_of_the_timed_job(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, KEEP_PICTURES_DAYS="0") as world:
        face, waiting = fresh(tagged(world, stand_in.people[2])), fresh(world.face(posted=True))
        let_go(world)
        assert [kept(world, each) for each in (face, waiting)] == [["crop"], ["crop", "context"]]
        assert [there(world, each) for each in (face, waiting)] == [{False}, {True}]


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


def reopened(world: World, faces: list[Face]) -> None:
    """All of them, in their first round."""
    wrong, ben = tuple(face.id for face in faces), world.slack.people[1]
    for face_id in wrong:
        world.publish(FaceReopened(face_id=face_id, round=1, by=ben, together=wrong))
    world.drain()


@pytest.mark.rule("pictures-kept-for-a-while")
def test_reopened_faces_that_share_a_request_keep_its_picture_until_they_have_been_closed_for_so_long(
    world: World,
) -> None:
    anna, ben, chiara, *_ = world.slack.people
    faces = asked_together(world, 3)
    say(world, faces[0], chiara, anna, ben)
    world.offset += DAY
    let_go(world)
    full = replace(world, services=replace(world.services, places=Places(0, in_groups_of(3))))
    reopened(replace(full, workers=workers(full.services)), faces)
    let_in(grouping(world, 3))
    odd_ones = (faces[2].id,)
    world.publish(FacesStruckOut(face_id=faces[0].id, round=2, odd_ones=odd_ones, by=anna, at=1.0))
    world.drain()
    request = request_of(fresh(faces[0]))
    assert [face.id for face in Face.of_request(request.id)] == [face.id for face in faces[:2]]
    let_go(world)
    assert is_at_slack(world, str(request.grid_file)), "they are open"
    say(world, faces[0], "not_a_face", anna, ben)
    let_go(world)
    assert is_at_slack(world, str(request.grid_file)), "they were closed just now"
    world.offset += DAY
    let_go(world)
    assert not [file for file in request.pictures if is_at_slack(world, file)]
    assert [kept(world, face) for face in faces] == [[], [], ["crop"]]


@pytest.mark.rule("pictures-kept-for-a-while")
def test_a_photo_stays_while_a_face_in_it_that_was_reopened_is_open(world: World) -> None:
    anna, ben, chiara, *_ = world.slack.people
    face, other = tagged(world, chiara), world.face(posted=True)
    Face.note(other.id, photo=face.photo_id)
    world.offset += DAY
    let_go(world)
    reopened(world, [face])
    say(world, other, ben, anna, ben)
    world.offset += DAY
    let_go(world)
    assert Photo.get_by_id(face.photo_id).gone_at is None
    say(world, face, ben, anna, ben)
    world.offset += DAY
    let_go(world)
    assert Photo.get_by_id(face.photo_id).gone_at is not None


@pytest.mark.rule("pictures-kept-for-a-while")
def test_a_face_that_was_reopened_and_set_aside_can_be_asked_again_as_long_as_its_crop_is_kept(
    world: World,
) -> None:
    anna, ben, chiara, *_ = world.slack.people
    face = tagged(world, chiara)
    world.offset += DAY
    let_go(world)
    reopened(world, [face])
    say(world, face, "not_a_face", anna, ben)
    assert words.PICTURES_GONE not in in_words(world.queues, face.id)
    world.drain()
    assert (fresh(face).state, fresh(face).round) == ("open", 3)
    say(world, face, "not_a_face", anna, ben)
    world.offset += DAY
    let_go(world)
    assert kept(world, face) == []
    assert words.PICTURES_GONE in in_words(world.queues, face.id)


def struck_out(world: World, faces: list[Face]) -> None:
    """All faces of a request leave it, as they are not the same."""
    odd_ones, anna = tuple(face.id for face in faces), world.slack.people[0]
    world.publish(FacesStruckOut(face_id=faces[0].id, round=1, odd_ones=odd_ones, by=anna, at=1.0))
    world.drain()


def all_wrong(world: World, faces: list[Face]) -> None:
    """They are tagged, and all got the wrong person."""
    anna, ben, chiara, dan, *_ = world.slack.people
    say(world, faces[0], chiara, anna, ben)
    wrong = tuple(face.id for face in faces)
    for face_id in wrong:
        world.publish(FaceReopened(face_id=face_id, round=1, by=dan, together=wrong))
    world.drain()


def lost(world: World, faces: list[Face]) -> None:
    """Their message was deleted in Slack."""
    world.slack.delete(ts_of(faces[0]))
    world.offset += SETTLE_SECONDS + 1
    ask_lost_again(world.services)
    world.drain()


LEFT = pytest.mark.parametrize("leave", [struck_out, all_wrong, lost])
"""The ways in which all faces leave a request."""


def asked_apart(world: World, leave: Callable[[World, list[Face]], None]) -> tuple[list[Face], str]:
    """Faces that were asked about together, and are one by one now; and their picture from then."""
    faces = asked_together(world, 2)
    picture = str(request_of(faces[0]).grid_file)
    leave(grouping(world, 1), faces)
    let_in(world)
    assert [(fresh(face).state, fresh(face).round) for face in faces] == [("open", 2)] * 2
    return faces, picture


def is_at_slack(world: World, file: str) -> bool:
    """Whether Slack still has it."""
    return not next(each for each in world.slack.files() if each.id == file).deleted


@pytest.mark.rule("pictures-kept-for-a-while")
@LEFT
def test_the_picture_of_a_request_that_all_faces_have_left_goes_when_theirs_do(
    world: World, leave: Callable[[World, list[Face]], None]
) -> None:
    faces, picture = asked_apart(world, leave)
    anna, ben, *_ = world.slack.people
    say(world, faces[0], anna, anna, ben)
    world.offset += DAY
    let_go(world)
    assert is_at_slack(world, picture), "one of them is still open"
    say(world, faces[1], ben, anna, ben)
    world.offset += DAY
    let_go(world)
    assert not is_at_slack(world, picture)
    assert not [request.id for request in Request.select() if request.pictures]


@pytest.mark.rule("forget-all")
@LEFT
def test_the_picture_of_a_request_that_all_faces_have_left_goes_with_the_person_in_it(
    world: World, leave: Callable[[World, list[Face]], None]
) -> None:
    faces, picture = asked_apart(world, leave)
    anna, ben, _, dan, *_ = world.slack.people
    say(world, faces[0], dan, anna, ben)
    assert forget(world, dan).finished_at is not None
    assert not is_at_slack(world, picture)


@pytest.mark.rule("pictures-kept-for-a-while", "forget-all")
@pytest.mark.parametrize("way", ["kept no longer", "forgotten"])
def test_a_picture_that_was_made_for_a_request_which_was_not_posted_goes(world: World, way: str) -> None:
    chiara = world.slack.people[2]
    tagged(world, chiara)
    title = words.FACES_TITLE
    [picture] = world.services.slack.uploads.upload([Picture(portrait(1), title, title)])
    world.services.slack.uploads.complete({picture: title})
    Request.create(id=str(uuid.uuid4()), grid_file=picture, grid_size=2)
    assert is_at_slack(world, picture)
    if way == "forgotten":
        forget(world, chiara)
    else:
        let_go(world)
    assert not is_at_slack(world, picture)


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
