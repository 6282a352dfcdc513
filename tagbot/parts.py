"""Building the parts that the bot and its commands share, from the settings."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from threading import Event

from tagbot.database import open_database
from tagbot.image_store import FolderStore, ImageStore
from tagbot.inbox import Inbox
from tagbot.models import ModelVectors
from tagbot.pipeline import QUEUES
from tagbot.queues import Queue, SharedQueue
from tagbot.queues.disk import disk_queues, disk_queues_beside
from tagbot.settings import Settings
from tagbot.training import TrainingBackend
from tagbot.training.ledger import Ledger
from tagbot.training.local import LocalBackend


def inbox(settings: Settings) -> Inbox:
    """The inbox, its folders not made yet."""
    return Inbox(settings.inbox, settings.data_dir / "rejected")


def image_store(settings: Settings) -> ImageStore:
    """Where pictures are kept."""
    return FolderStore(settings.image_store)


def training_backend(settings: Settings, stop: Event | None = None) -> TrainingBackend:
    """What learns faces; raises `Reject` when something that it needs is not installed. `stop` ends its
    waiting.
    """
    if settings.training_backend == "local":
        return LocalBackend(ModelVectors())
    # Imported here: boto3 takes a fifth of a second and 30 MB, which a local bot can do without.
    from tagbot.training.aws import Aws
    from tagbot.training.rekognition import RekognitionBackend

    ledger = Ledger(time.time)
    aws = Aws(
        settings.rekognition_collection,
        settings.aws_region or None,
        settings.rekognition_calls_per_second,
        ledger.record,
        stop or Event(),
    )
    return RekognitionBackend(aws, ledger)


def queues(
    settings: Settings, now: Callable[[], float] = time.time
) -> AbstractContextManager[Mapping[str, Queue]]:
    """The queues of the flow for the bot itself; raises `AlreadyRunning` when another bot has them."""
    return disk_queues(settings.data_dir / "queues", QUEUES, now)


@contextmanager
def beside(settings: Settings) -> Iterator[Mapping[str, SharedQueue]]:
    """Database and queues for a command, whether or not the bot runs."""
    open_database(settings.database_url)
    with disk_queues_beside(settings.data_dir / "queues", QUEUES) as opened:
        yield opened
