"""A disk that fills: photos wait, answers are stored, and with room again all goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.lib.disk_room import NEARLY_FULL, share_used
from tagbot.sandbox.driver import Slack
from tests.scenario.running_bot import quiet, running_bot
from tests.world import portrait

SIZE = 64 * 1024 * 1024


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Path]:
    """A small one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can have a disk of its own")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.timeout(180)
@pytest.mark.rule("disk-nearly-full")
def test_photos_wait_answers_are_stored_and_with_room_again_all_goes_on(
    disk: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    data, filler = disk / "data", disk / "other-programs-files"
    with running_bot(data, stand_in, **at_rekognition) as bot:
        bot.put_portrait()
        asked = stand_in.wait_for_message(timeout=60)
        usage = os.statvfs(disk)
        filler.write_bytes(bytes(int(usage.f_bavail * usage.f_frsize - 0.03 * SIZE)))
        assert share_used(disk) > NEARLY_FULL
        (data / "inbox/second.json").write_text('{"faces": []}')
        bot.put("second.jpg", portrait(2))
        for tagger in stand_in.people[:2]:
            stand_in.choose(tagger, asked.ts, "tag_person", stand_in.people[2])
        bot.wait_for_status(
            lambda status: (
                status["faces"]["tagged"] == 1
                and status["inbox"] == 1
                and any(
                    "photos wait" in failing["reason"]
                    for each in status["bots"]
                    for failing in each["failing"]
                )
            ),
            60,
        )
        assert "photos wait in the inbox, and answers still have room" in bot.command("status").stdout
        filler.unlink()
        bot.wait_for_status(lambda status: status["photos_without_faces"] == 1 and quiet(status), 60)
        assert bot.stop() == 0
