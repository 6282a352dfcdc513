"""Moving pictures: all of them, those that differ too, and no more work than is needed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tagbot.aws.s3_api import Bucket
from tagbot.errors import Retry
from tagbot.lib.retrying import with_retries
from tagbot.maintenance.transfer.picture_copy import AT_A_TIME, move_pictures
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.photos.image_store.s3_store import S3Store
from tests.aws.service import REGION, Amazon

KEYS = [f"faces/{number}/crop.jpg" for number in range(AT_A_TIME + 3)]


@pytest.fixture
def here(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "here")
    for key in KEYS:
        store.put(key, key.encode())
    return store


@pytest.fixture
def there(aws: Amazon) -> S3Store:
    aws.make_bucket()
    bucket = Bucket(aws.bucket, "pictures", REGION)
    aws.lend(bucket)
    return S3Store(bucket)


def nobody(pictures: Iterator[Any], _: str) -> Iterator[Any]:
    """Looks at a progress bar."""
    return pictures


@pytest.mark.rule("migrate-pictures")
def test_what_is_missing_or_differs_is_copied_and_what_was_here_stays(
    here: FolderStore, there: S3Store, aws: Amazon
) -> None:
    there.put(KEYS[0], b"something else")
    there.put(KEYS[1], KEYS[1].encode())
    calls = len(aws.calls())
    assert move_pictures(here, there, nobody).is_equal
    assert {key: there.get(key) for key in KEYS} == {key: here.get(key) for key in KEYS}
    assert aws.calls()[calls:].count("PutObject") == len(KEYS) - 1 + 1, (
        "one was there, and one tries the store"
    )
    assert sorted(here.keys()) == sorted(KEYS)


@pytest.mark.rule("migrate-pictures")
def test_and_back_again(here: FolderStore, there: S3Store, tmp_path: Path) -> None:
    back = FolderStore(tmp_path / "back")
    assert move_pictures(here, there, nobody).is_equal
    compared = move_pictures(there, back, nobody)
    assert compared.is_equal
    assert compared.target.count == len(KEYS)
    assert list(back.keys()) == list(here.keys())


@pytest.mark.rule("migrate-pictures")
def test_a_picture_that_is_there_and_not_here_is_noticed(here: FolderStore, tmp_path: Path) -> None:
    there = FolderStore(tmp_path / "there")
    there.put("faces/stranger/crop.jpg", b"picture")
    compared = move_pictures(here, there, nobody)
    assert not compared.is_equal
    assert compared.target.count == compared.source.count + 1


class Mixing(FolderStore):
    """Keeps the first two pictures under each other's names."""

    def put(self, key: str, picture: bytes) -> None:
        super().put({KEYS[0]: KEYS[1], KEYS[1]: KEYS[0]}.get(key, key), picture)


@pytest.mark.rule("migrate-pictures")
def test_pictures_that_have_changed_their_names_are_noticed(here: FolderStore, tmp_path: Path) -> None:
    compared = move_pictures(here, Mixing(tmp_path / "there"), nobody)
    assert not compared.is_equal
    assert compared.target.count == compared.source.count


class Busy(FolderStore):
    """Cannot be read the first time."""

    was_asked = False

    def get(self, key: str) -> bytes:
        if not self.was_asked:
            self.was_asked = True
            raise Retry("busy")
        return super().get(key)


@pytest.mark.rule("migrate-busy-moment")
@pytest.mark.usefixtures("here")
def test_a_busy_moment_does_not_end_it(tmp_path: Path) -> None:
    assert move_pictures(Busy(tmp_path / "here"), FolderStore(tmp_path / "there"), nobody).is_equal


@pytest.mark.rule("migrate-busy-moment")
def test_what_stays_busy_is_told_in_the_end() -> None:
    asked = []

    def act() -> None:
        asked.append(1)
        raise Retry("busy")

    with pytest.raises(Retry, match="busy"):
        with_retries(act, pauses=(0, 0))
    assert len(asked) == 3


@pytest.mark.rule("image-store-listed")
def test_pictures_that_cannot_be_listed_are_not_taken_for_none(tmp_path: Path) -> None:
    with pytest.raises(Retry, match="cannot be listed"):
        move_pictures(FolderStore(tmp_path / "unmounted"), FolderStore(tmp_path / "there"), nobody)
