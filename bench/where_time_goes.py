"""Where the time of one hop and of one photo goes, from the same run as the table."""

import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import peewee

from bench.child import in_child
from bench.figures.hop import STAGE, store_answers
from bench.figures.intake import compose, load
from bench.rounds import Scale, say
from bench.sampling import Sampler
from bench.scene import scene
from bench.table import markdown
from tagbot.database import sqlite
from tagbot.database.models.asked import asked_in
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.photos.decoder import DecodedPhoto, Decoder
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.photos.rectangle import Rectangle
from tagbot.queues.disk.acknowledging import DiskDelivery
from tagbot.queues.disk.disk_queue import DiskQueue
from tagbot.training.local import recogniser_processes
from tests.recogniser import NO_MODELS

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
        "One photo, of the same as above, one after the other:\n\n"
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
    decoder = Decoder(recogniser_processes(NO_MODELS, processes=1))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compose(folder, photos)
        load(decoder)
        took = TakenApart(decoder, FolderStore(folder / "stored"))
        for path in sorted(folder.glob("*.jpg")):
            took.take_in(path.read_bytes())
    decoder.close()
    return {what: seconds * 1000 / photos for what, seconds in took.seconds.items()}


class TakenApart:
    """What DetectFaces does with a photo, step by step."""

    def __init__(self, decoder: Decoder, store: FolderStore) -> None:
        self._decoder = decoder
        self._store = store
        self._number = 0
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By what they were spent on."""

    def take_in(self, data: bytes) -> None:
        """One photo."""
        with ExitStack() as stack:
            photo = self._timed("decode it", lambda: stack.enter_context(self._decoder.decoded(data)))
            faces = self._timed("find the faces", photo.faces)
            self._timed("measure how sharp they are", photo.sharpness, faces)
            named = [(str(number), face) for number, face in enumerate(faces)]
            whole = self._timed("make the JPEG that is kept", photo.whole)
            cut = self._timed("cut crops and contexts", _cut_all, photo, named)
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


def _cut_all(photo: DecodedPhoto, faces: Sequence[tuple[str, Rectangle]]) -> list[bytes]:
    return [picture for number in range(len(faces)) for picture in photo.pictures(faces, number).values()]
