"""A lock with a name, over all bots on one database."""

from collections.abc import Iterator
from contextlib import contextmanager

from tagbot.database.models.base import database


@contextmanager
def alone(name: str, *, wait: bool = True) -> Iterator[bool]:
    """Whether this thread, which is connected, has `name` to itself until the end of the block. With `wait`
    it does, or `Retry` says that it took too long.
    """
    with database.obj.alone(name, wait=wait) as mine:
        yield mine
