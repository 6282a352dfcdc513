"""An older DATA_DIR, and all that the bot and its commands make, are their user's alone."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.maintenance.own_files import tighten_own_files
from tagbot.sandbox.driver import Slack
from tagbot.settings import Settings
from tests.scenario.running_bot import running_bot

OLD = (
    "tagbot.db", "tagbot.db-wal", "tagbot.db-shm", "tagbot.db.migrating", "bot-id",
    "queues/lock", "queues/face-tagging.db", "queues/face-tagging.db-wal", "queues/moved-to-x",
    "rejected/a.jpg", "rejected/a.jpg.error.txt", "inbox/b.jpg", "inbox/album/c.jpg",
    "images/4f/faces/x/crop.jpg",
)  # fmt: skip


@pytest.fixture
def umask() -> Iterator[None]:
    """Of an operator who lets everybody do everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def old_data_dir(data_dir: Path) -> None:
    for name in OLD:
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def open_to_others(data_dir: Path) -> list[str]:
    """What others may do anything with, below a folder and that itself."""
    found = [data_dir, *data_dir.rglob("*")]
    return [str(path.relative_to(data_dir)) for path in found if path.lstat().st_mode & 0o077]


def settings(data_dir: Path, **more: str) -> Settings:
    return Settings.from_env({"DATA_DIR": str(data_dir), **more}, for_slack=False)


@pytest.mark.rule("owner-only")
@pytest.mark.usefixtures("umask")
def test_all_of_an_older_data_dir_is_taken_away_from_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data_dir = tmp_path / "data"
    old_data_dir(data_dir)
    assert len(open_to_others(data_dir)) > len(OLD)
    with caplog.at_level(logging.WARNING):
        tighten_own_files(settings(data_dir))
    assert open_to_others(data_dir) == []
    assert [line for line in caplog.messages if "INBOX" not in line] == []
    [said] = caplog.messages
    assert said.startswith(f"{data_dir / 'inbox'} was open to other users")


@pytest.mark.rule("owner-only")
@pytest.mark.usefixtures("umask")
def test_what_is_not_the_bots_is_left_as_it_is(tmp_path: Path) -> None:
    old_data_dir(tmp_path)
    foreign = tmp_path / "thesis.txt"
    foreign.touch()
    (tmp_path / "inbox" / "linked.jpg").hardlink_to(foreign)
    (tmp_path / "rejected" / "link.jpg").symlink_to(foreign)
    tighten_own_files(settings(tmp_path))
    assert stat.S_IMODE(foreign.stat().st_mode) == 0o666
    left = {".", "thesis.txt", "inbox/linked.jpg", "rejected/link.jpg"}
    assert set(open_to_others(tmp_path)) - left == set()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux has it")
@pytest.mark.failure("files-open-to-others")
@pytest.mark.rule("no-person-in-log")
def test_what_cannot_be_taken_away_from_others_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Nobody, the administrator included, changes what lies in /proc; the bot only has to be led there.
    tighten_own_files(settings(tmp_path / "data", DATABASE_URL="sqlite:////proc/self/maps"))
    [said] = caplog.messages
    assert said.startswith("other users of this machine may be able to read 1 of the bot's files")
    assert "/proc/self:" in said, "its name may be a person's, as that of a photo in rejected/"


@pytest.mark.rule("owner-only")
@pytest.mark.usefixtures("umask")
def test_the_database_is_taken_away_from_others_wherever_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for name in ("faces", "faces-wal", "other"):
        (tmp_path / "elsewhere" / name).touch()
    url = f"sqlite:///{tmp_path}/elsewhere/faces"
    tighten_own_files(settings(tmp_path / "data", DATABASE_URL=url))
    assert open_to_others(tmp_path / "elsewhere") == [".", "other"]


@pytest.mark.rule("owner-only")
@pytest.mark.usefixtures("umask")
def test_the_bot_and_its_commands_make_nothing_that_others_can_read(tmp_path: Path, stand_in: Slack) -> None:
    data_dir = tmp_path / "data"
    old_data_dir(data_dir)
    for name in ("tagbot.db", "tagbot.db-wal", "tagbot.db-shm", "queues/face-tagging.db-wal"):
        (data_dir / name).unlink()
    (data_dir / "queues" / "face-tagging.db").unlink()
    photo = tmp_path / "photo.txt"
    photo.write_text("no picture")
    old_export = tmp_path / "faces.jsonl"
    old_export.touch(0o666)
    with running_bot(data_dir, stand_in) as bot:
        bot.put_portrait()
        bot.put("broken.jpg", b"no picture")
        stand_in.wait_for_message(timeout=30)
        stand_in.wait_for(lambda: (data_dir / "rejected" / "broken.jpg").exists() or None)
        for path in (old_export, tmp_path / "new.csv"):
            told = bot.command("export", "--format", path.suffix[1:], "--output", str(path))
            assert told.returncode == 0, told.stderr
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert bot.command("add", str(photo)).returncode == 1
        assert [name for name in open_to_others(data_dir) if name != "bot.log"] == []
