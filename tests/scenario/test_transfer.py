"""A world that is moved from one machine to PostgreSQL, Amazon SQS and S3 goes on as if nothing had been.

The move is a process, killed twice at different moments.
"""

import subprocess
import sys
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.maintenance.redrive import retry
from tagbot.messages import FaceFound, FaceReopened, FacesStruckOut, FaceStored, FaceTagged, Message
from tagbot.queues import Counts, Delivery
from tagbot.queues.disk import disk_queues_beside
from tagbot.sandbox.driver import Slack
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import QueueName
from tests.aws.service import REGION, Amazon
from tests.clean_environment import clean_environment
from tests.forked import ROOT
from tests.postgresql import Server
from tests.stages.scenes import agreed, blur, fresh, person_of, requests, say, tagged, votes
from tests.world import World, a_world, environment

DELAY = 600.0
"""Seconds until the delayed message is due."""

KILLED = """
import itertools, os, sys
from tagbot.photos.image_store.s3_store import S3Store
from tagbot.main import main
from tagbot.aws.sqs_api import Sqs

owner, name = {"pictures": (S3Store, "put"), "messages": (Sqs, "send")}[sys.argv[1]]
last, calls, act = int(sys.argv[2]), itertools.count(1), getattr(owner, name)

def act_and_die(*arguments):
    call, done = next(calls), act(*arguments)
    if call == last:
        os._exit(9)
    return done

setattr(owner, name, act_and_die)
sys.exit(main(sys.argv[3:]))
"""


@dataclass
class Faces:
    """Faces in every state, by what was about to happen to them."""

    waits: Face
    answered: Face
    ready: Face
    trained: Face
    refused: Face
    wrong: Face
    delayed: Face
    dead: Face
    in_hand: Face
    tagged: Face
    rejected: Face


def take(world: World, message: Message) -> Delivery:
    world.publish(message)
    delivery = world.queues[message.QUEUE].get(0)
    assert delivery is not None
    assert delivery.id == message.id
    return delivery


def work_once(world: World, stage: str) -> None:
    assert next(worker for worker in world.workers if worker.stage.name == stage).work_once(timeout=0)


def a_busy_world(world: World, person: str) -> Faces:
    """Messages in every queue and in every state."""
    anna, ben, *_ = world.slack.people
    done, wrong = tagged(world, person), tagged(world, person)
    blurred, rejected = agreed(world, person), agreed(world, person)
    for face in (blurred, rejected):
        blur(world, face)
    world.publish(FaceTagged(face_id=rejected.id, cause="x"))
    world.drain()
    asked, ready, trained, delayed, in_hand = (
        world.face(posted=True), *(agreed(world, person) for _ in range(4)),
    )  # fmt: skip
    say(world, asked, person, anna)
    new = world.slack.people[3]
    for tagger in (anna, ben):
        Vote.put(face_id=trained.id, tagger=tagger, answer=new, round=1, at=world.services.now())
    for face in (trained, blurred):
        world.publish(FaceTagged(face_id=face.id, cause="x"))
        work_once(world, "SendFaceForTraining")
    take(world, FaceTagged(face_id=delayed.id, cause="x")).retry_after(DELAY, "throttled")
    take(world, FaceTagged(face_id=in_hand.id, cause="x"))
    waits, dead = world.face(), world.face()
    take(world, FaceStored(face_id=dead.id)).bury("no such channel")
    world.publish(FaceTagged(face_id=ready.id, cause="x"))
    world.publish(FaceFound(face_id=waits.id))
    world.publish(world.answer(fresh(asked), ben, person))
    world.publish(FaceReopened(face_id=wrong.id, round=1, by=anna))
    world.publish(FacesStruckOut(face_id=asked.id, odd_ones=(asked.id,), by=anna, at=1.0))
    return Faces(waits, asked, ready, trained, blurred, wrong, delayed, dead, in_hand, done, fresh(rejected))


def states(faces: Faces) -> dict[str, str]:
    return {name: fresh(getattr(faces, name)).state for name in vars(faces)}


def counts_on_disk(data_dir: Path) -> dict[str, tuple[int, ...]]:
    with disk_queues_beside(data_dir / "queues", QueueName) as queues:
        return {name: astuple(queue.counts()) for name, queue in queues.items()}


def asked_about(world: World) -> Counter[tuple[str, int]]:
    return Counter(
        (payload["face_id"], payload["round"])
        for request in requests(world)
        if request.metadata is not None and (payload := request.metadata["event_payload"])
    )


def check_all_is_done(world: World, faces: Faces, voted: dict[str, dict[str, str]], person: str) -> None:
    """After the delayed message and the dead letter have had their turn."""
    assert states(faces) == {
        **dict.fromkeys(("answered", "ready", "trained", "delayed", "in_hand", "tagged"), "tagged"),
        **dict.fromkeys(("waits", "wrong", "dead"), "open"),
        **dict.fromkeys(("refused", "rejected"), "rejected"),
    }
    assert {person_of(face) for face in (faces.answered, faces.ready, faces.delayed, faces.tagged)} == {
        person
    }
    assert person_of(faces.trained) == world.slack.people[3]
    for name in ("ready", "trained", "delayed", "in_hand", "tagged"):
        assert votes(getattr(faces, name)) == voted[name], name
    assert votes(faces.answered) == dict.fromkeys(world.slack.people[:2], person)
    everything = [getattr(faces, name).id for name in vars(faces)]
    assert asked_about(world) == Counter([(id_, 1) for id_ in everything] + [(faces.wrong.id, 2)])
    assert Person.select().count() == 2
    assert not any(any(astuple(queue.counts())) for queue in world.queues.values())


WITHOUT_MESSAGES = {
    QueueName.PERSON_CONSENT,
    QueueName.PERSON_FORGET,
    QueueName.PERSON_PHOTOS,
    QueueName.SLACK_PHOTO,
}
"""Of people's rights and of posted photos, which have worlds of their own. All other queues have some."""


@pytest.mark.rule("migrate-whole-world")
@pytest.mark.ci
def test_killed_twice_it_moves_everything_and_all_ends_as_it_would_have(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, postgresql: Server, aws: Amazon
) -> None:
    aws.make_bucket()
    here, person = tmp_path / "here", stand_in.people[2]
    with a_world(here, stand_in, recogniser) as world:
        faces = a_busy_world(world, person)
        began, voted = states(faces), {name: votes(getattr(faces, name)) for name in vars(faces)}
        due = world.services.now() + DELAY
    assert set(began.values()) == {"waiting", "open", "training", "tagged", "rejected"}
    counted = counts_on_disk(here)
    empty = {name for name, counts in counted.items() if not any(counts)}
    assert empty == WITHOUT_MESSAGES
    assert all(map(sum, zip(*counted.values(), strict=True))), "and in every state"

    with postgresql.database() as url:
        there = {
            "AWS_REGION": REGION,
            "DATABASE_URL": url,
            "QUEUE_URL": f"sqs://{aws.prefix}",
            "IMAGE_STORE": f"s3://{aws.bucket}/pictures",
        }
        command = [
            "migrate", "--to-queue", there["QUEUE_URL"], "--to-images", there["IMAGE_STORE"],
            "--to-database", url,
        ]  # fmt: skip
        env = clean_environment(**environment(here, stand_in), **aws.environment())
        for what, calls, code in (("pictures", 7, 9), ("messages", 4, 9), ("messages", 0, 0)):
            program = [sys.executable, "-c", KILLED, what, str(calls), *command]
            ran = subprocess.run(program, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            assert ran.returncode == code, f"{what}: {ran.stdout}{ran.stderr}"
        assert "All is there" in ran.stdout
        assert counts_on_disk(here) == counted, "what was here is left as it was"

        with a_world(tmp_path / "there", stand_in, recogniser, **there) as world:
            assert states(faces) == began
            world.drain()
            assert world.queues["face-tagged"].counts() == Counts(delayed=1), "it is not due yet"
            assert [each.error for each in world.queues["face-tagged"].troubles()] == ["throttled"]
            assert [each.error for each in world.queues["images-in-db"].troubles()] == ["no such channel"]
            assert states(faces)["delayed"] == "open"
            aws.pass_time(DELAY)
            world.offset = due - world.services.now() + 1
            assert retry(world.queues, "all").messages == {"images-in-db": 1}
            world.drain()
            check_all_is_done(world, faces, voted, person)
