"""A world whose faces are learned by Amazon Rekognition, with the stand-in in Amazon's place."""

import io
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagbot.aws import boto
from tagbot.aws.rekognition_api import RekognitionApi
from tagbot.database.models.bookkeeping import BackendCalls, Notice
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import ANYWAY, FaceReopened, FaceTagged
from tagbot.monitoring import status_figures, status_words
from tagbot.queues import Counts
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.training.rekognition.rekognition_backend import RekognitionBackend
from tagbot.training.usage import Ledger
from tagbot.vocabulary import State
from tagbot.worker import workers
from tests.clean_environment import NO_AWS
from tests.rekognition.ledger import Call
from tests.rekognition.pictures import SeenFace
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.rekognition.state import REGION, Rules
from tests.stages.scenes import fresh
from tests.world import World, a_world

_numbers = itertools.count(1)


def door(
    collection: str = "facetag",
    *,
    region: str | None = REGION,
    calls_per_second: float = 1000.0,
    **how: Any,
) -> RekognitionApi:
    """The door to the stand-in, as it is in the environment."""
    record = Ledger(time.time).record
    return RekognitionApi(collection, region, calls_per_second, record, threading.Event(), **how)


def backend_on(collection: str = "facetag", **how: Any) -> RekognitionBackend:
    """A backend as a bot builds it when it starts."""
    return RekognitionBackend(door(collection, **how), Ledger(time.time))


@dataclass
class Amazon:
    """A bot and its collection."""

    world: World
    service: Rekognition
    collection: str = "facetag"
    backend: RekognitionBackend = field(init=False)
    _earlier: int = 0
    _denied: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.use(backend_on())

    def begin(self, client: Any) -> None:
        """Begin another test in the same world: a bot that has just started, on a collection that nobody has
        made yet, and that has no face. `client` is one of an earlier test: to make one takes longer than most
        tests.
        """
        self.end()
        self.collection = f"test-{next(_numbers)}"
        aws = door(self.collection)
        aws._client = client
        self.use(RekognitionBackend(aws, Ledger(time.time)), max_attempts=20, max_faces_per_person=100)
        self._earlier = len(self.service.calls())
        with writing():
            Face.update(state=State.REJECTED, training_backend=None, person_ref=None, face_ref=None).execute()
            for table in (Notice, BackendCalls):
                table.delete().execute()
        for queue in self.world.queues.values():
            queue.redrive()
            while any(astuple(queue.counts())):
                if (left := queue.get(timeout=1)) is not None:
                    left.ack()

    @property
    def door(self) -> RekognitionApi:
        """What the bot calls AWS by."""
        return self.backend._aws

    def end(self) -> None:
        """Put right what a test has bent."""
        self.service.heal()
        self.service.look(lambda _: [SeenFace()])
        while self._denied:
            self.service.allow(self._denied.pop())
        for name, value in vars(Rules()).items():
            setattr(self.service.rules, name, value)

    def deny(self, action: str) -> None:
        """Take away a permission."""
        self._denied.append(action)
        self.service.deny(action)

    def restart(self, **how: Any) -> None:
        """The same bot in another process: it has forgotten what it only knew by heart."""
        self.backend.close()
        boto.session.cache_clear()
        self.use(backend_on(self.collection, **how))

    def use(self, backend: RekognitionBackend, **settings: Any) -> None:
        """Go on with another backend, and other settings."""
        self.backend = backend
        services = self.world.services
        services = replace(services, training=backend, settings=replace(services.settings, **settings))
        self.world.services = services
        self.world.workers = workers(services)

    # ------------------------------------------------------------ people

    def agreed(self, person: Person | None = None) -> Face:
        """A face that people agree on, not told of yet; its person is new unless given."""
        face = self.world.face(posted=True)
        self.vote(face, person or self.person())
        return face

    def person(self) -> Person:
        """Somebody new, without a Slack account."""
        return Person.with_name(f"Somebody {next(_numbers)}", None, time.time())

    def vote(self, face: Face, person: Person) -> None:
        """Let two people say who it is."""
        for tagger in self.world.slack.people[:2]:
            Vote.put(face_id=face.id, tagger=tagger, answer=person.id, round=face.round, at=time.time())

    def tell(self, face: Face, cause: str = "U1:1.0") -> None:
        """Tell that a vote on a face was stored; nothing is done about it yet."""
        self.world.publish(FaceTagged(face_id=face.id, round=fresh(face).round, cause=cause))

    def tagged(self, person: Person | None = None) -> Face:
        """A face that was tagged, and all queues empty."""
        face = self.agreed(person)
        self.tell(face)
        self.settle()
        assert fresh(face).state == "tagged", fresh(face).reason
        return fresh(face)

    def anyway(self, face: Face, cause: str = "U1:1.0") -> None:
        """An admin wants it trained."""
        self.tell(face, ANYWAY + cause)

    def wrong(self, face: Face) -> None:
        """Somebody says that the tag is wrong."""
        by = self.world.slack.people[0]
        self.world.publish(FaceReopened(face_id=face.id, round=fresh(face).round, by=by))

    # ------------------------------------------------------------ working

    def work(self, queue: str) -> None:
        """Work once on what is ready in a queue."""
        (worker,) = (each for each in self.world.workers if queue == each.stage.reads.QUEUE)
        assert worker.work_once(timeout=1), f"nothing is ready in {queue}"

    def settle(self) -> None:
        """Work through all queues, what waits for another attempt included."""
        self.world.drain()
        while waiting := self.waiting():
            for queue in waiting:
                self.work(queue)
            self.world.drain()

    def waiting(self) -> list[str]:
        """The queues in which something waits for another attempt."""
        return [name for name, queue in self.world.queues.items() if queue.counts().delayed]

    def counts(self, queue: str) -> Counts:
        """What is in a queue."""
        return self.world.queues[queue].counts()

    def trouble(self, queue: str) -> str:
        """Why the one message in a queue waits."""
        (trouble,) = self.world.queues[queue].troubles()
        return trouble.error

    # ------------------------------------------------------------ Amazon

    def do(self, operation: str, **request: Any) -> Any:
        """Something that the bot does not know of."""
        return self.service.do(operation, CollectionId=self.collection, **request)

    def vectors(self) -> Mapping[str, list[str]]:
        """The vectors by face."""
        return self.service.vectors(self.collection)

    def users(self) -> Mapping[str, list[str]]:
        """The vectors by person."""
        return self.service.users(self.collection)

    def calls(self, operation: str = "*") -> list[Call]:
        """The calls of this test."""
        return [call for call in self.service.calls()[self._earlier :] if operation in ("*", call.operation)]

    def called(self, since: int = 0) -> list[str]:
        """The operations that were called, by name."""
        return [call.operation for call in self.calls()[since:]]


def assert_is_in_the_model_once(amazon: Amazon, face: Face) -> None:
    """A tagged face with exactly one vector, which is its person's, and the database knows it."""
    face = fresh(face)
    assert (face.state, face.training_backend, face.reason) == ("tagged", "rekognition", None)
    assert amazon.vectors()[face.id] == [face.face_ref]
    assert [person for person, faces in amazon.users().items() if face.face_ref in faces] == [face.person_ref]


def unlike(similarity: float = 20.0) -> Callable[[object], list[SeenFace]]:
    """The machine finds every face too unlike its person."""
    return lambda _: [SeenFace(similarity=similarity)]


def picture(width: int, height: int, form: str = "JPEG", quality: int = 90) -> bytes:
    """A grey one."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, form, quality=quality)
    return out.getvalue()


def told(amazon: Amazon) -> str:
    """What `/facetag status` says."""
    return status_words.in_words(status_figures.collect(amazon.world.queues, amazon.world.services.inbox))


def forget_aws(environ: pytest.MonkeyPatch) -> None:
    """Take out of the environment whatever this machine itself knows of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        environ.delenv(name)
    for name, value in NO_AWS.items():
        environ.setenv(name, value)
    boto.session.cache_clear()


@contextmanager
def on_amazon(data_dir: Path, slack: Slack, service: Rekognition, **variables: str) -> Iterator[Amazon]:
    """A world of its own, with the stand-in in its environment."""
    with pytest.MonkeyPatch.context() as environ:
        forget_aws(environ)
        for name, value in service.environment().items():
            environ.setenv(name, value)
        quick = {"RETRY_BASE_SECONDS": "0.002", "RETRY_MAX_SECONDS": "0.01", **variables}
        with a_world(data_dir, slack, backend_on(), TRAINING_BACKEND="rekognition", **quick) as world:
            amazon = Amazon(world, service)
            try:
                yield amazon
            finally:
                amazon.backend.close()


@contextmanager
def a_bot_on_amazon(data_dir: Path, **variables: str) -> Iterator[Amazon]:
    """The same with a Slack and a Rekognition of its own."""
    with (
        running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack,
        running_rekognition() as service,
        on_amazon(data_dir, slack, service, **variables) as amazon,
    ):
        yield amazon


@contextmanager
def a_client(**how: Any) -> Iterator[Any]:
    """What a door calls AWS with, for the doors of several tests."""
    aws = door(**how)
    client = aws._connected()
    yield client
    client.close()


@pytest.fixture(scope="module", name="bot_on_amazon")
def _bot_on_amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    """One for all tests of a file: to start it takes longer than most of them."""
    with a_bot_on_amazon(tmp_path_factory.mktemp("bot")) as amazon:
        yield amazon


@pytest.fixture(scope="module", name="client_of_aws")
def _client_of_aws() -> Iterator[Any]:
    """As above."""
    with a_client() as client:
        yield client


@pytest.fixture(name="amazon")
def _amazon(bot_on_amazon: Amazon, client_of_aws: Any) -> Iterator[Amazon]:
    """The bot as if it had just started, on a collection of the test's own."""
    bot_on_amazon.begin(client_of_aws)
    yield bot_on_amazon
    bot_on_amazon.end()
