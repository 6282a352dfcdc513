"""The folder `rejected/`: every refused file lies there beside the reason, and none is lost."""

import pytest

from tagbot.errors import Retry
from tagbot.photos.inbox.folder_inbox import FolderInbox
from tests.photos.inbox.folder import Clock, names, put, take


@pytest.mark.rule("rejected-with-reason")
def test_what_is_refused_moves_with_its_sidecar_beside_a_text_of_its_whole_name(
    inbox: FolderInbox, clock: Clock
) -> None:
    put(inbox, "photo.json", b"{}")
    put(inbox, "photo.jpg")
    take(inbox, clock).bury("no picture")
    assert names(inbox.folder) == []
    assert names(inbox.rejected) == ["photo.jpg", "photo.jpg.error.txt", "photo.json"]
    assert (inbox.rejected / "photo.jpg.error.txt").read_text() == "no picture\n"


def test_a_second_one_of_that_name_keeps_the_first(inbox: FolderInbox, clock: Clock) -> None:
    for content in (b"first", b"second"):
        put(inbox, "photo.jpg", content)
        take(inbox, clock).bury(content.decode())
    assert names(inbox.rejected) == [
        "photo-2.jpg", "photo-2.jpg.error.txt", "photo.jpg", "photo.jpg.error.txt",
    ]  # fmt: skip
    assert (inbox.rejected / "photo-2.jpg").read_bytes() == b"second"


@pytest.mark.rule("rejected-with-reason")
def test_so_does_one_with_another_suffix_and_each_keeps_its_sidecar(inbox: FolderInbox, clock: Clock) -> None:
    for suffix in ("jpg", "png"):
        put(inbox, "photo.json", suffix.encode())
        put(inbox, f"photo.{suffix}")
        take(inbox, clock).bury("no picture")
    assert names(inbox.rejected) == [
        "photo-2.json", "photo-2.png", "photo-2.png.error.txt",
        "photo.jpg", "photo.jpg.error.txt", "photo.json",
    ]  # fmt: skip
    assert (inbox.rejected / "photo.json").read_bytes() == b"jpg"
    assert (inbox.rejected / "photo-2.json").read_bytes() == b"png"


def test_a_file_that_cannot_be_moved_is_tried_again(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    inbox.rejected.rmdir()
    with pytest.raises(Retry, match="cannot move a file"):
        delivery.bury("no picture")
    assert names(inbox.folder) == ["photo.jpg"]
    inbox.rejected.mkdir()
    take(inbox, clock).bury("no picture")
    assert names(inbox.rejected) == ["photo.jpg", "photo.jpg.error.txt"]


@pytest.mark.rule("harmless-output")
def test_the_text_beside_a_refused_file_moves_no_cursor(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    take(inbox, clock).bury("the sidecar says “\x1b[2J\u202e\nand more”")
    text = (inbox.rejected / "photo.jpg.error.txt").read_text()
    assert text == "the sidecar says “\\x1b[2J\\u202e\\nand more”\n"
