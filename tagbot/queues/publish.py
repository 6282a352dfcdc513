"""Putting messages on their queues."""

from collections.abc import Mapping
from typing import Protocol

from tagbot.messages import Message


class Put(Protocol):
    """The part of a queue that takes messages."""

    def put(self, message_id: str, key: str, body: Mapping[str, object]) -> None:
        """Store a message; see `tagbot.queues.SharedQueue`."""


def publish(queues: Mapping[str, Put], message: Message) -> None:
    """Put a message on the queue of its kind; it is durable when this returns. Raises `Retry` when it could
    not be stored.
    """
    queues[message.QUEUE].put(message.id, message.key, message.to_json())
