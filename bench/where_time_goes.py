"""Where the time of one hop and of one photo goes, from the same run as the table."""

import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import peewee

from bench.child import in_child
from bench.figures.hop import STAGE, store_answers
from bench.figures.intake import compose
from bench.rounds import Scale, say
from bench.sampling import Sampler
from bench.scene import scene
from bench.table import markdown
from tagbot.database import sqlite
from tagbot.database.models.asked import asked_in
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo
from tagbot.queues.disk.acknowledging import DiskDelivery
from tagbot.queues.disk.disk_queue import DiskQueue

T = TypeVar("T")

REST = "the worker and the stage around it"

OF_A_HOP: Mapping[Callable[..., object], str] = {
    DiskQueue.get: "claim the answer: one write that need not reach the disk",
    asked_in: "read the request with its faces",
    Vote.put: "store the vote",
    Request.answers_changed: "note that the request shows something else",
    peewee._transaction.__exit__: "commit: one write to the log",  # noqa: SLF001 - what is looked at
    sqlite.SqliteFile.on_disk_together: "wait until that is on the disk",
    DiskQueue.put: "put the next message: wait for the disk",
    DiskDelivery.ack: "acknowledge: one write that need not reach the disk",
    logging.Logger.log: "the line in the log",
}
"""What a function's time is spent on."""


def described(scale: Scale) -> str:
    """Two tables."""
    say("where the time goes …")
    hop = in_child(f"{__name__}:of_a_hop", hops=scale.of(1000, 300))
    photo = in_child(f"{__name__}:of_a_photo", photos=scale.of(12, 6))
    return (
        "One hop, by what one worker does, in a run of its own; looked at every 0.3 ms, it makes "
        f"{1000 / sum(hop.values()):.0f} hops a second:\n\n"
        f"{_table(hop)}\n\n"
        "One photo, of the same as above, one after the other; with the recogniser in the same process, so "
        "that its parts can be told apart:\n\n"
        f"{_table(photo)}"
    )


def _table(milliseconds: Mapping[str, float]) -> str:
    whole = sum(milliseconds.values())
    rows = [(what, f"{each:.2f}", f"{each / whole:.0%}") for what, each in milliseconds.items()]
    return markdown(("what", "ms", "of all"), [*rows, ("together", f"{whole:.2f}", "")])


def of_a_hop(hops: int) -> dict[str, float]:
    """In a child: milliseconds of one hop, by what they are spent on."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene:
        store_answers(the_scene, hops)
        worker = the_scene.worker(STAGE)
        with Sampler(OF_A_HOP, REST) as sampler:
            for _ in range(hops):
                worker.work_once(timeout=0)
    return {what: sampler.seconds[what] * 1000 / hops for what in (*OF_A_HOP.values(), REST)}


def of_a_photo(photos: int) -> dict[str, float]:
    """In a child: milliseconds of one photo, by what they are spent on."""
    from tagbot.training.dlib_faces import Recogniser

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compose(folder, photos)
        took = TakenApart(Recogniser(), FolderStore(folder / "stored"))
        for path in sorted(folder.glob("*.jpg")):
            took.take_in(path.read_bytes())
    return {what: seconds * 1000 / photos for what, seconds in took.seconds.items()}


class TakenApart:
    """What DetectFaces does with a photo, step by step."""

    def __init__(self, recogniser: Any, store: FolderStore) -> None:
        self._recogniser = recogniser
        self._store = store
        self._number = 0
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By what they were spent on."""

    def take_in(self, data: bytes) -> None:
        """One photo."""
        photo = self._timed("decode it", read_photo, data)
        whole = self._timed("make the JPEG that is kept", stored_photo, photo)
        again = self._timed("decode that in the recogniser’s process", read_photo, whole)
        faces = self._timed("find the faces (dlib)", self._recogniser.find, again)
        cut = self._timed("cut crops and contexts", _cut_all, photo, faces)
        self._timed("store the pictures: wait for the disk", self._put_all, [whole, *cut])

    def _timed(self, what: str, work: Callable[..., T], *arguments: Any) -> T:
        started = time.perf_counter()
        made = work(*arguments)
        self.seconds[what] += time.perf_counter() - started
        return made

    def _put_all(self, contents: Sequence[bytes]) -> None:
        for content in contents:
            self._number += 1
            self._store.put(f"bench/{self._number}.jpg", content)


def _cut_all(photo: Photo, faces: Sequence[Rectangle]) -> list[bytes]:
    return [crop_face(photo, face, []) for face in faces] + [context_picture(photo, face) for face in faces]
