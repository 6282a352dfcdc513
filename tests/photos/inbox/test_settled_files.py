"""Settling: when a file of the inbox is whole."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tagbot.photos.inbox import InboxDelivery
from tagbot.photos.inbox.folder_inbox import FolderInbox
from tagbot.photos.inbox.folder_listing import Entry, Unit
from tagbot.photos.inbox.settled_files import AGAIN_SECONDS, LONE_SIDECAR_SECONDS, SETTLED_SECONDS, Seen
from tests.photos.inbox.folder import Clock, look, names, put, take


@pytest.mark.rule("file-counts-when-still")
def test_a_file_counts_once_its_size_has_not_changed_for_a_second(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg", b"ph")
    assert look(inbox, clock) is None
    assert look(inbox, clock, 0.9) is None
    put(inbox, "photo.jpg", b"photo")
    assert look(inbox, clock, 0.9) is None
    assert look(inbox, clock, 0.9) is None
    delivery = look(inbox, clock, 0.3)
    assert delivery is not None
    assert inbox.read(delivery.name).photo == b"photo"


@pytest.mark.rule("sidecar-optional")
def test_a_sidecar_waits_long_for_its_photo_and_is_then_refused(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.json", b"{}")
    assert look(inbox, clock) is None
    assert look(inbox, clock, LONE_SIDECAR_SECONDS - 1) is None
    assert inbox.waiting() == 0
    delivery = look(inbox, clock, 2)
    assert delivery is not None
    delivery.bury("a sidecar without a photo")
    assert names(inbox.rejected) == ["photo.json", "photo.json.error.txt"]


def test_several_files_come_in_the_order_of_their_names_and_each_once(
    inbox: FolderInbox, clock: Clock
) -> None:
    for name in ("c.jpg", "a.jpg", "b.jpg"):
        put(inbox, name)
    found = [take(inbox, clock).name]
    while (delivery := look(inbox, clock)) is not None:
        found.append(delivery.name)
    assert found == ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.rule("file-counts-when-still")
def test_a_change_of_its_time_alone_is_a_change_and_so_is_one_of_its_sidecar(
    inbox: FolderInbox, clock: Clock
) -> None:
    photo = put(inbox, "photo.jpg", bytes(100))
    sidecar = put(inbox, "photo.json", b"{}")
    assert look(inbox, clock) is None
    for number, path in enumerate((photo, sidecar, photo, sidecar)):
        os.utime(path, ns=(0, number))
        assert look(inbox, clock, 0.9) is None
    delivery = look(inbox, clock, 1.0)
    assert delivery is not None
    assert delivery.name == "photo.jpg"


@pytest.mark.rule("arriving-not-broken")
def test_what_changes_while_it_waits_for_another_look_is_handed_out_soon(
    inbox: FolderInbox, clock: Clock
) -> None:
    put(inbox, "photo.jpg", b"half")
    delivery = take(inbox, clock)
    assert inbox.read("photo.jpg").again_in == AGAIN_SECONDS
    put(inbox, "photo.jpg", b"whole")
    assert look(inbox, clock) is None
    delivery.retry_after(1000.0, "it looks cut off")
    again = look(inbox, clock, SETTLED_SECONDS)
    assert again is not None
    assert again.attempt == 1


@pytest.mark.rule("arriving-not-broken")
def test_content_that_changes_although_the_system_tells_of_no_change_is_one() -> None:
    seen = Seen(Unit(Entry((1,))), since=100.0)
    seen.read(7, 101.0)
    seen.read(7, 104.0)
    assert seen.since == 100.0
    seen.read(8, 107.0)
    assert seen.since == 107.0


@pytest.mark.rule("cheap-look")
def test_a_look_at_thousands_of_photos_with_sidecars_that_wait_is_one_list(
    inbox: FolderInbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1000):
        put(inbox, f"{number:04}.json", b"{}")
        put(inbox, f"{number:04}.jpg")
    first: InboxDelivery | None = take(inbox, clock)
    while first is not None:
        first.retry_after(1000, "the database is busy")
        first = look(inbox, clock, 0)
    lists: list[object] = []
    scandir = os.scandir

    def counting(path: Path) -> Any:
        lists.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counting)
    started = time.process_time()
    assert look(inbox, clock) is None
    assert time.process_time() - started < 1.0
    assert len(lists) == 1
