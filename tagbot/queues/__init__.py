"""Durable queues: the names that every engine and every user of a queue has in common.

Delivery is at least once: a message is handed out until it is acknowledged, also after a crash.
"""

from tagbot.lib.crashes import MAX_CRASHES
from tagbot.queues.counts import Counts, Failing, Trouble
from tagbot.queues.interface import Confirmed, Delivery, FillableQueue, Queue, SharedQueue, Stored

__all__ = [
    "MAX_CRASHES",
    "Confirmed",
    "Counts",
    "Delivery",
    "Failing",
    "FillableQueue",
    "Queue",
    "SharedQueue",
    "Stored",
    "Trouble",
]
