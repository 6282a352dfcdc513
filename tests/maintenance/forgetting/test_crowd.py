"""A hundred faces are forgotten within a minute, wherever they are; a program of its own finds nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tagbot.aws import boto
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.maintenance.reconciliation import differences
from tagbot.photos.context_picture import context_area
from tagbot.photos.decoding import read_photo
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.sandbox.driver import Slack
from tagbot.training.local import LocalBackend
from tests.aws.service import Amazon
from tests.maintenance.forgetting.crowd import Crowd, a_crowd
from tests.maintenance.forgetting.scenes import forget, of_person
from tests.maintenance.forgetting.test_steps import faces_in
from tests.maintenance.forgetting.traces import at_amazon, in_files, in_slack, on_server
from tests.postgresql import Server
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.rekognition.state import REGION
from tests.stages.scenes import votes
from tests.training.amazon import backend_on
from tests.world import World, a_world

FACES = 100


def rows_of_others(crowd: Crowd) -> dict[str, object]:
    """All that is kept of the faces of others, but for where their surroundings are at Slack."""
    rows = Face.select().where(Face.id << [*crowd.tagged, *crowd.still_open])
    return {face.id: ({**face.__data__, "context_file": None}, votes(face)) for face in rows}


def around(face_id: str, context: bytes) -> set[str]:
    """Whose faces a recogniser finds in the surroundings of one face: theirs, or nobody's."""
    face = Face.get_by_id(face_id)
    photo = Photo.get_by_id(face.photo_id)
    shown = context_area(Size(photo.width, photo.height), place_of(face))
    scale = read_photo(context).size.width / shown.width
    found = set()
    for each in faces_in(context):
        middle = shown.left + (each.left + each.width / 2) / scale
        here = (
            one.id
            for one in Face.select().where(Face.photo == photo)
            if one.left <= middle < one.left + one.width
        )
        found.add(next(here, "nobody"))
    return found


def place_of(face: Face) -> Rectangle:
    """Where it is in its photo."""
    return Rectangle(face.left, face.top, face.width, face.height)


def check(world: World, crowd: Crowd, chiara: str) -> float:
    """Have them forgotten and look at the pictures; how many seconds that took, but for Slack."""
    before, images = rows_of_others(crowd), world.services.images
    crops = {face_id: images.get(crop_key(face_id)) for face_id in crowd.tagged}
    receipt = forget(world, chiara)
    assert receipt.finished_at is not None, (receipt.step, world.queues["person-forget"].troubles())
    assert receipt.counted["faces"] == FACES
    assert rows_of_others(crowd) == before
    assert {face_id: images.get(crop_key(face_id)) for face_id in crowd.tagged} == crops
    kept = set(images.keys())
    assert not [
        key for face_id in crowd.theirs for key in (crop_key(face_id), context_key(face_id)) if key in kept
    ]
    assert {key for key in kept if key.startswith("photos/")} == {photo_key(each) for each in crowd.groups}
    for sha256 in crowd.groups[:5]:
        assert len(faces_in(images.get(photo_key(sha256)))) == 2
    for face_id in (*crowd.tagged[:5], *crowd.still_open[:5]):
        assert around(face_id, images.get(context_key(face_id))) >= {face_id}
        assert not around(face_id, images.get(context_key(face_id))) - {*crowd.tagged, *crowd.still_open}
    assert not list(differences(world.services.training))
    assert receipt.searched_at is not None
    return receipt.searched_at - receipt.asked_at


@pytest.mark.ci
@pytest.mark.timeout(400)
@pytest.mark.rule("forget-all", "forget-proof")
def test_on_this_machine(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, record_property: Callable[[str, object], None]
) -> None:
    with a_world(tmp_path, stand_in, recogniser, MAX_OPEN_REQUESTS="1000") as world:
        chiara = world.slack.people[2]
        crowd = a_crowd(world, chiara, FACES)
        wanted = of_person(chiara)
        wanted["a vector"] = set()  # all faces of the tests are one person's, and have the same
        record_property("seconds", check(world, crowd, chiara))
        world.queues["person-forget"].tidy()
        assert not list(in_files(tmp_path, wanted))
        assert not list(in_slack(stand_in, wanted))


@pytest.fixture(name="elsewhere")
def _elsewhere(aws: Amazon, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Rekognition, dict[str, str]]]:
    """The settings of a bot that keeps everything at Amazon, with versions of its pictures."""
    aws.make_bucket()
    versions = {"Status": "Enabled"}
    aws.client("s3").put_bucket_versioning(Bucket=aws.bucket, VersioningConfiguration=versions)
    with running_rekognition() as rekognition:
        for name, value in rekognition.environment().items():
            monkeypatch.setenv(name, value)
        boto.session.cache_clear()
        yield (
            rekognition,
            {
                "QUEUE_URL": f"sqs://{aws.prefix}",
                "IMAGE_STORE": f"s3://{aws.bucket}/pictures",
                "TRAINING_BACKEND": "rekognition",
                "AWS_REGION": REGION,
            },
        )


@pytest.mark.ci
@pytest.mark.timeout(400)
@pytest.mark.rule("forget-all", "forget-proof")
def test_on_servers_and_at_amazon(
    tmp_path: Path,
    stand_in: Slack,
    aws: Amazon,
    postgresql: Server,
    elsewhere: tuple[Rekognition, dict[str, str]],
    record_property: Callable[[str, object], None],
) -> None:
    rekognition, settings = elsewhere
    with ExitStack() as stack:
        url = stack.enter_context(postgresql.database())
        more = {"DATABASE_URL": url, "MAX_OPEN_REQUESTS": "1000", **settings}
        world = stack.enter_context(a_world(tmp_path, stand_in, backend_on(), **more))
        chiara = world.slack.people[2]
        crowd = a_crowd(world, chiara, FACES)
        wanted, person = of_person(chiara), Person.get(Person.slack_id == chiara).id
        wanted.pop("a vector")
        dead = world.answer(Face.get_by_id(crowd.still_open[0]), world.slack.people[0], chiara)
        world.queues["face-tagging"].put("dead", dead.key, dead.to_json())
        delivery = world.queues["face-tagging"].get(timeout=5)
        assert delivery is not None
        delivery.bury("never")
        assert person in rekognition.users()
        record_property("seconds", check(world, crowd, chiara))
        assert person not in rekognition.users()
        assert not set(crowd.theirs) & set(rekognition.vectors())
        assert not list(in_files(tmp_path, wanted))
        assert not list(on_server(url, wanted))
        assert not list(in_slack(stand_in, wanted))
        assert not list(at_amazon(aws, wanted, crowd.theirs))
