"""Moving what a bot keeps to another place: in steps that may be interrupted at any moment, and compared at
the end. What was here stays as it is.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tagbot.errors import Retry

T = TypeVar("T")

PAUSES = 0.2, 1.0, 5.0
"""Seconds before another attempt at something: one refusal of many thousand calls should not end a move."""


@dataclass(frozen=True, slots=True)
class Content:
    """What there is of something, in whichever place and order."""

    count: int = 0
    total: int = 0
    """The sum of all hashes."""

    @property
    def digest(self) -> str:
        """The sum in hexadecimal."""
        return f"{self.total:064x}"

    def plus(self, sha256: bytes) -> "Content":
        """The same with one more, which has this hash."""
        return Content(self.count + 1, (self.total + int.from_bytes(sha256)) % 2**256)


@dataclass(frozen=True, slots=True)
class Compared:
    """Something as it is in both places."""

    name: str
    source: Content
    target: Content

    @property
    def is_equal(self) -> bool:
        """Whether nothing got lost or changed."""
        return self.source == self.target


def insist(act: Callable[[], T], pauses: Iterable[float] = PAUSES) -> T:
    """Do it, again after a pause where the world is busy; raises the last `Retry`."""
    for pause in pauses:
        try:
            return act()
        except Retry:
            time.sleep(pause)
    return act()
