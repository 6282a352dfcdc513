"""Named moments in the work on a message, at which a test lets the bot die to show that nothing is lost.

In a bot that runs for real nobody listens, and to reach a point does nothing.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TAKEN = "taken"
"""A stage has a message in hand; the thread that shows changes, a face."""
BEFORE_CALL = "before a call"
AFTER_CALL = "after a call"
"""Of somebody outside: what was asked for has been done, and nothing of it is noted yet."""
AFTER_COMMIT = "after a commit"
AFTER_OUTPUT = "after an output"
BEFORE_ACKNOWLEDGEMENT = "before the acknowledgement"

POINTS = (TAKEN, BEFORE_CALL, AFTER_CALL, AFTER_COMMIT, AFTER_OUTPUT, BEFORE_ACKNOWLEDGEMENT)

Listener = Callable[[str, str], None]
"""Is told the stage and the point; what it raises, or whether it returns at all, is the test's affair."""

_listener: Listener | None = None
_work = threading.local()


def reach(point: str) -> None:
    """Say that the stage that works in this thread, if one does, has come to a point."""
    stage = getattr(_work, "stage", None)
    if _listener is not None and stage is not None:
        _listener(stage, point)


@contextmanager
def working_on(stage: str) -> Iterator[None]:
    """Say which stage works in this thread."""
    _work.stage = stage
    try:
        yield
    finally:
        _work.stage = None


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a test told of every point that is reached."""
    global _listener  # noqa: PLW0603 - one process dies as a whole
    _listener = listener
    try:
        yield
    finally:
        _listener = None
