"""The inbox at Amazon S3: the same rules as the folder's, for several bots at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tagbot.aws.s3_api import Bucket, Object
from tagbot.errors import Reject, Retry
from tagbot.photos.inbox.s3_inbox import S3Inbox
from tagbot.photos.photo_limits import MAX_BYTES
from tests.aws.service import REGION
from tests.photos.inbox.s3_rig import Rig


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


def test_what_lies_beside_the_prefix_is_not_touched(rig: Rig) -> None:
    for key in ("team/inbox-2/photo.jpg", "team/photo.jpg", "inbox/photo.jpg"):
        rig.s3.put_object(Bucket=rig.aws.bucket, Key=key, Body=b"photo")
    assert rig.look() is None


def test_of_an_object_that_is_far_too_large_no_more_is_read_than_shows_it(rig: Rig) -> None:
    rig.put("film.jpg", bytes(MAX_BYTES + 1_000_000))
    assert len(rig.inbox.read("film.jpg").photo) == MAX_BYTES + 1


def test_what_was_cut_off_on_its_way_from_s3_is_not_taken_for_the_whole_photo(rig: Rig) -> None:
    photo = bytes(range(256)) * 1000
    rig.put("photo.jpg", photo)
    rig.aws.fail("GetObject", effect=True, part=100_000)
    with pytest.raises(Retry, match="Amazon S3 does not answer"):
        rig.inbox.read("photo.jpg")
    rig.aws.heal()
    assert rig.inbox.read("photo.jpg").photo == photo


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


def test_counting_what_waits_asks_for_one_page(rig: Rig) -> None:
    for name in ("a.jpg", "b.jpg", "b.json", ".c.jpg"):
        rig.put(name)
    assert rig.inbox.waiting() == 2
    assert rig.aws.calls().count("ListObjectsV2") == 1


def test_what_s3_fails_at_is_told_and_tried_again(rig: Rig) -> None:
    rig.put("photo.jpg")
    rig.aws.fail("ListObjectsV2", code="AccessDenied", status=403)
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


def test_what_was_added_waits_until_it_is_taken_over(rig: Rig) -> None:
    sha256 = "5b5bd6cb2ba8d9ab3bf2cbf4eaf1b0d1c5a5a7e0d8c6b3dcb5ef9fbd6b2d5b7e"
    assert not rig.inbox.waits(sha256)
    rig.inbox.add("photo", ".jpg", sha256, b"another of the same beginning", None)
    assert not rig.inbox.waits(sha256), "it is not the same"


@pytest.mark.rule("never-unread", "s3-inbox")
def test_a_sidecar_that_was_replaced_or_came_after_it_was_read_stays(rig: Rig) -> None:
    rig.put("a.json", b"{}")
    rig.put("a.jpg")
    delivery = rig.take()
    assert rig.inbox.read(delivery.name).sidecar == b"{}"
    rig.put("a.json", b'{"source": "new"}')
    delivery.ack()
    assert rig.objects() == ["inbox/a.json"]
    rig.put("b.jpg")
    delivery = rig.take()
    rig.inbox.read("b.jpg")
    rig.put("b.json", b"{}")
    delivery.ack()
    assert rig.objects() == ["inbox/a.json", "inbox/b.json"]


@pytest.mark.rule("entry-own-affair")
def test_a_name_that_is_no_text_can_be_added(rig: Rig) -> None:
    rig.inbox.add("caf\udce9", ".jpg", "0123456789abcdef", b"photo", None)
    assert rig.objects() == ["inbox/01234567-caf\N{REPLACEMENT CHARACTER}.jpg"]
