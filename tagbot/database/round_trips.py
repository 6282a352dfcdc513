"""How often a database is asked, and how long it takes: counted for the metrics, on both engines."""

import time
from typing import Any

from tagbot.lib.metrics import ROUND_TRIPS


class CountedRoundTrips:
    """Before a database of Peewee's in the order of its classes."""

    def execute_sql(self, *statement: Any, **options: Any) -> Any:
        """As Peewee does it."""
        started = time.perf_counter()
        try:
            return super().execute_sql(*statement, **options)  # type: ignore[misc]  # Peewee's
        finally:
            ROUND_TRIPS.observe(time.perf_counter() - started)

    def commit(self) -> Any:
        """As Peewee does it, where a commit goes no other way."""
        started = time.perf_counter()
        try:
            return super().commit()  # type: ignore[misc]  # as above
        finally:
            ROUND_TRIPS.observe(time.perf_counter() - started)
