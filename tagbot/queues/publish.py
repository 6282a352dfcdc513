"""Putting messages on their queues."""

from collections.abc import Mapping
from typing import Protocol

from tagbot.messages import Message, Publish


class Put(Protocol):
    """The part of a queue that takes messages."""

    def put(self, message_id: str, key: str, body: Mapping[str, object]) -> None:
        """As `tagbot.queues.Queue` says."""


def publisher(queues: Mapping[str, Put]) -> Publish:
    """A `Publish` that finds the queue by the message's type."""

    def publish(message: Message) -> None:
        queues[message.QUEUE].put(message.id, message.key, message.to_json())

    return publish
