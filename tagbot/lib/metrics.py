"""Counts of what the bot does. With METRICS_PORT, `tagbot.monitoring.prometheus` shows them.

No label's value comes from outside: each is a word of ours, or of a service's own list of methods.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

Labels = tuple[str, ...]
"""The values of a metric's labels, in the order of their names."""

OK, BUSY, REFUSED, NO_ANSWER = "ok", "busy", "refused", "no_answer"
"""The ends of a call to another company's service."""


class Counter:
    """Grows by one at a time; any thread may count."""

    def __init__(self, name: str, means: str, *labels: str) -> None:
        """`name` without the `_total` that Prometheus adds; `labels` are their names."""
        self.name: Final = name
        self.means: Final = means
        self.labels: Final = labels
        self._lock = threading.Lock()
        self._counts: dict[Labels, int] = {}

    def add(self, *labels: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[labels] = self._counts.get(labels, 0) + 1

    def counts(self) -> Mapping[Labels, int]:
        """Since the process began."""
        with self._lock:
            return dict(self._counts)


@dataclass(slots=True)
class Spread:
    """How what was observed is spread over the buckets of a histogram."""

    counts: list[int]
    """By bucket; the last one has all that is above the highest bound."""
    sum: float = field(default=0.0)


class Histogram:
    """Counts by size: seconds, or attempts. Any thread may observe."""

    def __init__(self, name: str, means: str, bounds: Sequence[float], *labels: str) -> None:
        """`bounds` are the buckets' upper ones, ascending; each belongs to its bucket."""
        self.name: Final = name
        self.means: Final = means
        self.bounds: Final = tuple(bounds)
        self.labels: Final = labels
        self._lock = threading.Lock()
        self._spreads: dict[Labels, Spread] = {}

    def observe(self, value: float, *labels: str) -> None:
        """Count one of this size."""
        bucket = bisect_left(self.bounds, value)
        with self._lock:
            spread = self._spreads.get(labels)
            if spread is None:
                spread = self._spreads[labels] = Spread([0] * (len(self.bounds) + 1))
            spread.counts[bucket] += 1
            spread.sum += value

    def spreads(self) -> Mapping[Labels, Spread]:
        """Since the process began."""
        with self._lock:
            return {labels: Spread(list(each.counts), each.sum) for labels, each in self._spreads.items()}


MESSAGES = Counter(
    "facetag_messages", "Messages that a stage worked on, by what became of them.", "stage", "fate"
)
ATTEMPTS = Histogram(
    "facetag_message_attempts",
    "Attempts that a message took until it was done or given up.",
    (1, 2, 3, 5, 10, 20, 50),
    "stage",
)
STAGE_SECONDS = Histogram(
    "facetag_stage_duration_seconds",
    "How long a stage worked on a message.",
    (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 120),
    "stage",
)
ACKNOWLEDGED = Histogram(
    "facetag_acknowledgement_duration_seconds",
    "How long Slack waited for the acknowledgement of a click, a command or an event; it waits 3 s at most.",
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
    "kind",
)
SLACK_CALLS = Counter("facetag_slack_calls", "Calls of Slack's Web API.", "method", "answer")
AWS_CALLS = Counter("facetag_aws_calls", "Calls of Amazon's services.", "service", "operation", "answer")
ROUND_TRIPS = Histogram(
    "facetag_database_round_trip_duration_seconds",
    "How long the database took for a statement.",
    (0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5),
)

COUNTERS = (MESSAGES, SLACK_CALLS, AWS_CALLS)
HISTOGRAMS = (ATTEMPTS, STAGE_SECONDS, ACKNOWLEDGED, ROUND_TRIPS)
