"""Building the parts that the bot and its commands share, from the settings."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from tagbot.aws import rights
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.places import Places, one_by_one
from tagbot.database.models.vectors import ModelVectors
from tagbot.database.models.waiting import StoredFaces
from tagbot.database.opening import open_database
from tagbot.database.shared_clock import SharedClock
from tagbot.database.shared_rate_limit import SharedRateLimit
from tagbot.lib.in_flight import WorkInFlight
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.lib.process_lock import ProcessLock
from tagbot.lib.process_pool import ProcessPool
from tagbot.lib.rate_limit import MakeRateLimit, own_rate_limits
from tagbot.photos.decoder import Decoder
from tagbot.photos.image_store import ImageStore
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.photos.image_store.s3_store import S3Store
from tagbot.photos.inbox import Inbox
from tagbot.photos.inbox.folder_inbox import FolderInbox
from tagbot.photos.photos_in_flight import PhotosInFlight
from tagbot.queues import FillableQueue, Queue, SharedQueue
from tagbot.queues.disk import disk_queues, disk_queues_beside
from tagbot.services import Services
from tagbot.settings import Settings
from tagbot.settings.values import S3Place
from tagbot.slack.api import TIMEOUT_SECONDS, SlackApi
from tagbot.slack.client import Slack
from tagbot.slack.ephemeral_messages import Tellings
from tagbot.slack.homes import Homes
from tagbot.slack.updates import Updates
from tagbot.training.backend import TrainingBackend
from tagbot.training.local import LocalBackend, recogniser_if_installed, recogniser_processes
from tagbot.training.machine import Machine
from tagbot.training.other_models import OtherModels, StoredVectors
from tagbot.training.recogniser_pool import RecogniserPool
from tagbot.training.usage import Ledger
from tagbot.vocabulary import QueueName

if TYPE_CHECKING:
    from tagbot.aws.s3_api import Bucket
    from tagbot.aws.sqs_api import Sqs
    from tagbot.training.rekognition.rekognition_backend import RekognitionBackend


Queues = Mapping[str, Queue]
"""The durable queues of the flow, by name."""

# The doors to Amazon are imported where they are used: boto3 takes a fifth of a second and 30 MB, which a bot
# that keeps all on its own machine can do without.


def services(
    settings: Settings,
    queues: Queues,
    quiet: Event,
    *,
    timeout: int = TIMEOUT_SECONDS,
    training: TrainingBackend | None = None,
    decoder: Decoder | None = None,
    pool: ProcessPool | None = None,
    clock: Callable[[], float] = time.time,
) -> Services:
    """All that stages, handlers and timed jobs may reach for. `quiet`, once set, ends all waiting for
    others; `timeout` is that of one call of Slack; `pool` has the recogniser's processes, where `training`
    is given with some already; `clock` is the machine's, in seconds since 1970.
    """
    shared = SharedClock(clock)
    slack = Slack(
        SlackApi.of(settings, timeout),
        settings.slack_channel,
        settings.slack_posts_per_second,
        quiet,
        rate_limits=rate_limits(settings),
    )
    pool = pool or (None if training else recogniser_pool(settings))
    training = training or training_backend(settings, quiet, pool)
    seen, key = machine(training, pool), opt_out_key(settings)
    return Services(
        settings=settings,
        inbox=inbox(settings),
        decoder=decoder or Decoder(pool),
        photos_in_flight=PhotosInFlight(settings.data_dir / "queues" / "in-flight"),
        images=image_store(settings),
        training=training,
        machine=seen,
        other_models=other_models(settings, quiet),
        slack=slack,
        updates=Updates(slack, quiet, settings.rule, shared.now),
        tellings=Tellings(slack.channel.tell, quiet, posts_per_second=settings.slack_posts_per_second),
        homes=Homes(slack, settings, key, quiet, shared.now),
        places=places(settings, seen, shared.now),
        opt_out_key=key,
        queues=queues,
        now=shared.now,
        put_clock_right=shared.put_right,
        in_flight=WorkInFlight(now=shared.now),
    )


def opt_out_key(settings: Settings) -> KeyedHash:
    """The key of this DATA_DIR, made at the first start; raises `Reject`."""
    return KeyedHash.in_file(settings.data_dir / "opt-out.key")


def inbox(settings: Settings) -> Inbox:
    """The inbox, its folders not made yet."""
    if isinstance(settings.inbox, Path):
        return FolderInbox(settings.inbox, settings.data_dir / "rejected")
    from tagbot.photos.inbox.s3_inbox import S3Inbox

    rejected = settings.inbox.beside("rejected")
    events = None
    if settings.inbox_events:
        from tagbot.aws.s3_events import Events

        place = settings.inbox
        events = Events(_sqs(settings), settings.inbox_events, place.bucket, place.prefix)
    return S3Inbox(_bucket(settings, settings.inbox), _bucket(settings, rejected), events)


def image_store(settings: Settings) -> ImageStore:
    """Where pictures are kept."""
    if isinstance(settings.image_store, Path):
        return FolderStore(settings.image_store)
    return S3Store(_bucket(settings, settings.image_store))


def _bucket(settings: Settings, place: S3Place) -> "Bucket":
    from tagbot.aws.s3_api import Bucket

    return Bucket(place.bucket, place.prefix, settings.aws_region or None)


def iam_policy(settings: Settings) -> dict[str, Any] | None:
    """The least rights that the bot needs at AWS; None where it uses nothing there."""
    statements = list(rights.statements(settings))
    if settings.training_backend == "rekognition":
        statements += _rekognition(settings, Event()).policy()["Statement"]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def rate_limits(settings: Settings) -> MakeRateLimit:
    """Rate limits: shared with the bots on other machines, where the database is one that they can share."""
    return own_rate_limits() if settings.database_url.startswith("sqlite:") else SharedRateLimit


def training_backend(
    settings: Settings, stop: Event | None = None, pool: ProcessPool | None = None
) -> TrainingBackend:
    """The backend that learns faces; raises `Reject` when something that it needs is not installed. `stop`
    ends its waiting; `pool` has the recogniser's processes, where there are any.
    """
    if settings.training_backend == "local":
        return LocalBackend(
            ModelVectors(),
            pool or recogniser_processes(settings.models),
            seen=FaceVector.model_and_vector,
        )
    return _rekognition(settings, stop or Event())


def recogniser_pool(settings: Settings) -> ProcessPool | None:
    """The recogniser's processes; None where it is not installed and not needed. Raises `Reject`."""
    is_needed = settings.training_backend == "local"
    return (recogniser_processes if is_needed else recogniser_if_installed)(settings.models)


def places(settings: Settings, machine: Machine, now: Callable[[], float]) -> Places:
    """The places in the channel; what is alike is asked about together, where faces are compared."""
    most = settings.max_open_requests
    if not settings.compares_faces:
        return Places(most, one_by_one(now), largest=settings.max_group)
    alike = machine.next_requests(settings.max_group, most, now)
    return Places(most, lambda waiting, free: alike(free, waiting.arriving), largest=settings.max_group)


def machine(training: TrainingBackend, pool: ProcessPool | None) -> Machine:
    """Faces are compared on this machine, or by a training backend that does so itself."""
    recogniser = RecogniserPool(pool) if pool else None
    return Machine(recogniser, training.search, ModelVectors(), StoredFaces())


def other_models(settings: Settings, stop: Event) -> OtherModels:
    """The models of the backends that are not set, by name."""
    return OtherModels(lambda name: StoredVectors() if name == "local" else _rekognition(settings, stop))


def _rekognition(settings: Settings, stop: Event) -> "RekognitionBackend":
    from tagbot.aws.rekognition_api import RekognitionApi
    from tagbot.training.rekognition.rekognition_backend import RekognitionBackend

    ledger = Ledger(time.time)
    aws = RekognitionApi(
        settings.rekognition_collection,
        settings.aws_region or None,
        settings.rekognition_calls_per_second,
        ledger.record,
        stop,
        turns=rate_limits(settings),
    )
    return RekognitionBackend(aws, ledger)


@contextmanager
def queues(settings: Settings, now: Callable[[], float] = time.time) -> Iterator[Queues]:
    """The queues of the flow for a bot; raises `AlreadyRunning` when another bot has this DATA_DIR."""
    if settings.queue_prefix is None:
        with disk_queues(settings.data_dir / "queues", QueueName, now) as on_disk:
            yield on_disk
        return
    from tagbot.queues.sqs import sqs_queues

    place = _sqs(settings), settings.queue_prefix, QueueName, settings.max_attempts, now
    with only_bot(settings), sqs_queues(*place) as at_amazon:
        yield at_amazon


def only_bot(settings: Settings) -> ProcessLock:
    """The lock that a bot holds as long as it runs, wherever its queues are: a DATA_DIR has one at a time."""
    return ProcessLock(settings.data_dir / "queues" / "lock")


@contextmanager
def queues_to_fill(settings: Settings) -> Iterator[Mapping[str, FillableQueue]]:
    """The queues at Amazon beside a bot, also for what lies on the disk; the database has to be open."""
    from tagbot.queues.sqs import sqs_queues_beside

    place = _sqs(settings), settings.queue_prefix or "", QueueName, settings.max_attempts
    with sqs_queues_beside(*place) as at_amazon:
        yield at_amazon


@contextmanager
def beside(settings: Settings) -> Iterator[Mapping[str, SharedQueue]]:
    """Database and queues for a command, whether or not the bot runs."""
    open_database(settings.database_url)
    with queues_beside(settings) as opened:
        yield opened


@contextmanager
def queues_beside(settings: Settings) -> Iterator[Mapping[str, SharedQueue]]:
    """The queues for a command; those at Amazon need the database to be open."""
    if settings.queue_prefix is None:
        with disk_queues_beside(settings.data_dir / "queues", QueueName) as on_disk:
            yield on_disk
        return
    with queues_to_fill(settings) as at_amazon:
        yield at_amazon


def _sqs(settings: Settings) -> "Sqs":
    from tagbot.aws.sqs_api import Sqs

    return Sqs(settings.aws_region or None)
