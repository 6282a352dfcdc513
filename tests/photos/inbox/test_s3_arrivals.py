"""Arrivals at the inbox in Amazon S3: which photos there are, and in which order bots take them."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tagbot.aws.s3_api import Listed
from tagbot.errors import Retry
from tagbot.photos.inbox import InboxDelivery
from tagbot.photos.inbox.s3_arrivals import LIST_SECONDS, lone_sidecars
from tagbot.photos.inbox.settled_files import LONE_SIDECAR_SECONDS
from tests.photos.inbox.s3_rig import Rig


@pytest.mark.parametrize("name", [".photo.jpg", ".album/photo.jpg", "album/.DS_Store", "album/"])
def test_a_hidden_object_or_the_mark_of_a_folder_does_not_count(rig: Rig, name: str) -> None:
    rig.put(name, b"")
    assert rig.look() is None
    assert rig.inbox.waiting() == 0
    assert rig.objects() == [f"inbox/{name}"]


def test_a_sidecar_waits_long_for_its_photo_and_is_then_refused(rig: Rig) -> None:
    now = time.time()
    for age, lone in ((LONE_SIDECAR_SECONDS - 60, []), (LONE_SIDECAR_SECONDS + 60, ["photo.json"])):
        found = Listed("photo.json", datetime.fromtimestamp(now - age, UTC))
        assert lone_sidecars([found], now) == lone
    assert lone_sidecars([found, replace(found, name="photo.png")], now) == [], "its photo has come"
    rig.put("photo.png")
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


@pytest.mark.failure("inbox-away", shows="what happens")
def test_until_s3_is_asked_again_what_it_failed_at_is_neither_over_nor_asked_by_each_thread(rig: Rig) -> None:
    rig.put("photo.jpg")
    rig.aws.fail("ListObjectsV2", code="AccessDenied", status=403)
    for _ in range(3):
        with pytest.raises(Retry, match="s3:ListBucket"):
            rig.look(0)
    assert rig.look(LIST_SECONDS) is not None
    assert rig.inbox.health.failing() == []


def test_after_a_crash_what_was_in_hand_is_handed_out_again(rig: Rig) -> None:
    rig.put("photo.jpg")
    rig.take()
    assert rig.another().get(0) is not None


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


def test_bots_take_photos_in_an_order_of_chance(rig: Rig) -> None:
    for number in range(12):
        rig.put(f"{number:02}.jpg")
    first = [delivery.name for _ in range(12) if (delivery := rig.look(0)) is not None]
    other = rig.another()
    second = [delivery.name for _ in range(12) if (delivery := other.get(0)) is not None]
    assert sorted(first) == sorted(second) == [f"{number:02}.jpg" for number in range(12)]
    assert first != second


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


@pytest.mark.rule("cheap-look")
def test_sidecars_that_wait_cost_no_call_each(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        rig.put(f"{number}.json", b"{}")
        rig.put(f"{number}.jpg")
    while (delivery := rig.look(0)) is not None:
        delivery.retry_after(LONE_SIDECAR_SECONDS * 10, "the database is busy")
    now = time.time() + 2 * LONE_SIDECAR_SECONDS
    monkeypatch.setattr(time, "time", lambda: now)
    before = rig.aws.calls().count("ListObjectsV2")
    assert rig.look() is None
    assert rig.aws.calls().count("ListObjectsV2") == before + 1


@pytest.mark.rule("entry-own-affair")
def test_one_that_s3_does_not_give_stops_no_other_and_an_archived_one_is_named(rig: Rig) -> None:
    rig.put("a.jpg")
    rig.aws.fail("HeadObject", code="400", status=400)
    refused = rig.take()
    refused.retry_after(1000, "Amazon S3 refuses it")
    rig.s3.put_object(
        Bucket=rig.aws.bucket, Key="team/inbox/old.jpg", Body=b"photo", StorageClass="DEEP_ARCHIVE"
    )
    rig.put("b.jpg")
    assert rig.take().name == "b.jpg"
    assert rig.look() is None
    assert rig.inbox.waiting() == 2
    [told] = rig.inbox.problems()
    assert told.startswith("“old.jpg” in the inbox s3://")
    assert "archived" in told
