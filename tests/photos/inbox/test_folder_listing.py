"""The files of the inbox's folder: which count, and whose a sidecar is."""

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tests.photos.inbox.folder import Clock, look, names, put, take


@pytest.mark.rule("file-counts-when-still")
@pytest.mark.parametrize("name", [".photo.jpg", ".DS_Store"])
def test_a_hidden_file_does_not_count(inbox: FolderInbox, clock: Clock, name: str) -> None:
    put(inbox, name)
    assert look(inbox, clock) is None
    assert look(inbox, clock, 1000) is None
    assert inbox.waiting() == 0
    assert names(inbox.folder) == [name]


def test_a_folder_in_it_does_not_count(inbox: FolderInbox, clock: Clock) -> None:
    (inbox.folder / "album").mkdir()
    assert look(inbox, clock) is None
    assert look(inbox, clock, 1000) is None


def test_a_sidecar_stays_for_another_photo_of_the_same_name(inbox: FolderInbox, clock: Clock) -> None:
    for name in ("photo.json", "photo.jpg", "photo.png"):
        put(inbox, name)
    take(inbox, clock).ack()
    assert names(inbox.folder) == ["photo.json", "photo.png"]
    second = look(inbox, clock)
    assert second is not None
    second.ack()
    assert names(inbox.folder) == []


@pytest.mark.rule("inbox-emptied")
def test_a_photo_whose_name_only_begins_like_it_has_a_sidecar_of_its_own(inbox: FolderInbox) -> None:
    for name in ("party.jpg", "party.json", "party.1.jpg"):
        put(inbox, name)
    inbox.remove("party.jpg")
    assert names(inbox.folder) == ["party.1.jpg"]
    for name in ("party.jpg", "party.json"):
        put(inbox, name)
    inbox.refuse("party.jpg", "no picture")
    assert names(inbox.folder) == ["party.1.jpg"]


def test_names_with_odd_letters_have_their_sidecar_too(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "a[1]*?.json")
    put(inbox, "a[1]*?.jpg")
    put(inbox, "a1.jpg", b"another")
    first = take(inbox, clock)
    second = look(inbox, clock, 0)
    assert second is not None
    for delivery in (first, second):
        delivery.ack()
    assert names(inbox.folder) == []
