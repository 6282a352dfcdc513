"""The inbox as a folder: photos are handed out, taken away, and tried again."""

import pytest

from tagbot.errors import Reject, Retry
from tagbot.photos.inbox.folder_inbox import SCAN_SECONDS, FolderInbox
from tagbot.photos.photo_limits import MAX_BYTES
from tests.photos.inbox.folder import Clock, look, names, put, take


@pytest.mark.rule("inbox-emptied")
def test_a_file_that_was_taken_over_is_gone_with_its_sidecar(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.json", b"{}")
    put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    assert delivery.name == "photo.jpg"
    assert inbox.read("photo.jpg").sidecar == b"{}"
    delivery.ack()
    assert names(inbox.folder) == []


@pytest.mark.rule("bad-photo-refused")
def test_of_a_file_that_is_far_too_large_no_more_is_read_than_shows_it(inbox: FolderInbox) -> None:
    with put(inbox, "film.jpg").open("r+b") as film:
        film.truncate(10_000_000_000)
    assert len(inbox.read("film.jpg").photo) == MAX_BYTES + 1


def test_a_file_for_later_is_handed_out_again_when_it_is_due(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    first = take(inbox, clock)
    assert first.attempt == 1
    assert look(inbox, clock) is None, "it is in hand"
    first.retry_after(5.0, "the database is busy")
    assert look(inbox, clock, 4.9) is None
    again = look(inbox, clock, SCAN_SECONDS)
    assert again is not None
    assert (again.name, again.attempt, again.id) == ("photo.jpg", 2, first.id)


def test_after_a_crash_what_was_in_hand_is_handed_out_again(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    take(inbox, clock)
    after = FolderInbox(inbox.folder, inbox.rejected, clock)
    assert take(after, clock).name == "photo.jpg"


def test_its_id_does_not_tell_the_files_name(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "Anna Lindqvist.jpg")
    delivery = take(inbox, clock)
    assert "Anna" not in delivery.id
    assert delivery.body == {"name": "Anna Lindqvist.jpg"}


def test_a_file_that_went_away_is_no_trouble(inbox: FolderInbox, clock: Clock) -> None:
    path = put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    path.unlink()
    with pytest.raises(Reject, match="went away"):
        inbox.read("photo.jpg")
    delivery.ack()
    assert look(inbox, clock, 10) is None


@pytest.mark.failure("inbox-away", shows="what happens")
def test_a_folder_that_is_away_is_tried_again(inbox: FolderInbox, clock: Clock) -> None:
    inbox.folder.rename(inbox.folder.with_name("away"))
    with pytest.raises(Retry, match="cannot look into the inbox"):
        look(inbox, clock)
    assert inbox.waiting() == 0
    [failure] = inbox.health.failing()
    assert failure.reason.startswith("cannot look into the inbox")
    with pytest.raises(Retry, match="cannot look into the inbox"):
        inbox.get(0)  # another thread, which has not looked: the log would say that it is over
    inbox.folder.with_name("away").rename(inbox.folder)
    put(inbox, "photo.jpg")
    assert take(inbox, clock).name == "photo.jpg"
    assert inbox.health.failing() == []


def test_a_closed_inbox_hands_out_nothing(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    inbox.close()
    clock.now += 100
    assert inbox.get(10) is None
