"""The folder `rejected/`: every refused file lies there beside the reason, and none is lost."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tagbot.photos.inbox.folder_inbox import STUCK_SECONDS, FolderInbox
from tests.photos.inbox.folder import Clock, look, names, put, replace, take


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


@pytest.mark.rule("dealt-with-stays")
@pytest.mark.failure("inbox-not-writable", shows="what happens")
def test_a_file_that_cannot_be_moved_is_tried_again_and_not_looked_at_again(
    inbox: FolderInbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    put(inbox, "photo.json", b"{}")
    put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    inbox.rejected.rmdir()
    inbox.rejected.write_text("in the way")
    delivery.bury("no picture")
    assert names(inbox.folder) == ["photo.jpg", "photo.json"]
    [failure] = inbox.health.failing()
    assert f"stay in the inbox {inbox.folder}, as they cannot be moved away: File exists" in failure.reason
    assert caplog.text.count("cannot be moved away") == 1
    assert look(inbox, clock, STUCK_SECONDS) is None
    inbox.rejected.unlink()
    assert look(inbox, clock, STUCK_SECONDS) is None
    assert names(inbox.folder) == []
    assert names(inbox.rejected) == ["photo.jpg", "photo.jpg.error.txt", "photo.json"]
    assert (inbox.rejected / "photo.jpg.error.txt").read_text() == "no picture\n"
    assert inbox.health.failing() == []


def test_one_that_was_replaced_since_it_could_not_be_moved_is_looked_at(
    inbox: FolderInbox, clock: Clock
) -> None:
    put(inbox, "photo.jpg", b"first")
    delivery = take(inbox, clock)
    inbox.rejected.rmdir()
    inbox.rejected.write_text("in the way")
    delivery.bury("no picture")
    replace(inbox, "photo.jpg", b"second")
    inbox.rejected.unlink()
    assert inbox.read(take(inbox, clock).name).photo == b"second"
    assert not inbox.rejected.exists()
    assert inbox.health.failing() == []


@pytest.mark.rule("never-unread")
def test_what_came_in_the_place_of_a_refused_photo_or_sidecar_is_not_moved(
    inbox: FolderInbox, clock: Clock
) -> None:
    put(inbox, "snapshot.json", b"{1")
    put(inbox, "snapshot.jpg", b"first")
    delivery = take(inbox, clock)
    inbox.read(delivery.name)
    replace(inbox, "snapshot.jpg", b"second")
    delivery.bury("no picture")
    assert names(inbox.rejected) == []
    assert names(inbox.folder) == ["snapshot.jpg", "snapshot.json"]
    again = take(inbox, clock)
    inbox.read(again.name)
    replace(inbox, "snapshot.json", b"{2")
    again.bury("no picture")
    assert names(inbox.rejected) == ["snapshot.jpg", "snapshot.jpg.error.txt"]
    assert (inbox.folder / "snapshot.json").read_bytes() == b"{2"


def test_on_another_disk_a_copy_lies_there_with_its_sidecar(inbox: FolderInbox, clock: Clock) -> None:
    here = inbox.folder.stat().st_dev
    disks = [disk for disk in (Path("/dev/shm"), Path.cwd()) if disk.is_dir() and disk.stat().st_dev != here]  # noqa: S108 - a disk
    if not disks:
        pytest.skip("there is no other disk")
    with TemporaryDirectory(dir=disks[0]) as folder:
        elsewhere = FolderInbox(inbox.folder, Path(folder) / "rejected", clock)
        elsewhere.prepare()
        put(inbox, "photo.json", b"{}")
        put(inbox, "photo.jpg")
        take(elsewhere, clock).bury("no picture")
        assert names(inbox.folder) == []
        assert names(elsewhere.rejected) == ["photo.jpg", "photo.jpg.error.txt", "photo.json"]
        assert (elsewhere.rejected / "photo.jpg").read_bytes() == b"photo"
        link = inbox.folder / "linked.json"
        link.symlink_to("linked.json")
        put(inbox, "linked.jpg")
        delivery = take(elsewhere, clock)
        delivery.bury("its sidecar cannot be looked at")
        assert names(inbox.folder) == []
        assert (elsewhere.rejected / "linked.json").is_symlink()


@pytest.mark.rule("harmless-output")
def test_the_text_beside_a_refused_file_moves_no_cursor(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    take(inbox, clock).bury("the sidecar says “\x1b[2J\u202e\nand more”")
    text = (inbox.rejected / "photo.jpg.error.txt").read_text()
    assert text == "the sidecar says “\\x1b[2J\\u202e\\nand more”\n"
