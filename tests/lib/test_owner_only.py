import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tagbot.lib.owner_only import for_owner_alone, give_to_owner_of, take_over, tighten

NOBODY = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.rule("owner-only")
@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o755, 0o600), (0o440, 0o400)])
def test_a_file_is_taken_away_from_others_and_its_owner_gets_no_more(
    tmp_path: Path, before: int, after: int
) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    assert tighten(path)
    assert mode(path) == after


@pytest.mark.rule("owner-only")
def test_a_folder_stays_one_that_can_be_entered(tmp_path: Path) -> None:
    tmp_path.chmod(0o2777)
    assert tighten(tmp_path)
    assert mode(tmp_path) == 0o700


def test_where_a_link_leads_to_is_left_as_it_is(tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    link.symlink_to(elsewhere)
    assert tighten(link)
    assert mode(elsewhere) == 0o644


def test_what_is_gone_needs_nothing(tmp_path: Path) -> None:
    assert tighten(tmp_path / "gone")
    take_over(tmp_path / "gone")


@pytest.mark.rule("owner-only")
def test_what_is_made_meanwhile_is_the_owners(tmp_path: Path) -> None:
    with for_owner_alone():
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").touch()
    assert (mode(tmp_path / "folder"), mode(tmp_path / "file")) == (0o700, 0o600)


AS_NOBODY = """
import os, pathlib, shutil, sys, tempfile
from tagbot.lib.owner_only import take_over
os.setgid(65534); os.setuid(65534)
take_over(pathlib.Path(sys.argv[1]))
"""


@pytest.mark.process
@pytest.mark.rule("owner-only")
@pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator becomes another user")
def test_another_users_file_is_replaced_by_a_copy() -> None:
    with tempfile.TemporaryDirectory() as folder:  # others cannot reach the tests' own
        path = Path(folder) / "photo.jpg"
        path.write_bytes(b"a photo")
        path.chmod(0o644)  # the administrator's, as whom the tests run
        os.chown(folder, NOBODY, NOBODY)
        subprocess.run([sys.executable, "-c", AS_NOBODY, str(path)], check=True, timeout=30)
        assert (path.read_bytes(), mode(path), path.stat().st_uid) == (b"a photo", 0o600, NOBODY)
        assert [each.name for each in Path(folder).iterdir()] == ["photo.jpg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator gives files away")
def test_what_the_administrator_puts_into_anothers_folder_becomes_theirs(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.touch()
    os.chown(tmp_path, NOBODY, NOBODY)
    give_to_owner_of(tmp_path, path)
    assert path.stat().st_uid == NOBODY
