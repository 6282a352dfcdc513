"""Files that are whole or not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagbot.photos.image_store import ImageStore
from tests.photos.image_store.pictures import KEY, files

ROOT = Path(__file__).parents[3]


# A limit on the size of files fails in the middle of writing, as a full disk does.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tagbot.errors import Retry
from tagbot.photos.image_store.folder_store import FolderStore
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


@pytest.mark.process
def test_a_full_disk_leaves_the_old_picture_and_no_half_one(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == f"pictures in {folder} cannot be written: File too large\nb'small'\n"
    assert files(folder) == ["crop.jpg"]


def test_a_picture_may_be_deleted_as_soon_as_it_is_in_its_place(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def put_in_place(unfinished: Path, path: Path) -> Path:
        placed = replace(unfinished, path)
        store.delete(KEY)
        return placed

    monkeypatch.setattr(Path, "replace", put_in_place)
    store.put(KEY, b"picture")
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


def test_the_picture_that_is_replaced_leaves_no_file(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"first")
    store.put(KEY, b"second")
    assert files(folder) == ["crop.jpg"]
