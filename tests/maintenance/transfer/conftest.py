"""The queues' engines serve the transfer of messages too."""

from tests.queues.conftest import disk, sqs, sqs_door

__all__ = ["disk", "sqs", "sqs_door"]
