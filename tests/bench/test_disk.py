import os
import tempfile
from pathlib import Path

import pytest

from bench import disk
from bench.child import Missing

MOUNTS = """\
/dev/root / ext4 rw 0 0
tmpfs /ram tmpfs rw 0 0
/dev/sdb /ram/with\\040space xfs rw 0 0
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mounts"
    file.write_text(MOUNTS)
    return file


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("/somewhere/else", ("ext4", "/dev/root")),
        ("/ram/x", ("tmpfs", "tmpfs")),
        ("/ram/with space/x", ("xfs", "/dev/sdb")),
    ],
)
def test_a_folder_lies_in_the_innermost_file_system_around_it(
    mounts: Path, place: str, found: tuple[str, str]
) -> None:
    assert disk.file_system(Path(place), mounts) == found


def test_where_nobody_tells_nothing_is_known(tmp_path: Path) -> None:
    assert disk.file_system(tmp_path, tmp_path / "none") == ("", "")


def test_what_is_left_in_the_folder_goes_with_it() -> None:
    before = os.environ.get("TMPDIR"), tempfile.gettempdir()

    with disk.folder_on_disk() as folder:
        (folder / "left").touch()
        assert Path(tempfile.gettempdir()) == folder == Path(os.environ["TMPDIR"])

    assert not folder.exists()
    assert (os.environ.get("TMPDIR"), tempfile.gettempdir()) == before


def test_a_folder_in_memory_is_passed_over(tmp_path: Path) -> None:
    in_memory, on_disk, mounts = tmp_path / "memory", tmp_path / "disk", tmp_path / "mounts"
    in_memory.mkdir()
    on_disk.mkdir()
    mounts.write_text(f"/dev/root / ext4 rw 0 0\ntmpfs {in_memory} tmpfs rw 0 0\n")

    assert disk.first_on_disk([in_memory, on_disk], mounts) == on_disk
    with pytest.raises(Missing, match="set TMPDIR"):
        disk.first_on_disk([in_memory], mounts)
