"""Settling: when a file of the inbox is whole."""

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tagbot.photos.inbox.settled_files import LONE_SIDECAR_SECONDS
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
