"""What is measured, one figure a module, each with a `NOTE` on what is the same on both sides, and `measure`,
which gives lines of the table.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Protocol, cast

from bench.rounds import Scale
from bench.table import Line

NAMES = (
    "messages",
    "hop",
    "click",
    "homes",
    "intake",
    "posts",
    "startup",
    "growth",
    "calls",
    "crowd",
    "likeness",
)
"""Of the modules, in the order of the table."""


class Figure(Protocol):
    """Such a module."""

    NOTE: str
    measure: Callable[[Scale], Iterator[Line]]


def figure(name: str) -> Figure:
    """One of them, loaded when it is asked for: a child that needs one would wait for all."""
    return cast(Figure, import_module(f"{__name__}.{name}"))
