"""Taking files away: never one that has come in their place."""

import os
import time
from pathlib import Path

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tagbot.photos.inbox.taken_away import ABANDONED_SECONDS, delete, recover, taken_away
from tagbot.photos.regular_file import mark_now
from tests.photos.inbox.folder import Clock, look, names, put, replace, take


@pytest.mark.rule("never-unread")
def test_a_second_snapshot_renamed_over_the_first_is_taken_over_too(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "snapshot.jpg", b"first!")
    delivery = take(inbox, clock)
    assert inbox.read("snapshot.jpg").photo == b"first!"
    replace(inbox, "snapshot.jpg", b"second")
    delivery.ack()
    assert names(inbox.folder) == ["snapshot.jpg"]
    second = take(inbox, clock)
    assert (inbox.read("snapshot.jpg").photo, second.attempt) == (b"second", 1)
    second.ack()
    assert names(inbox.folder) == []


@pytest.mark.rule("never-unread")
def test_so_is_one_of_the_same_size_and_time_and_one_written_over_it(
    inbox: FolderInbox, clock: Clock
) -> None:
    first = put(inbox, "snapshot.jpg", b"first!")
    times = first.stat().st_atime_ns, first.stat().st_mtime_ns
    for second in (replace, put):
        delivery = take(inbox, clock)
        inbox.read("snapshot.jpg")
        second(inbox, "snapshot.jpg", b"second")
        os.utime(first, ns=times)
        delivery.ack()
        assert names(inbox.folder) == ["snapshot.jpg"]


@pytest.mark.rule("never-unread")
def test_a_sidecar_that_came_or_was_replaced_after_it_was_read_stays(
    inbox: FolderInbox, clock: Clock
) -> None:
    put(inbox, "a.jpg")
    put(inbox, "b.json", b"{}")
    put(inbox, "b.jpg")
    deliveries = [take(inbox, clock), look(inbox, clock, 0)]
    for delivery in deliveries:
        assert delivery is not None
        inbox.read(delivery.name)
        replace(inbox, delivery.name.replace("jpg", "json"), b'{"source": "new"}')
        delivery.ack()
    assert names(inbox.folder) == ["a.json", "b.json"]


def test_one_that_changed_before_it_was_read_is_not_read_half(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.json", b"{}")
    put(inbox, "photo.jpg", b"first")
    for name in ("photo.jpg", "photo.json"):
        delivery = take(inbox, clock)
        replace(inbox, name, b"second")
        with pytest.raises(Exception, match="still arriving"):
            inbox.read(delivery.name)
        delivery.retry_after(1.0, "still arriving")
    assert take(inbox, clock).attempt == 1


def test_another_one_that_comes_in_the_last_moment_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last look and the renaming, which nothing else can be put between."""
    photo, other, third = (tmp_path / name for name in ("photo.jpg", "other", "third"))
    for path in (photo, other, third):
        path.write_bytes(path.name.encode())
    mark, rename = mark_now(photo), Path.rename

    def late(path: Path, target: Path) -> Path:
        other.replace(path)
        moved = rename(path, target)
        third.replace(path)
        return moved

    monkeypatch.setattr(Path, "rename", late)
    assert not taken_away(photo, mark, tmp_path / ".hidden")
    assert names(tmp_path) == ["photo-2.jpg", "photo.jpg"]
    assert photo.read_bytes() == b"third"
    assert (tmp_path / "photo-2.jpg").read_bytes() == b"other"


def test_where_files_cannot_be_linked_it_is_given_back_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / ".facetag-12345678-photo.jpg"
    hidden.write_bytes(b"photo")

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "photo.jpg").write_bytes(b"another")
    recover(tmp_path, time.time() + ABANDONED_SECONDS)
    assert names(tmp_path) == ["photo-2.jpg", "photo.jpg"]


@pytest.mark.rule("crash-anywhere", "never-unread")
def test_what_a_crash_left_under_a_hidden_name_comes_back(inbox: FolderInbox, clock: Clock) -> None:
    hidden = put(inbox, ".facetag-12345678-photo.jpg")
    assert look(inbox, clock, 1000) is None, "it may be in the hands of another bot"
    recover(inbox.folder, time.time() + ABANDONED_SECONDS)
    assert not hidden.exists()
    assert take(inbox, clock).name == "photo.jpg"


def test_a_name_as_long_as_a_file_can_have_is_taken_away(tmp_path: Path) -> None:
    photo = tmp_path / ("x" * 251 + ".jpg")
    photo.write_bytes(b"photo")
    assert delete(photo, mark_now(photo))
    assert names(tmp_path) == []


def test_of_a_link_the_link_goes(inbox: FolderInbox, clock: Clock, tmp_path: Path) -> None:
    original = tmp_path / "original.jpg"
    original.write_bytes(b"photo")
    (inbox.folder / "photo.jpg").symlink_to(original)
    delivery = take(inbox, clock)
    assert inbox.read("photo.jpg").photo == b"photo"
    delivery.ack()
    assert names(inbox.folder) == []
    assert original.read_bytes() == b"photo"
