"""A queue's messages in figures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages a queue holds."""

    ready: int = 0
    delayed: int = 0
    """Waiting for their next attempt."""
    in_flight: int = 0
    """A stage works on them."""
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Messages of one queue that failed for the same reason."""

    state: str
    """`delayed` or `dead`."""
    error: str
    count: int
    since: float
    """When the oldest of them was first seen; seconds since 1970."""
    until: float | None = None
    """When the next of them is tried again; None for dead letters."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Since when messages have failed at each attempt: their first failure in a row, not when they came.
    Seconds since 1970; None where none does.
    """

    tried: float | None = None
    """Of those that are still tried, in whichever state, the one that began first."""
    given_up: float | None = None
    """Of those that were given up, the one that began last. Dead letters that never can work do not count."""
