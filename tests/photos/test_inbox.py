"""The inbox: what counts, when it is whole, and where it goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.photos.inbox import (
    LONE_SIDECAR_SECONDS,
    SCAN_SECONDS,
    SETTLED_SECONDS,
    FolderInbox,
    InboxDelivery,
)
from tagbot.photos.pictures import MAX_BYTES


class Clock:
    """Goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(tmp_path: Path, clock: Clock) -> Iterator[FolderInbox]:
    inbox = FolderInbox(tmp_path / "inbox", tmp_path / "rejected", clock)
    inbox.prepare()
    yield inbox
    inbox.close()


def put(inbox: FolderInbox, name: str, content: bytes = b"photo") -> Path:
    path = inbox.folder / name
    path.write_bytes(content)
    return path


def look(inbox: FolderInbox, clock: Clock, seconds: float = SCAN_SECONDS) -> InboxDelivery | None:
    clock.now += seconds
    return inbox.get(0)


def take(inbox: FolderInbox, clock: Clock) -> InboxDelivery:
    """The next file, once it is whole."""
    assert look(inbox, clock) is None
    delivery = look(inbox, clock, SETTLED_SECONDS)
    assert delivery is not None
    return delivery


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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


@pytest.mark.rule("inbox-emptied")
def test_a_file_that_was_taken_over_is_gone_with_its_sidecar(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.json", b"{}")
    put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    assert delivery.name == "photo.jpg"
    assert inbox.read("photo.jpg").sidecar == b"{}"
    delivery.ack()
    assert names(inbox.folder) == []


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


@pytest.mark.rule("rejected-with-reason")
def test_a_name_keeps_all_that_the_text_beside_it_leaves_room_for(inbox: FolderInbox, clock: Clock) -> None:
    longest = "x" * 241 + ".jpg"
    for _ in range(2):
        put(inbox, longest)
        take(inbox, clock).bury("no picture")
    second = "x" * 239 + "-2.jpg"
    assert names(inbox.rejected) == sorted([longest, f"{longest}.error.txt", second, f"{second}.error.txt"])


@pytest.mark.rule("add-copies")
def test_what_is_added_under_a_name_as_long_as_a_file_can_have_is_put_there(inbox: FolderInbox) -> None:
    inbox.add("写" * 83, ".jpg", "0123456789abcdef", b"photo", b"{}")
    sidecar, photo = sorted(names(inbox.folder), key=len, reverse=True)
    assert (photo[-13:], sidecar[-14:]) == ("-01234567.jpg", "-01234567.json")
    assert set(photo[:-13]) == {"写"}
    assert inbox.read(photo).sidecar == b"{}"


@pytest.mark.rule("rejected-with-reason")
@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "ü" * 126 + ".x", "x" * 255, "x." + "y" * 253])
def test_a_name_that_leaves_no_room_for_the_text_beside_it_is_shortened(
    inbox: FolderInbox, clock: Clock, name: str
) -> None:
    put(inbox, name)
    delivery = take(inbox, clock)
    assert inbox.read(name).photo == b"photo"
    delivery.bury("no picture")
    assert names(inbox.folder) == []
    moved, text = names(inbox.rejected)
    assert text == f"{moved}.error.txt"
    assert name.startswith(moved[:100])


@pytest.mark.rule("bad-photo-refused")
def test_of_a_file_that_is_far_too_large_no_more_is_read_than_shows_it(inbox: FolderInbox) -> None:
    with put(inbox, "film.jpg").open("r+b") as film:
        film.truncate(10_000_000_000)
    assert len(inbox.read("film.jpg").photo) == MAX_BYTES + 1


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


def test_several_files_come_in_the_order_of_their_names_and_each_once(
    inbox: FolderInbox, clock: Clock
) -> None:
    for name in ("c.jpg", "a.jpg", "b.jpg"):
        put(inbox, name)
    found = [take(inbox, clock).name]
    while (delivery := look(inbox, clock)) is not None:
        found.append(delivery.name)
    assert found == ["a.jpg", "b.jpg", "c.jpg"]


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
    inbox.folder.with_name("away").rename(inbox.folder)
    put(inbox, "photo.jpg")
    assert take(inbox, clock).name == "photo.jpg"
    assert inbox.health.failing() == []


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


def test_a_closed_inbox_hands_out_nothing(inbox: FolderInbox, clock: Clock) -> None:
    put(inbox, "photo.jpg")
    inbox.close()
    clock.now += 100
    assert inbox.get(10) is None
