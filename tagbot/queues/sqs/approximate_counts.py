"""Counting messages at SQS, whose own numbers may be behind by some seconds."""

from tagbot.queues import Counts
from tagbot.queues.sqs.failure_records import REVIVED, FailedMessages
from tagbot.queues.sqs.in_flight_messages import Clock
from tagbot.queues.sqs.queue_pair import QueuePair

RECENT_SECONDS = 5.0
"""How long a count is good enough to tell whether there is anything at all."""


class ApproximateCounts:
    """Of one queue, over all bots."""

    def __init__(self, pair: QueuePair, failed: FailedMessages, clock: Clock) -> None:
        self._pair = pair
        self._failed = failed
        self._clock = clock
        self._latest: tuple[float, int, Counts] | None = None
        """When was counted, after how many changes of this process, and what."""

    def afresh(self) -> Counts:
        """Asks SQS and the database."""
        visible, invisible = self._pair.number_in(self._pair.live)
        delayed = min(visible + invisible, self._failed.waiting(self._clock()))
        dead = sum(self._pair.number_in(self._pair.dead))
        if dead:
            dead -= min(dead, self._failed.number(REVIVED))
        still_visible = max(0, delayed - invisible)  # came by `fill`, and were not handed out yet
        return Counts(visible - still_visible, delayed, invisible + still_visible - delayed, dead)

    def recent(self) -> Counts:
        """The latest ones, for some seconds, unless this process has changed something."""
        now = self._clock()
        if self._latest is not None:
            counted, changes, counts = self._latest
            if changes == self._pair.changes and 0 <= now - counted < RECENT_SECONDS:
                return counts
        changes = self._pair.changes
        counts = self.afresh()
        self._latest = now, changes, counts
        return counts
