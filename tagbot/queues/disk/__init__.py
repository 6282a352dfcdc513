"""Durable queues on disk: persist-queue's `SQLiteAckQueue`, and all that a bot needs beyond it.

Each queue is one SQLite file, so that a damaged or busy one holds up no other. One process works on the
queues (`disk_queues`); others may look at them, put messages and redrive dead letters meanwhile
(`disk_queues_beside`).
"""

from tagbot.queues.disk.contents import disk_messages
from tagbot.queues.disk.open_queues import disk_queues, disk_queues_beside
from tagbot.queues.disk.queue_file import QueueUnusable

__all__ = ["QueueUnusable", "disk_messages", "disk_queues", "disk_queues_beside"]
