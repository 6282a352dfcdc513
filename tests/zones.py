"""Time zones of our own, in which it is now whatever time a test needs: no clock is touched."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

DAY_SECONDS = 86_400


def zone_where_it_is(hour: int, minute: int, second: int, now: float) -> str:
    """A value of `TZ`, as POSIX writes zones, by which the moment `now` has this time of the day."""
    west = round(now) % DAY_SECONDS - (hour * 3_600 + minute * 60 + second)
    minutes, seconds = divmod(abs(west), 60)
    return f"<HERE>{'-' if west < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    """Let this process be in a time zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
