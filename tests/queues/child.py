"""A process that works on a queue, for the tests to kill. Arguments: verb, directory, number."""

import sys
from pathlib import Path

from tagbot.lib.process_lock import AlreadyRunning
from tagbot.queues import Queue
from tagbot.queues.disk import disk_queues
from tests.queues import NAME


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def put(queue: Queue, number: int) -> None:
    """Put without end, telling of each message once it is stored."""
    while True:
        queue.put(f"m{number}", "face", {})
        say(f"m{number}")
        number += 1


def take(queue: Queue, number: int) -> None:
    """Park one message, keep one in hand, and wait to be killed."""
    for each in range(number):
        queue.put(f"m{each}", "face", {})
    parked, in_hand = queue.get(0), queue.get(0)
    assert parked is not None
    assert in_hand is not None
    parked.retry_after(3600, "busy")
    say(f"{parked.id} {in_hand.id}")
    sys.stdin.read()


def put_some(queue: Queue, number: int) -> None:
    """Put so many, telling of each once it is stored."""
    for each in range(number):
        queue.put(f"m{each}", "face", {})
        say(f"m{each}")


if __name__ == "__main__":
    verb, directory, number = sys.argv[1:]
    try:
        with disk_queues(Path(directory), [NAME]) as queues:
            {"put": put, "take": take, "put-some": put_some}[verb](queues[NAME], int(number))
    except AlreadyRunning as refused:
        sys.exit(str(refused))
