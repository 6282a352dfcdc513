"""Hearing of new photos from Amazon S3, by its events."""

import json
import time
from collections.abc import Callable

import pytest

from tagbot.aws.s3_events import Events
from tagbot.aws.sqs_api import Sqs
from tagbot.errors import Retry
from tagbot.photos.inbox.s3_arrivals import LIST_BESIDE_EVENTS_SECONDS
from tagbot.photos.inbox.s3_listener import DEAF
from tests.aws.service import REGION, Amazon
from tests.photos.inbox.s3_rig import Rig


@pytest.fixture
def events(aws: Amazon) -> Events:
    aws.client("sqs").create_queue(QueueName=f"{aws.prefix}events")
    return the_events(aws, "events")


def the_events(aws: Amazon, queue: str) -> Events:
    door = Sqs(REGION)
    aws.lend(door)
    return Events(door, f"{aws.prefix}{queue}", aws.bucket, "team/inbox")


def tell(aws: Amazon, *keys: str, event: str = "ObjectCreated:Put", text: str = "") -> None:
    """What S3 writes into the queue; the keys as it writes them."""
    records = [
        {"eventName": event, "s3": {"bucket": {"name": aws.bucket}, "object": {"key": key}}} for key in keys
    ]
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{aws.prefix}events")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=text or json.dumps({"Records": records}))


@pytest.mark.rule("s3-events")
def test_an_event_gives_the_names_below_the_prefix_once(aws: Amazon, events: Events) -> None:
    tell(aws, "team/inbox/camera+1/%C3%BC%2B%25.jpg", "team/rejected/no.jpg", "team/inbox/b.jpg")
    assert events.next() == ["camera 1/ü+%.jpg", "b.jpg"]
    tell(aws, "team/inbox/c.jpg")
    assert events.next() == ["c.jpg"]


@pytest.mark.parametrize("text", ['{"Event": "s3:TestEvent"}', "no JSON", "[]", '{"Records": [7]}', "{}"])
def test_what_is_no_event_is_taken_out_and_means_nothing(aws: Amazon, events: Events, text: str) -> None:
    tell(aws, text=text)
    tell(aws, "team/inbox/gone.jpg", event="ObjectRemoved:Delete")
    tell(aws, "team/inbox/a.jpg")
    found: list[str] = []
    while not found:
        found = events.next()
    assert found == ["a.jpg"]


def test_a_queue_for_events_that_is_missing_is_told(aws: Amazon) -> None:
    events = the_events(aws, "nowhere")
    for act in (events.next, events.check):
        with pytest.raises(Retry, match=f"there is no queue {aws.prefix}nowhere: make it"):
            act()


@pytest.mark.rule("s3-events")
def test_a_photo_that_s3_tells_of_is_taken_at_once_and_one_that_it_does_not_by_listing(
    rig: Rig, events: Events
) -> None:
    rig.inbox = rig.another(events)
    assert rig.look(0) is None
    rig.put("told.jpg")
    rig.put("untold.jpg")
    tell(rig.aws, "team/inbox/told.jpg", "team/inbox/taken-by-another.jpg")
    until = time.monotonic() + 10
    delivery = None
    while delivery is None and time.monotonic() < until:
        delivery = rig.inbox.get(0)
    assert delivery is not None
    assert delivery.name == "told.jpg"
    assert rig.look(LIST_BESIDE_EVENTS_SECONDS - 1) is None
    later = rig.look(2)
    assert later is not None
    assert later.name == "untold.jpg"


@pytest.mark.rule("s3-events")
def test_an_answer_that_nobody_thought_of_ends_no_hearing_of_new_photos(
    rig: Rig, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    rig.inbox = rig.another(events)
    rig.aws.fail("ReceiveMessage", code="InvalidArgument")
    assert rig.look(0) is None
    wait_until(lambda: bool(rig.inbox.health.failing()))
    [failure] = rig.inbox.health.failing()
    assert failure.reason == f"{DEAF}: Amazon SQS refuses sqs:ReceiveMessage: InvalidArgument"
    rig.put("told.jpg")
    tell(rig.aws, "team/inbox/told.jpg")
    wait_until(lambda: rig.inbox.get(0) is not None)
    assert rig.inbox.health.failing() == []
    assert caplog.messages == [failure.reason, f"{DEAF}: over"]


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)  # another thread works, of which nothing else tells
