"""The inbox at Amazon S3: the same rules as the folder's, for several bots at once."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tagbot.aws.s3_api import Bucket, Listed, Object
from tagbot.aws.s3_events import Events
from tagbot.aws.sqs_api import Sqs
from tagbot.errors import Reject, Retry
from tagbot.photos.inbox import LONE_SIDECAR_SECONDS, InboxDelivery
from tagbot.photos.inbox_s3 import DEAF, LIST_BESIDE_EVENTS_SECONDS, LIST_SECONDS, STUCK_SECONDS, S3Inbox
from tagbot.photos.pictures import MAX_BYTES
from tests.aws.service import REGION, Amazon


class Clock:
    """Goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """The inbox of a bot, and the hands of those who use the bucket."""

    def __init__(self, aws: Amazon) -> None:
        self.aws = aws
        self.clock = Clock()
        self.s3 = aws.client("s3")
        aws.make_bucket()
        self.inbox = self.another()

    def another(self, events: Events | None = None) -> S3Inbox:
        """The inbox of another bot."""
        buckets = [Bucket(self.aws.bucket, f"team/{name}", REGION) for name in ("inbox", "rejected")]
        for bucket in buckets:
            self.aws.lend(bucket)
        return S3Inbox(buckets[0], buckets[1], events, self.clock)

    def put(self, name: str, content: bytes = b"photo") -> None:
        self.s3.put_object(Bucket=self.aws.bucket, Key=f"team/inbox/{name}", Body=content)

    def objects(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.aws.bucket).get("Contents", [])
        return sorted(each["Key"].removeprefix("team/") for each in found)

    def content(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.aws.bucket, Key=f"team/{key}")["Body"].read()
        return body

    def look(self, seconds: float = LIST_SECONDS) -> InboxDelivery | None:
        self.clock.now += seconds
        return self.inbox.get(0)

    def take(self) -> InboxDelivery:
        delivery = self.look()
        assert delivery is not None
        return delivery


@pytest.fixture
def rig(aws: Amazon) -> Iterator[Rig]:
    rig = Rig(aws)
    yield rig
    rig.inbox.close()


def test_an_object_counts_at_once_as_it_is_whole(rig: Rig) -> None:
    rig.put("photo.jpg")
    delivery = rig.take()
    assert (delivery.name, delivery.attempt) == ("photo.jpg", 1)
    assert rig.inbox.read("photo.jpg").photo == b"photo"
    assert rig.look() is None, "it is in hand"


@pytest.mark.rule("s3-inbox")
def test_one_that_was_taken_over_is_gone_with_its_sidecar(rig: Rig) -> None:
    rig.put("camera 1/ü+%.json", b"{}")
    rig.put("camera 1/ü+%.jpg")
    delivery = rig.take()
    assert delivery.name == "camera 1/ü+%.jpg"
    assert rig.inbox.read(delivery.name).sidecar == b"{}"
    delivery.ack()
    assert rig.objects() == []


def test_a_sidecar_stays_for_another_photo_of_the_same_name(rig: Rig) -> None:
    for name in ("photo.json", "photo.jpg", "photo.png", "photo.old.png"):
        rig.put(name)
    for left in (2, 1, 0):
        delivery = rig.look()
        assert delivery is not None
        rig.inbox.read(delivery.name)
        delivery.ack()
        assert ("inbox/photo.json" in rig.objects()) == any(
            key in rig.objects() for key in ("inbox/photo.jpg", "inbox/photo.png")
        )
        assert len([key for key in rig.objects() if not key.endswith(".json")]) == left


@pytest.mark.parametrize("name", [".photo.jpg", ".album/photo.jpg", "album/.DS_Store", "album/"])
def test_a_hidden_object_or_the_mark_of_a_folder_does_not_count(rig: Rig, name: str) -> None:
    rig.put(name, b"")
    assert rig.look() is None
    assert rig.inbox.waiting() == 0
    assert rig.objects() == [f"inbox/{name}"]


def test_what_lies_beside_the_prefix_is_not_touched(rig: Rig) -> None:
    for key in ("team/inbox-2/photo.jpg", "team/photo.jpg", "inbox/photo.jpg"):
        rig.s3.put_object(Bucket=rig.aws.bucket, Key=key, Body=b"photo")
    assert rig.look() is None


@pytest.mark.rule("s3-inbox")
def test_what_is_refused_moves_beside_the_inbox_with_its_sidecar_and_a_text(rig: Rig) -> None:
    rig.put("album/photo.json", b"{}")
    rig.put("album/photo.jpg")
    delivery = rig.take()
    rig.inbox.read(delivery.name)
    delivery.bury("no picture")
    assert rig.objects() == [
        "rejected/album/photo.jpg", "rejected/album/photo.jpg.error.txt", "rejected/album/photo.json",
    ]  # fmt: skip
    assert rig.content("rejected/album/photo.jpg.error.txt") == b"no picture\n"
    assert rig.content("rejected/album/photo.jpg") == b"photo"


def test_a_second_one_of_that_name_keeps_the_first(rig: Rig) -> None:
    for content in (b"first", b"second"):
        rig.put("photo.jpg", content)
        rig.take().bury(content.decode())
    assert rig.objects() == [
        "rejected/photo-2.jpg", "rejected/photo-2.jpg.error.txt", "rejected/photo.jpg",
        "rejected/photo.jpg.error.txt",
    ]  # fmt: skip
    assert rig.content("rejected/photo-2.jpg") == b"second"


def test_so_does_one_with_another_suffix_and_each_keeps_its_sidecar(rig: Rig) -> None:
    for suffix in ("jpg", "png"):
        rig.put("photo.json", suffix.encode())
        rig.put(f"photo.{suffix}")
        delivery = rig.take()
        rig.inbox.read(delivery.name)
        delivery.bury("no picture")
    assert rig.content("rejected/photo.json") == b"jpg"
    assert rig.content("rejected/photo-2.json") == b"png"


def test_of_an_object_that_is_far_too_large_no_more_is_read_than_shows_it(rig: Rig) -> None:
    rig.put("film.jpg", bytes(MAX_BYTES + 1_000_000))
    assert len(rig.inbox.read("film.jpg").photo) == MAX_BYTES + 1


def test_what_was_cut_off_on_its_way_from_s3_is_not_taken_for_the_whole_photo(rig: Rig) -> None:
    photo = bytes(range(256)) * 1000
    rig.put("photo.jpg", photo)
    rig.aws.fail("GetObject", effect=True, part=100_000, times=2)  # of the sidecar, there is nothing to cut
    with pytest.raises(Retry, match="Amazon S3 does not answer"):
        rig.inbox.read("photo.jpg")
    rig.aws.heal()
    assert rig.inbox.read("photo.jpg").photo == photo


def test_what_s3_does_not_move_as_it_is_too_large_stays_and_a_text_says_so_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.put("film.mov")
    text = "rejected/film.mov.in-the-inbox.error.txt"
    for wait in (LIST_SECONDS, STUCK_SECONDS):
        delivery = rig.look(wait)
        assert delivery is not None
        rig.aws.fail("CopyObject", code="InvalidRequest")
        delivery.bury("over 20 MB")
        assert rig.objects() == ["inbox/film.mov", text]
        assert rig.look() is None, "it is left alone for long"
    assert rig.content(text) == (
        b"over 20 MB\nIt is still in the inbox, as it could not be moved here"
        b" (Amazon S3 refuses s3:PutObject: InvalidRequest): delete it there.\n"
    )
    assert "what was refused stays in the inbox until somebody deletes it there" in caplog.text


def test_a_sidecar_waits_long_for_its_photo_and_is_then_refused(rig: Rig) -> None:
    now = time.time()
    for age, whole in ((LONE_SIDECAR_SECONDS - 60, False), (LONE_SIDECAR_SECONDS + 60, True)):
        found = Listed("photo.json", datetime.fromtimestamp(now - age, UTC))
        assert rig.inbox._is_whole(found) == whole
    rig.put("photo.png")
    assert not rig.inbox._is_whole(found), "its photo has come"
    rig.put("other.json", b"{}")
    delivery = rig.take()
    assert delivery.name == "photo.png"
    assert rig.inbox.waiting() == 1
    InboxDelivery(rig.inbox, "other.json", 1).bury("a sidecar without a photo")
    assert rig.objects() == ["inbox/photo.png", "rejected/other.json", "rejected/other.json.error.txt"]


def test_a_photo_for_later_is_handed_out_again_when_it_is_due(rig: Rig) -> None:
    rig.put("photo.jpg")
    rig.take().retry_after(600.0, "the database is busy")
    assert rig.look(599) is None
    again = rig.look(1)
    assert again is not None
    assert again.attempt == 2


def test_after_a_crash_what_was_in_hand_is_handed_out_again(rig: Rig) -> None:
    rig.put("photo.jpg")
    rig.take()
    assert rig.another().get(0) is not None


# Several bots.


def test_what_another_bot_took_over_since_it_was_listed_is_not_handed_out(rig: Rig) -> None:
    for number in range(3):
        rig.put(f"{number}.jpg")
    rig.take().ack()
    other = rig.another()
    while (delivery := other.get(0)) is not None:
        other.read(delivery.name)
        delivery.ack()
    assert rig.objects() == []
    assert rig.inbox.get(0) is None


@pytest.mark.rule("s3-inbox")
def test_two_bots_with_the_same_photo_in_hand_do_no_harm(rig: Rig) -> None:
    rig.put("photo.json", b"{}")
    rig.put("photo.jpg")
    other = rig.another()
    here, there = rig.take(), other.get(0)
    assert there is not None
    assert rig.inbox.read("photo.jpg") == other.read("photo.jpg")
    here.ack()
    there.ack()
    assert rig.objects() == []
    with pytest.raises(Reject, match="went away"):
        other.read("photo.jpg")
    there.bury("went away")
    assert rig.objects() == [], "nothing is refused that is not there"


class Between(Bucket):
    """Somebody else comes between two objects that are read."""

    comes: Callable[[], None] | None = None

    def get(self, name: str, most: int | None = None) -> Object:
        try:
            return super().get(name, most)
        finally:
            comes, self.comes = self.comes, None
            if comes is not None:
                comes()


def test_a_photo_that_another_bot_refuses_meanwhile_is_never_taken_without_its_sidecar(rig: Rig) -> None:
    rig.put("photo.json", b"{}")
    rig.put("photo.jpg")
    refused = rig.take()
    between = Between(rig.aws.bucket, "team/inbox", REGION)
    rig.aws.lend(between)
    between.comes = lambda: refused.bury("no picture")
    with pytest.raises(Reject, match="went away"):
        S3Inbox(between, between).read("photo.jpg")


@pytest.mark.rule("s3-inbox")
def test_a_photo_that_came_under_the_name_of_one_in_hand_is_not_lost(rig: Rig) -> None:
    rig.put("snapshot.jpg", b"first")
    delivery = rig.take()
    rig.inbox.read("snapshot.jpg")
    rig.put("snapshot.jpg", b"second")
    delivery.ack()
    assert rig.content("inbox/snapshot.jpg") == b"second"
    assert rig.take().name == "snapshot.jpg"


def test_bots_take_photos_in_an_order_of_chance(rig: Rig) -> None:
    for number in range(12):
        rig.put(f"{number:02}.jpg")
    first = [delivery.name for _ in range(12) if (delivery := rig.look(0)) is not None]
    other = rig.another()
    second = [delivery.name for _ in range(12) if (delivery := other.get(0)) is not None]
    assert sorted(first) == sorted(second) == [f"{number:02}.jpg" for number in range(12)]
    assert first != second


# Lists.


def test_an_empty_inbox_is_listed_now_and_then_only(rig: Rig) -> None:
    for _ in range(10):
        assert rig.look(LIST_SECONDS / 5) is None
    assert rig.aws.calls().count("ListObjectsV2") in (2, 3)


def test_photos_are_found_behind_a_page_of_what_does_not_count(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        rig.put(f".hidden{number}")
    rig.put("photo.jpg")
    pages = rig.inbox._bucket.pages
    monkeypatch.setattr(rig.inbox._bucket, "pages", lambda beginning="": pages(beginning, 3))
    assert rig.take().name == "photo.jpg"
    assert rig.aws.calls().count("ListObjectsV2") == 3


def test_page_after_page_is_taken_without_a_pause(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        rig.put(f"{number}.jpg")
    pages = rig.inbox._bucket.pages
    monkeypatch.setattr(rig.inbox._bucket, "pages", lambda beginning="": pages(beginning, 3))
    found = set()
    while (delivery := rig.look(0)) is not None:
        found.add(delivery.name)
        delivery.ack()
    assert len(found) == 7


def test_counting_what_waits_asks_for_one_page(rig: Rig) -> None:
    for name in ("a.jpg", "b.jpg", "b.json", ".c.jpg"):
        rig.put(name)
    assert rig.inbox.waiting() == 2
    assert rig.aws.calls().count("ListObjectsV2") == 1


@pytest.mark.parametrize("operation", ["ListObjectsV2", "HeadObject"])
def test_what_s3_fails_at_is_told_and_tried_again(rig: Rig, operation: str) -> None:
    rig.put("photo.jpg")
    rig.aws.fail(operation, code="AccessDenied", status=403)
    with pytest.raises(Retry):
        rig.look()
    delivery = rig.take()
    acts: dict[str, Callable[[], Any]] = {
        "GetObject": lambda: rig.inbox.read("photo.jpg"),
        "CopyObject": lambda: delivery.bury("no picture"),
        "DeleteObject": delivery.ack,
    }
    for name, act in acts.items():
        rig.aws.fail(name)
        with pytest.raises(Retry, match="does not answer"):
            act()
    assert "inbox/photo.jpg" in rig.objects()
    delivery.ack()


def test_how_many_wait_is_unknown_while_s3_does_not_say(rig: Rig) -> None:
    rig.aws.fail("ListObjectsV2", code="SlowDown", status=503)
    assert rig.inbox.waiting() is None
    assert rig.inbox.waiting() == 0


# Added by a command.


def test_what_was_added_waits_until_it_is_taken_over(rig: Rig) -> None:
    sha256 = "5b5bd6cb2ba8d9ab3bf2cbf4eaf1b0d1c5a5a7e0d8c6b3dcb5ef9fbd6b2d5b7e"
    assert not rig.inbox.waits(sha256)
    rig.inbox.add("photo", ".jpg", sha256, b"another of the same beginning", None)
    assert not rig.inbox.waits(sha256), "it is not the same"


# Events.


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
