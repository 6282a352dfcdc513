"""Photos in flight: one at which the bot crashes again and again is refused, also after restarts."""

from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.photos.decoder import DecoderCrashed
from tagbot.photos.photos_in_flight import PhotosInFlight
from tagbot.queues import MAX_CRASHES

PHOTO = "ab" * 32


NEVER_ENDED: list[AbstractContextManager[None]] = []


def crash(folder: Path) -> None:
    """A bot that begins with the photo and is never heard of again."""
    NEVER_ENDED.append(PhotosInFlight(folder).tracking(PHOTO))
    NEVER_ENDED[-1].__enter__()


def decoder_crashes(folder: Path) -> None:
    with suppress(DecoderCrashed), PhotosInFlight(folder).tracking(PHOTO):
        raise DecoderCrashed("it ended")


@pytest.mark.rule("crashing-photo-refused")
@pytest.mark.failure("photo-crashes", shows="what happens")
@pytest.mark.parametrize("fail", [crash, decoder_crashes])
def test_after_five_crashes_in_a_row_a_photo_is_refused(fail: object, tmp_path: Path) -> None:
    assert callable(fail)
    for _ in range(MAX_CRASHES):
        fail(tmp_path / "in-flight")
    with pytest.raises(Reject, match="its decoder, crashed 5 times while it worked on this photo"):
        fail(tmp_path / "in-flight")
    with PhotosInFlight(tmp_path / "in-flight").tracking(PHOTO):
        pass  # put into the inbox once more


@pytest.mark.rule("crashing-photo-refused")
def test_an_attempt_that_ends_otherwise_begins_the_count_anew(tmp_path: Path) -> None:
    for _ in range(3):
        for _ in range(MAX_CRASHES - 1):
            crash(tmp_path)
        with pytest.raises(Retry), PhotosInFlight(tmp_path).tracking(PHOTO):
            raise Retry("the disk is full")
        assert list(tmp_path.iterdir()) == []


def test_copies_of_one_photo_at_the_same_time_are_one_attempt(tmp_path: Path) -> None:
    photos = PhotosInFlight(tmp_path)
    open_ = [photos.tracking(PHOTO) for _ in range(2 * MAX_CRASHES)]
    for each in open_:
        each.__enter__()
    assert [note.read_text() for note in tmp_path.iterdir()] == ["1"]
    for each in open_:
        each.__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\0\0", b"many"])
def test_a_note_that_a_power_cut_left_unreadable_counts_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / PHOTO).write_bytes(content)
    crash(tmp_path)
    assert (tmp_path / PHOTO).read_text() == "1"


def test_where_it_cannot_be_noted_the_photo_waits(tmp_path: Path) -> None:
    (tmp_path / "in-flight").write_text("in the way")
    with (
        pytest.raises(Retry, match="cannot write to"),
        PhotosInFlight(tmp_path / "in-flight").tracking(PHOTO),
    ):
        pass
