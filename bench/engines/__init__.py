"""Durable queues of the same shape: ours, and those that somebody might pick instead.

Each is set to be as safe as it can be: what `put` took survives a power cut. Where that is less than ours,
`Engine.less_safe` says what gets lost.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

IDLE_SECONDS = 0.001
"""The pause of whoever has to ask again and again whether there is a message."""


class Queue(Protocol):
    """One queue, as one thread uses it."""

    def put(self, text: str) -> None:
        """Store a message; it is on the disk when this returns."""

    def listen(self) -> None:
        """Get ready for `work`: this thread takes messages from here on, and puts none. What it writes need
        not wait for the disk, as a lost claim or acknowledgement only brings the message again.
        """

    def work(self, handle: Callable[[str], None]) -> bool:
        """Take one message, handle it, acknowledge it; whether there was one."""

    def close(self) -> None:
        """Let go of it."""


OpenQueue = Callable[[str], Queue]
"""Opens the queue of a name, in the thread that will use it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to have durable queues."""

    title: str
    opened: Callable[[Path], AbstractContextManager[OpenQueue]]
    """In a folder of its own; raises `Missing` where it does not run."""
    less_safe: str = ""
    """What it loses that ours keeps; empty where it is as safe."""


def engines() -> dict[str, Engine]:
    """By name. Not at import: a peer that is not installed is no trouble to the others."""
    from bench.engines import huey_sqlite, kombu_brokers, litequeue_full, ours

    return {
        "ours": Engine("ours", ours.opened),
        "huey": Engine("huey on SQLite", huey_sqlite.opened, less_safe="it loses tasks in hand"),
        "litequeue": Engine("litequeue, puts synced", litequeue_full.opened),
        "rabbitmq": Engine("RabbitMQ (kombu, durable classic queue, confirms)", kombu_brokers.rabbitmq),
        # kombu takes a message off its list (BRPOP), and only then notes that it is in hand.
        "redis": Engine(
            "Redis (kombu, appendfsync always)",
            kombu_brokers.redis,
            less_safe="it loses messages on their way to a worker",
        ),
    }
