import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.image_store import FolderStore, ImageStore

ROOT = Path(__file__).parents[1]
KEY = "faces/3f0c1d52/crop.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def store(folder: Path) -> ImageStore:
    return FolderStore(folder)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_picture_that_was_put_is_there(store: ImageStore) -> None:
    store.put(KEY, b"picture")
    assert store.get(KEY) == b"picture"


def test_the_latest_picture_replaces_the_one_before(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"first")
    store.put(KEY, b"second")
    assert store.get(KEY) == b"second"
    assert files(folder) == ["crop.jpg"]


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


def test_deleting_one_picture_leaves_its_neighbour(store: ImageStore) -> None:
    store.put("faces/a/crop.jpg", b"crop")
    store.put("faces/a/context.jpg", b"context")
    store.delete("faces/a/crop.jpg")
    assert store.get("faces/a/context.jpg") == b"context"


def test_what_a_crash_left_goes_with_the_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    place.with_name(".crop.jpg-x1y2").write_bytes(b"half a pict")
    store.delete(KEY)
    assert files(folder) == []


def test_a_missing_picture_is_rejected(store: ImageStore) -> None:
    store.put(KEY, b"picture")
    with pytest.raises(Reject, match=r"faces/other/crop\.jpg is missing"):
        store.get("faces/other/crop.jpg")


def test_a_missing_folder_is_no_missing_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(Retry, match="cannot be read"):
        store.get(KEY)


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "faces/../../x", "faces//x", "faces/.", "a\\b", ".hidden", "a\0b", "a/", "é"],
)
def test_a_key_that_could_leave_the_folder_is_a_bug(store: ImageStore, key: str) -> None:
    for act in (store.get, store.delete, lambda key: store.put(key, b"picture")):
        with pytest.raises(ValueError, match="no key"):
            act(key)


def test_a_store_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "images"
    in_the_way.write_text("a file where the folder should be")
    store = FolderStore(in_the_way)
    for act in (lambda: store.put(KEY, b"picture"), lambda: store.get(KEY), store.check):
        with pytest.raises(Retry, match="cannot be"):
            act()


# A limit on the size of files fails in the middle of writing, as a full disk does.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tagbot.errors import Retry
from tagbot.image_store import FolderStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = FolderStore(Path(sys.argv[1]))
store.put("faces/a/crop.jpg", b"small")
try:
    store.put("faces/a/crop.jpg", bytes(100_000))
except Retry as why:
    print(why.reason)
print(store.get("faces/a/crop.jpg"))
"""


def test_a_full_disk_leaves_the_old_picture_and_no_half_one(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == f"pictures in {folder} cannot be written: File too large\nb'small'\n"
    assert files(folder) == ["crop.jpg"]


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


def test_a_name_is_on_disk_before_put_returns(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    assert synced[-1] == place.parent
    assert synced[-2].name.startswith(".crop.jpg-")
    assert {folder.parent, folder, place.parent.parent} <= set(synced)
