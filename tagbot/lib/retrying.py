"""Doing something again at once, where no queue keeps it for later: in the operator's commands."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from tagbot.errors import Retry

T = TypeVar("T")

PAUSES = 0.2, 1.0, 5.0
"""Seconds before another attempt: one refusal of many thousand calls should not end a command."""


def with_retries(act: Callable[[], T], pauses: Iterable[float] = PAUSES) -> T:
    """Do it, again after a pause where the world is busy; raises the last `Retry`."""
    for pause in pauses:
        try:
            return act()
        except Retry:
            time.sleep(pause)
    return act()
