"""`status` says how much lies where, and when the disk will be full."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tagbot.monitoring import status_figures, status_words
from tagbot.monitoring.disk_figures import MOST_SAMPLES, figures, measure
from tagbot.schedule.timed_jobs import measure_disk
from tagbot.settings import Settings
from tests.world import World

DAY = 86_400.0
NOW = 1_795_424_400.0


@dataclass
class Disk:
    """Of a gigabyte."""

    free: int = 600_000_000

    def usage(self, _: Path) -> tuple[int, int, int]:
        return 1_000_000_000, 1_000_000_000 - self.free, self.free


def settings(data_dir: Path, **more: str) -> Settings:
    return Settings.from_env({"DATA_DIR": str(data_dir), **more}, for_slack=False)


def write(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


@pytest.mark.rule("status-disk")
def test_each_file_counts_where_it_belongs(tmp_path: Path) -> None:
    here = settings(tmp_path / "data", IMAGE_STORE=str(tmp_path / "pictures"))
    for name, size in {
        "data/tagbot.db": 1, "data/tagbot.db-wal": 2, "data/queues/face-found.db": 4, "data/inbox/a/b.jpg": 8,
        "data/rejected/c.jpg": 16, "data/models/d.onnx": 32, "data/opt-out.key": 64, "pictures/4f/e.jpg": 128,
    }.items():  # fmt: skip
        write(tmp_path / name, size)
    measure(here, NOW)
    found = figures(here, NOW)
    assert found
    assert found["bytes"] == {
        "database": 3, "queues": 4, "inbox": 8, "rejected": 16, "models": 32, "other": 64, "pictures": 128,
    }  # fmt: skip


@pytest.mark.rule("status-disk")
def test_the_pace_of_two_weeks_tells_when_it_is_full(tmp_path: Path) -> None:
    here, disk = settings(tmp_path), Disk()
    measure(here, NOW - 20 * DAY, disk.usage)
    disk.free = 500_000_000
    measure(here, NOW - 10 * DAY, disk.usage)
    assert full_at(here, NOW - 10 * DAY, disk) == NOW - 10 * DAY + 50 * DAY
    disk.free = 400_000_000
    measure(here, NOW, disk.usage)  # what was before the two weeks is forgotten
    assert full_at(here, NOW, disk) == NOW + 40 * DAY
    disk.free = 450_000_000
    assert full_at(here, NOW, disk) == NOW + 90 * DAY
    disk.free = 900_000_000
    assert full_at(here, NOW, disk) is None, "it empties"


@pytest.mark.rule("status-disk")
def test_a_disk_that_hardly_fills_is_not_told_to(world: World) -> None:
    disk = Disk()
    measure(world.settings, NOW - 10 * DAY, disk.usage)
    disk.free -= 1000
    assert full_at(world.settings, NOW, disk) is None
    status = status_figures.collect(
        world.queues, world.services.inbox, disk=figures(world.settings, NOW, disk.usage)
    )
    assert "At this pace" not in status_words.in_words(status)


def full_at(here: Settings, now: float, disk: Disk) -> object:
    found = figures(here, now, disk.usage)
    assert found
    return found["full_at"]


@pytest.mark.rule("status-disk")
def test_it_never_notes_more_than_it_can_use(tmp_path: Path) -> None:
    here, disk = settings(tmp_path), Disk()
    for hour in range(24 * 14):
        measure(here, NOW + hour * 3600, disk.usage)
        if hour > 2:
            break
    for hour in range(MOST_SAMPLES + 50):
        measure(here, NOW + 4 * 3600 + hour, disk.usage)
    assert (tmp_path / "disk.json").stat().st_size < 60 * MOST_SAMPLES
    assert full_at(here, NOW + 10 * 3600, Disk(300_000_000)) == pytest.approx(NOW + 20 * 3600, abs=60)


def test_before_it_was_measured_and_after_a_power_cut_nothing_is_told(tmp_path: Path) -> None:
    assert figures(settings(tmp_path), NOW) is None
    (tmp_path / "disk.json").write_text('{"at": 1')
    assert figures(settings(tmp_path), NOW) is None


@pytest.mark.rule("status-disk", "disk-nearly-full")
def test_status_says_so_in_words(world: World) -> None:
    measure_disk(world.services)
    disk = Disk()
    measure(world.settings, NOW - 10 * DAY, disk.usage)
    disk.free = 40_000_000
    told = figures(world.settings, NOW, disk.usage)
    words = status_words.in_words(
        status_figures.collect(world.queues, world.services.inbox, disk=told)
        | {"at": "2026-11-23T09:00:00+00:00"}
    )
    [line] = [line for line in words.splitlines() if line.startswith("Disk: ")]
    assert "database " in line
    assert "40.0 MB of 1.0 GB are free. At this pace it is full in 17 hours." in line
    assert "Please look at this: the disk of" in words
    assert "is 96 % full: photos wait in the inbox, and answers still have room" in words
