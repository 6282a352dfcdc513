"""What Amazon S3 tells of new objects, by way of a queue at Amazon SQS."""

import json
from collections.abc import Iterator
from urllib.parse import unquote_plus

from tagbot.aws.boto import Misconfigured
from tagbot.aws.sqs import LONGEST_WAIT, NoQueue, NotInHand, Sqs

VISIBILITY_SECONDS = 30


class Events:
    """The events of one bucket and prefix. The queue is for them alone, and no FIFO: S3 writes to none."""

    def __init__(self, door: Sqs, queue: str, bucket: str, prefix: str) -> None:
        """Nothing is called before the first `next`."""
        self.queue = queue
        self._door = door
        self._bucket = bucket
        self._prefix = f"{prefix}/"

    def next(self) -> list[str]:
        """Names of objects that were put below the prefix; waits for some time for the first, and gives none
        after that. Raises `Retry`.

        What it gives is not told again. An event is only a hint: the object stays where it is, and is found
        by listing too.
        """
        try:
            received = self._door.receive(self.queue, 10, LONGEST_WAIT, VISIBILITY_SECONDS)
            names = [name for message in received for name in self._names(message.text)]
            for message in received:
                self._delete(message.handle)
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

    def _delete(self, handle: str) -> None:
        try:
            self._door.delete(self.queue, handle)
        except NotInHand:
            return  # it is told once more, which does no harm

    def _names(self, text: str) -> Iterator[str]:
        """What an event is about; nothing where it is none, as the one with which S3 tries the queue."""
        try:
            records = json.loads(text).get("Records", [])
            for record in records:
                bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
                is_new = record["eventName"].startswith("ObjectCreated:")
                if is_new and bucket == self._bucket and key.startswith(self._prefix):
                    yield key.removeprefix(self._prefix)
        except (ValueError, KeyError, TypeError, AttributeError):
            return
