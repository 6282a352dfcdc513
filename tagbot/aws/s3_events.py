"""Amazon S3's events of new objects, by way of a queue at Amazon SQS."""

import json
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote_plus

from tagbot.aws.boto import Misconfigured
from tagbot.aws.sqs_api import LONGEST_WAIT, NoQueue, NotInFlight, Sqs

VISIBILITY_TIMEOUT_SECONDS = 30


class Events:
    """The events of one bucket and prefix. The queue is for them alone, and no FIFO: S3 writes to none."""

    def __init__(self, door: Sqs, queue: str, bucket: str, prefix: str) -> None:
        """Nothing is called before the first `next`."""
        self.queue = queue
        self._door = door
        self._bucket = bucket
        self._prefix = f"{prefix}/"

    def next(self) -> list[str]:
        """Names of objects that were put below the prefix; waits for the first for up to `LONGEST_WAIT`.
        Raises `Retry`.

        No event comes twice. It is only a hint: the object stays where it is, and is found by listing too.
        """
        try:
            received = self._door.receive(self.queue, 10, LONGEST_WAIT, VISIBILITY_TIMEOUT_SECONDS)
            names = [name for message in received for name in self._names(message.text)]
            for message in received:
                with suppress(NotInFlight):  # it comes once more, which does no harm
                    self._door.delete(self.queue, message.handle)
        except NoQueue:
            raise self._is_missing() from None
        return list(dict.fromkeys(names))

    def check(self) -> str:
        """Try the queue, and say in a few words what answered."""
        try:
            self._door.attributes(self.queue, "QueueArn")
        except NoQueue:
            raise self._is_missing() from None
        return f"the queue {self.queue} answers"

    def _is_missing(self) -> Misconfigured:
        return Misconfigured(
            f"there is no queue {self.queue}: make it and let the bucket write to it, or correct INBOX_EVENTS"
        )

    def _names(self, text: str) -> Iterator[str]:
        """Of one message; none in the one with which S3 tries the queue."""
        try:
            records = json.loads(text).get("Records", [])
            for record in records:
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                is_new = record["eventName"].startswith("ObjectCreated:")
                if is_new and bucket == self._bucket and key.startswith(self._prefix):
                    yield key.removeprefix(self._prefix)
        except (ValueError, KeyError, TypeError, AttributeError):
            return
