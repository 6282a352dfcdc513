"""The archive of a backup is whole or not there, and its owner's alone."""

import errno
import os
import stat
import tarfile
from pathlib import Path

import pytest

from tagbot.errors import Reject
from tagbot.maintenance.backup.archive import new_archive


def names(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


@pytest.mark.rule("backup-whole", "owner-only")
def test_it_is_its_owners_alone_and_so_is_what_comes_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"x" * 100_000)
    (tmp_path / "picture").chmod(0o644)
    with new_archive(tmp_path / "a.tar") as archive, (tmp_path / "picture").open("rb") as picture:
        archive.add("images/4f/crop.jpg", picture)
    assert stat.S_IMODE((tmp_path / "a.tar").stat().st_mode) == 0o600
    assert names(tmp_path / "a.tar") == ["images", "images/4f", "images/4f/crop.jpg"]
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert {member.mode & 0o077 for member in tar} == {0}
    assert (archive.files, archive.bytes) == (1, 100_000)


@pytest.mark.rule("backup-whole")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nothing_is_overwritten(tmp_path: Path, when: str) -> None:
    file = tmp_path / "a.tar"
    if when == "before":
        file.write_text("kept")
    with pytest.raises(Reject, match="is there already"), new_archive(file):
        file.write_text("kept")
    assert file.read_text() == "kept"
    assert [each.name for each in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.rule("backup-whole")
def test_of_what_fails_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(Reject, match="No space left on device; nothing"), new_archive(tmp_path / "a.tar"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Reject, match="there is no folder"), new_archive(tmp_path / "no" / "a.tar"):
        pass


def test_a_file_system_without_links_takes_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("tagbot.maintenance.backup.archive.os.link", refuse)
    with new_archive(tmp_path / "a.tar"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["a.tar"]


def test_a_file_that_shrinks_meanwhile_harms_no_other(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1" * 100_000)
    (tmp_path / "two").write_bytes(b"2" * 100_000)
    with new_archive(tmp_path / "a.tar") as archive, (tmp_path / "one").open("rb") as one:

        class Shrinking:
            fileno = one.fileno

            def read(self, size: int) -> bytes:
                os.truncate(tmp_path / "one", 10)
                return one.read(size)

        archive.add("one", Shrinking())  # type: ignore[arg-type]  # all that is used of a file
        with (tmp_path / "two").open("rb") as two:
            archive.add("two", two)
    with tarfile.open(tmp_path / "a.tar") as tar:
        kept = {name: tar.extractfile(name) for name in tar.getnames()}
        assert {name: file.read() for name, file in kept.items() if file} == {
            "one": b"1" * 10 + bytes(99_990),
            "two": b"2" * 100_000,
        }
