"""Forgetting a person where queues and pictures are at Amazon SQS and S3."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.maintenance.forgetting.steps import VERSIONS
from tagbot.messages import FacesStruckOut, FaceTagged, PersonAdded
from tagbot.queues import Counts
from tagbot.sandbox.driver import Slack
from tagbot.training.local import LocalBackend
from tests.aws.service import REGION, Amazon
from tests.maintenance.forgetting.scenes import LATER, forget, of_person, put_ready_waiting_and_dead
from tests.maintenance.forgetting.traces import at_amazon
from tests.stages.scenes import tagged, votes
from tests.world import World, a_world


@pytest.fixture(name="world")
def _world(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, aws: Amazon, database_url: str
) -> Iterator[World]:
    aws.make_bucket()
    at_aws = {
        "QUEUE_URL": f"sqs://{aws.prefix}",
        "IMAGE_STORE": f"s3://{aws.bucket}/pictures",
        "AWS_REGION": REGION,
    }
    with a_world(tmp_path, stand_in, recogniser, DATABASE_URL=database_url, **at_aws) as world:
        yield world


def in_queues(world: World) -> dict[str, Counts]:
    """Of the queues in which anything is."""
    counts = {name: queue.counts() for name, queue in world.queues.items()}
    return {name: count for name, count in counts.items() if count != Counts()}


@pytest.mark.ci
@pytest.mark.rule("forget-all", "forget-stays")
def test_messages_that_wait_or_are_dead_go_at_once_and_bring_nobody_back(world: World, aws: Amazon) -> None:
    anna, ben, chiara, *_ = world.slack.people
    face = tagged(world, chiara)
    person, wanted = Person.get(Person.slack_id == chiara), of_person(chiara)
    wanted.pop("a vector")
    picked, named, others = (world.face(posted=True) for _ in range(3))
    about = [
        world.answer(picked, anna, chiara),
        world.answer(named, anna, "", name=person.name, email=person.email),
        PersonAdded(person_id=person.id),
        FaceTagged(face_id=face.id, cause=f"{chiara}:1.0"),
        FacesStruckOut(face_id=picked.id, by=chiara, at=1.0),
    ]
    put_ready_waiting_and_dead(world, about)
    world.publish(world.answer(others, ben, anna))
    delivery = world.queues["face-tagging"].get(timeout=0)
    assert delivery is not None
    delivery.retry_after(LATER, "later")

    receipt = forget(world, chiara)

    assert receipt.finished_at is not None, (receipt.step, world.queues["person-forget"].troubles())
    assert in_queues(world) == {"face-tagging": Counts(delayed=1)}
    assert not list(at_amazon(aws, wanted, [face.id]))
    aws.pass_time(LATER + 1)
    world.offset += LATER + 1
    assert sum(queue.redrive() for queue in world.queues.values()) == 0
    world.drain()
    assert (votes(picked), votes(named), votes(others)) == ({}, {}, {ben: anna})
    assert not Person.select().where(Person.slack_id == chiara).exists()
    assert not list(at_amazon(aws, wanted, [face.id]))


@pytest.mark.ci
@pytest.mark.rule("forget-proof")
def test_where_the_bot_may_not_delete_versions_the_receipt_says_that_they_stay(
    world: World, aws: Amazon
) -> None:
    aws.client("s3").put_bucket_versioning(Bucket=aws.bucket, VersioningConfiguration={"Status": "Enabled"})
    chiara = world.slack.people[2]
    face = tagged(world, chiara)
    aws.fail("DeleteObjectVersion", code="AccessDenied", status=403, times=1000)
    receipt = forget(world, chiara)
    assert receipt.finished_at is not None
    assert VERSIONS in receipt.not_searched
    assert not Face.select().exists()
    assert list(world.services.images.keys()) == []
    assert list(at_amazon(aws, {}, [face.id])), "its earlier versions"
    # With the right, nothing stays, and nothing is said of it.
    aws.heal()
    second = tagged(world, chiara, size=101)
    receipt = forget(world, chiara)
    assert VERSIONS not in receipt.not_searched
    assert not [each for each in at_amazon(aws, {}, [second.id]) if second.id in each]
