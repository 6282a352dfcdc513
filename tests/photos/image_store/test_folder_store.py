"""The image store as a folder."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.photos.image_store import ImageStore
from tagbot.photos.image_store.folder_store import FolderStore
from tests.photos.image_store.pictures import KEY, files


def test_another_process_sees_it(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    assert FolderStore(folder).get(KEY) == b"picture"


def test_a_deleted_picture_is_gone_and_leaves_no_folders(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(Reject, match=KEY):
        store.get(KEY)
    assert list(folder.iterdir()) == []


@pytest.mark.rule("image-store-listed")
def test_neither_is_a_file_that_nobody_put(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    for stray in (
        place.with_name(".crop.jpg-x1y2"),
        place.parent.parent / "wrong-shelf.jpg",
        folder / ".DS_Store",
        folder / "notes.txt",
    ):
        stray.write_bytes(b"half a pict")
    (folder / "zz" / "faces" / "3f0c1d52").mkdir(parents=True)
    (folder / "zz" / "faces" / "3f0c1d52" / "crop.jpg").write_bytes(b"moved by hand")
    assert list(store.keys()) == [KEY]


@pytest.mark.rule("image-store-listed")
def test_a_store_that_cannot_be_listed_is_not_an_empty_one(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Retry, match="cannot be listed"):
        list(store.keys())
    store.put(KEY, b"picture")
    (place,) = folder.rglob("3f0c1d52")
    scandir = os.scandir

    def refuse(path: str) -> object:  # whoever runs the tests may be root, who may read everything
        if Path(path) == place:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Retry, match="cannot be listed: Permission denied"):
        list(store.keys())


def test_what_a_crash_left_goes_with_the_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    place.with_name(".crop.jpg-x1y2").write_bytes(b"half a pict")
    store.delete(KEY)
    assert files(folder) == []


def test_a_missing_folder_is_no_missing_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(Retry, match="cannot be read"):
        store.get(KEY)


def test_a_store_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "images"
    in_the_way.write_text("a file where the folder should be")
    store = FolderStore(in_the_way)
    for act in (lambda: store.put(KEY, b"picture"), lambda: store.get(KEY), store.check):
        with pytest.raises(Retry, match="cannot be"):
            act()


def test_many_faces_are_spread_over_folders(store: ImageStore, folder: Path) -> None:
    for number in range(200):
        store.put(f"faces/{number}/crop.jpg", b"picture")
    assert 100 < len(list(folder.iterdir())) <= 200


def test_pictures_are_for_the_bots_own_user(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_threads_that_put_and_delete_the_same_pictures_disturb_nobody(store: ImageStore) -> None:
    def work(number: int) -> None:
        key = f"faces/{number % 2}/{number % 3}.jpg"
        for _ in range(15):
            store.put(key, b"picture")
            store.delete(key)
        store.put(f"faces/{number}/mine.jpg", b"mine")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(8)))
    assert all(store.get(f"faces/{number}/mine.jpg") == b"mine" for number in range(8))


def test_check_leaves_nothing_behind(store: ImageStore, folder: Path) -> None:
    assert "can be written" in store.check()
    assert files(folder) == []
