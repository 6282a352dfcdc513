"""Durable queues on Amazon SQS: FIFO queues, which any number of bots work on at once.

A message's group is what it is about (a face's id): SQS hands out one message of a group at a time, in order,
over all bots. docs/aws.md tells how SQS's own means are used, and which figures are only approximate.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager

from tagbot.aws.sqs_api import Sqs
from tagbot.queues import FillableQueue, Queue
from tagbot.queues.sqs.in_flight_messages import Clock
from tagbot.queues.sqs.sqs_queue import SqsQueue
from tagbot.queues.sqs.visibility_timeout import EXTENSION_SECONDS


@contextmanager
def sqs_queues(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock = time.time
) -> Iterator[Mapping[str, Queue]]:
    """The queues by their names, for a bot, beside any number of others."""
    over = threading.Event()
    with _opened(door, prefix, names, max_attempts, clock) as queues:
        threading.Thread(
            target=_keep_invisible, args=(list(queues.values()), over), name="visibility", daemon=True
        ).start()
        try:
            yield queues
        finally:
            over.set()


@contextmanager
def sqs_queues_beside(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock = time.time
) -> Iterator[Mapping[str, FillableQueue]]:
    """The queues by their names, for a command: whether or not a bot runs, but to fill them."""
    with _opened(door, prefix, names, max_attempts, clock) as queues:
        yield queues


@contextmanager
def _opened(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock
) -> Iterator[dict[str, SqsQueue]]:
    with ExitStack() as stack:
        stack.callback(door.close)
        yield {
            name: stack.enter_context(closing(SqsQueue(door, prefix, name, max_attempts, clock)))
            for name in names
        }


def _keep_invisible(queues: Iterable[SqsQueue], over: threading.Event) -> None:
    for queue in queues:
        queue.find()
    while not over.wait(EXTENSION_SECONDS):
        for queue in queues:
            queue.visibility.extend()
