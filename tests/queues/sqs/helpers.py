"""What the tests of the queues at Amazon SQS share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS
from tagbot.queues.sqs.sqs_queue import SqsQueue
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, SqsEngine, take

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


OUR_FAULT = "InvalidArgument"
"""What AWS answers to a call that it will never take."""


def attributes(sqs: SqsEngine, suffix: str = "") -> dict[str, str]:
    return sqs.door.attributes(f"{sqs.amazon.prefix}{NAME}{suffix}.fifo", "All")


def delete(sqs: SqsEngine, suffix: str = "") -> None:
    """As an operator does by mistake."""
    client, name = sqs.amazon.client("sqs"), f"{sqs.amazon.prefix}{NAME}{suffix}.fifo"
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])


def crash(sqs: SqsEngine) -> None:
    """Take a message and die: nobody says how that ended."""
    lost = SqsQueue(sqs.door, sqs.amazon.prefix, NAME, MAX_ATTEMPTS, sqs.clock)
    take(lost)
    sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS + 1)


@contextmanager
def database_away(folder: Path) -> Iterator[None]:
    """Where it was, there is something else."""
    (folder / "tagbot.db").rename(folder / "away.db")
    (folder / "tagbot.db").mkdir()
    yield
    (folder / "tagbot.db").rmdir()
    (folder / "away.db").rename(folder / "tagbot.db")
