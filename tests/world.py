"""A whole bot without its threads, for tests of its parts: real database, queues, pictures and recogniser.

Only Slack is a stand-in, over real HTTP. `World.drain` works through the queues in the test's own thread, so
that nothing happens behind a test's back; only what Slack shows is kept up to date by a thread, as in the
bot.
"""

import importlib.util
import io
import json
import logging
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cache, partial
from pathlib import Path

from PIL import Image

from tagbot import build
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.opening import connected, open_database
from tagbot.lib.process_pool import ProcessPool
from tagbot.messages import AnswerGiven, FaceStored, Message
from tagbot.monitoring import stats_words
from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoder import Decoder
from tagbot.photos.decoding import read_photo
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.rectangle import Rectangle
from tagbot.pipeline import PIPELINE
from tagbot.queues import Queue
from tagbot.queues.disk import disk_queues
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.services import Services
from tagbot.settings import Settings
from tagbot.training.backend import TrainingBackend
from tagbot.vocabulary import QueueName
from tagbot.worker import Worker, workers
from tests.recogniser import shared_recogniser

FACE = Rectangle(175, 76, 91, 91)
"""Where the face is in `astronaut()`."""

SIDECAR = json.dumps({"faces": [{"rectangle": asdict(FACE)}]}).encode()
"""The file beside a photo that says so."""


PORTRAIT_FACE = Rectangle(FACE.left - 100, FACE.top, FACE.width, FACE.height)
"""Where the face is in each `portrait`."""


def photographs() -> Path:
    """The folder of photographs that scikit-image brings along, found without importing it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("scikit-image, which brings the tests' photographs, is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def astronaut() -> bytes:
    """A photograph of a person: Eileen Collins, by NASA, in the public domain. PNG, 512 × 512"""
    return (photographs() / "astronaut.png").read_bytes()


@cache
def _portrait() -> Image.Image:
    return Image.open(io.BytesIO(astronaut())).convert("RGB").crop((100, 0, 340, 240))


def portrait(number: int) -> bytes:
    """The middle of `astronaut()` as a JPEG, for each number another file. To write a PNG takes fifty times
    as long, which counts where there are many.
    """
    written = io.BytesIO()
    _portrait().save(written, "JPEG", comment=str(number))
    return written.getvalue()


@cache
def face_pictures(rectangle: Rectangle) -> tuple[bytes, bytes]:
    """The crop and the context picture of a face in `astronaut()`, made once: that takes longer than most
    tests.
    """
    photo = read_photo(astronaut())
    return crop_face(photo, rectangle, []), context_picture(photo, rectangle)


def environment(data_dir: Path, slack: SlackStandIn, **more: str) -> dict[str, str]:
    """The settings of a bot on the stand-in, as its environment; fast where a real one is patient."""
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_CHANNEL": slack.channel,
        "SLACK_API_URL": slack.api_url,
        "SLACK_POSTS_PER_SECOND": "1000",
        "DATA_DIR": str(data_dir),
        "RETRY_BASE_SECONDS": "0.05",
        "RETRY_MAX_SECONDS": "0.2",
        # All faces of the tests are one person's: each is asked about by itself unless a test is about more.
        "MAX_GROUP": "1",
        "LINE_UP": "0",
        **more,
    }


DATABASE = "tagbot.db"
"""Where a bot has its database in its data folder, unless told otherwise."""

TOLD_SECONDS = 10.0
"""Longer than it takes to tell all members all that tests have told."""

CONNECTIONS = 60
"""More than any test has threads that reach for the database."""


@dataclass
class Clock:
    """The real one, and as far ahead as a test wants it."""

    offset: float = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset


@dataclass
class World:
    """The parts of one bot; `now` is its clock, which tests may set."""

    settings: Settings
    services: Services
    slack: SlackStandIn
    workers: list[Worker]
    clock: Clock

    @property
    def queues(self) -> Mapping[str, Queue]:
        """By name."""
        return self.services.queues

    def publish(self, message: Message) -> None:
        """Put a message on its queue."""
        self.services.publish(message)

    @property
    def offset(self) -> float:
        """Seconds by which the bot's clock is ahead of the real one."""
        return self.clock.offset

    @offset.setter
    def offset(self, seconds: float) -> None:
        self.clock.offset = seconds

    def face(
        self, face_id: str = "", *, posted: bool = False, stored_at: float | None = None, size: int = 91
    ) -> Face:
        """A face with its pictures in the database; with `posted`, its request is open in the channel."""
        face_id = face_id or str(uuid.uuid4())
        rectangle = Rectangle(FACE.left, FACE.top, size, size)
        crop, context = face_pictures(rectangle)
        self.services.images.put(crop_key(face_id), crop)
        self.services.images.put(context_key(face_id), context)
        now = self.services.now() if stored_at is None else stored_at
        sha256 = uuid.uuid4().hex * 2
        store_photo(
            {"sha256": sha256, "width": 512, "height": 512, "faces_found": 1, "received_at": now},
            [
                {
                    "id": face_id,
                    "photo": sha256,
                    "left": rectangle.left,
                    "top": rectangle.top,
                    "width": size,
                    "height": size,
                    "stored_at": now,
                    "pending": FaceStored(face_id=face_id).id,
                }
            ],
        )
        if posted:
            self.publish(FaceStored(face_id=face_id))
            self.drain()
        return Face.get_by_id(face_id)

    def answer(self, face: Face, tagger: str, answer: str, **more: object) -> AnswerGiven:
        """The message of somebody who answers now, in the face's round."""
        now = self.services.now()
        ts = (request_of(face).message_ts if face.request_id else None) or ""
        given = {
            "at": now,
            "received": now,
            "message_ts": ts,
            "round": face.round,
        } | more
        return AnswerGiven(face_id=face.id, tagger=tagger, answer=answer, **given)  # type: ignore[arg-type]  # as its fields are

    def drain(self) -> None:
        """Work through everything that is ready, the messages that follow included; then show what
        changed.
        """
        while sum(worker.work_once(timeout=0) for worker in self.workers):
            pass
        self.show()

    def told(self, member: str) -> list[str]:
        """What a member alone has been told, oldest first, once all of it has been."""
        self.services.tellings.wait_until_told(TOLD_SECONDS)
        return [message.text for message in self.slack.ephemerals(member)]

    def show(self) -> None:
        """Have Slack show what the database says."""
        for request_id in stale_in_slack():
            self.services.updates.show(request_id)

    def messages(self, queue: str) -> list[Message]:
        """Take what is ready in a queue, without working on it."""
        stage = next(stage for stage in PIPELINE if queue == stage.reads.QUEUE)
        taken: list[Message] = []
        while (delivery := self.queues[queue].get(timeout=0)) is not None:
            taken.append(stage.reads.from_json(delivery.body))
            delivery.ack()
        return taken


def request_of(face: Face) -> Request:
    """The request that a face, as it was read, is asked in."""
    return Request.get_by_id(face.request_id)


def ts_of(face: Face) -> str:
    """Slack's id of that request's message."""
    ts = request_of(face).message_ts
    assert ts is not None, "it was never posted"
    return ts


def with_publish(services: Services, publish: Callable[[Message], None]) -> Services:
    """The same services, where `publish` is done instead of putting a message on its queue."""

    class Published(Services):
        def publish(self, message: Message) -> None:
            publish(message)

    return Published(**{each.name: getattr(services, each.name) for each in fields(services)})


@contextmanager
def heard(text: str) -> Iterator[threading.Event]:
    """Set once the log is told of `text`."""
    told = threading.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                told.set()

    ear, log = Ear(), logging.getLogger("tagbot")
    log.addHandler(ear)
    try:
        yield told
    finally:
        log.removeHandler(ear)


@cache
def new_files() -> Mapping[Path, bytes]:
    """What a bot that starts for the first time makes in its data folder, with no row in it yet. Made once:
    to have the disk confirm every table takes longer than most tests.
    """
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        with disk_queues(data_dir / "queues", QueueName):
            open_database(f"sqlite:///{data_dir / DATABASE}")
        return {file.relative_to(data_dir): file.read_bytes() for file in data_dir.rglob("*.db")}


def write_new_files(data_dir: Path) -> None:
    """Let somebody's bot have started there once."""
    for file, content in new_files().items():
        (data_dir / file).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / file).write_bytes(content)


def new_database(path: Path) -> str:
    """The URL of a new database in a file at `path`, with nothing in its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(new_files()[Path(DATABASE)])
    return f"sqlite:///{path}"


@cache
def a_decoder() -> Decoder:
    """One for all worlds of this process, with which its processes end."""
    return Decoder(shared_recogniser())


@contextmanager
def a_world(
    data_dir: Path,
    slack: SlackStandIn,
    training: TrainingBackend,
    pool: ProcessPool | None = None,
    /,
    **variables: str,
) -> Iterator[World]:
    """A world of its own below `data_dir`, or the one that was there before. With the recogniser's processes
    in `pool` it makes vectors of faces.
    """
    if not (data_dir / "queues").exists():
        write_new_files(data_dir)
    settings = Settings.from_env(environment(data_dir, slack, **variables))
    stop, clock = threading.Event(), Clock()
    with build.queues(settings, clock.now) as queues:
        open_database(settings.database_url, connections=CONNECTIONS)
        services = build.services(
            settings,
            queues,
            stop,
            timeout=5,
            training=training,
            decoder=a_decoder(),
            pool=pool,
            clock=clock.now,
        )
        services.inbox.clock = clock.now
        services.inbox.prepare()
        world = World(settings, services, slack, workers(services), clock)
        threads = [threading.Thread(target=each.run) for each in (services.updates, services.tellings)]
        machine = partial(stats_words.of_today, settings)
        threads.append(threading.Thread(target=services.homes.run, args=(machine,)))
        for thread in threads:
            thread.start()
        try:
            with connected():
                yield world
        finally:
            stop.set()
            services.updates.wake()
            services.tellings.wake()
            services.homes.wake()
            for thread in threads:
                thread.join()
