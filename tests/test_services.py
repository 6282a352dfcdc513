"""The bundle of parts: photos come only while there is room for them."""

import threading
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tagbot.errors import Retry
from tagbot.messages import AnswerGiven, FaceReopened
from tagbot.pipeline import PIPELINE
from tagbot.services import PhotosWhileThereIsRoom
from tagbot.slack import words
from tagbot.worker import Worker
from tests.world import World, astronaut, heard


@dataclass
class Disk:
    """Of a hundred bytes."""

    free: int

    def usage(self, _: Path) -> tuple[int, int, int]:
        return 100, 100 - self.free, self.free


@pytest.mark.rule("told-each-time", "who-has-a-say")
def test_of_several_faces_that_one_click_reopens_a_member_without_a_say_is_told_once(world: World) -> None:
    guest = world.slack.people[0]
    world.slack.set_member(guest, is_restricted=True)
    together = tuple(str(uuid.uuid4()) for _ in range(3))
    world.slack.fail("chat.postEphemeral", status=429, retry_after=2)  # all of it waits together
    for each in together:
        assert not world.services.heeds(FaceReopened(face_id=each, by=guest, together=together))
    assert not world.services.heeds(AnswerGiven(face_id=together[0], tagger=guest, answer=guest))
    assert world.told(guest) == [words.NO_SAY] * 2


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
