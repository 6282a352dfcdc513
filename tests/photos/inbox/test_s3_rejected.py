"""The prefix `rejected/`: every refused object lies there beside the reason, and none is lost."""

import pytest

from tagbot.aws.s3_api import Bucket
from tagbot.photos.inbox.s3_arrivals import LIST_SECONDS
from tagbot.photos.inbox.s3_inbox import STUCK_SECONDS
from tests.photos.inbox.s3_rig import Rig


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


@pytest.mark.rule("never-unread")
def test_what_came_in_the_place_of_a_refused_photo_or_sidecar_is_not_moved(rig: Rig) -> None:
    rig.put("a.json", b"{1")
    rig.put("a.jpg", b"first")
    delivery = rig.take()
    rig.inbox.read("a.jpg")
    rig.put("a.jpg", b"second")
    delivery.bury("no picture")
    assert rig.objects() == ["inbox/a.jpg", "inbox/a.json"]
    delivery = rig.take()
    rig.inbox.read("a.jpg")
    rig.put("a.json", b"{2")
    delivery.bury("no picture")
    assert rig.objects() == ["inbox/a.json", "rejected/a.jpg", "rejected/a.jpg.error.txt"]
    assert rig.content("rejected/a.jpg") == b"second"


@pytest.mark.rule("never-unread")
def test_nor_is_one_that_came_in_the_last_moment(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.put("a.jpg", b"first")
    delivery = rig.take()
    rig.inbox.read("a.jpg")
    copy = Bucket.copy

    def late(target: Bucket, source: Bucket, name: str, etag: str, new_name: str) -> None:
        rig.put("a.jpg", b"second")
        copy(target, source, name, etag, new_name)

    monkeypatch.setattr(Bucket, "copy", late)
    delivery.bury("no picture")
    assert rig.objects() == ["inbox/a.jpg"]
    assert rig.content("inbox/a.jpg") == b"second"
