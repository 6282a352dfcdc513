"""The bundle of parts: photos come only while there is room for them."""

import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tagbot.errors import Retry
from tagbot.pipeline import PIPELINE
from tagbot.services import PhotosWhileThereIsRoom
from tagbot.worker import Worker
from tests.world import World, astronaut, heard


@dataclass
class Disk:
    """Of a hundred bytes."""

    free: int

    def usage(self, _: Path) -> tuple[int, int, int]:
        return 100, 100 - self.free, self.free


@pytest.mark.rule("disk-nearly-full")
@pytest.mark.failure("disk-nearly-full")
def test_photos_wait_in_the_inbox_until_there_is_room_and_the_operator_is_told(world: World) -> None:
    disk, stop = Disk(free=5), threading.Event()
    world.clock.offset = 60
    photo = world.settings.data_dir / "inbox" / "photo.png"
    photo.write_bytes(astronaut())
    photo.with_suffix(".json").write_text('{"faces": []}')
    photos = PhotosWhileThereIsRoom(world.services.inbox, world.settings.written_to, disk.usage)
    with pytest.raises(Retry, match="95 % full"):
        photos.get(timeout=0)
    [detect, *_] = PIPELINE
    worker = Worker(detect, photos, replace(world.services))
    with heard("DetectFaces cannot take messages") as told:
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            assert told.wait(10)
            [failing] = world.services.in_flight.health.failing()
            assert "photos wait in the inbox" in failing.reason
            assert photo.exists()
            disk.free = 50
            until = time.monotonic() + 20
            while photo.exists():
                assert time.monotonic() < until
                world.clock.offset += 2  # for so long, it has stood still
                stop.wait(0.1)
        finally:
            stop.set()
            thread.join()
    assert not photo.exists()
    assert world.services.in_flight.health.failing() == []
