"""The two FIFO queues at SQS of one queue of the flow: one for its messages, one for its dead letters."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tagbot.aws.boto import Misconfigured
from tagbot.aws.sqs_api import NoQueue, QueueDiffers, Received, Sent, Sqs, redrive_policy
from tagbot.errors import Reject, Retry
from tagbot.queues import MAX_CRASHES
from tagbot.queues.sqs.failure_records import DEAD, DELAYED, RELEASED, REVIVED, FailedMessages

log = logging.getLogger(__name__)

VISIBILITY_TIMEOUT_SECONDS = 60
"""How long no other bot gets a message that was received, unless that is extended: after so long a bot is
taken for dead."""

CREATION_SECONDS = 1.0
"""How long SQS asks to wait after a queue was made."""

RETENTION_SECONDS = 14 * 86_400
"""As long as SQS keeps a message at most; by itself it would be four days."""

LONGEST_MESSAGE = 1_048_576
"""Bytes."""

SPARE_RECEIVES = 5 * MAX_CRASHES
"""SQS itself gives up on a message that was handed out so many times more often than there are attempts: one
that the bot should have buried, and could not."""

MOST_RECEIVES = 1000
"""SQS takes no larger number for that."""

GROUP = re.compile(r"[!-~]{1,128}")
"""A message group at SQS: ASCII letters, digits and punctuation."""


class QueueGone(Retry):
    """A queue that was there is missing."""


class QueuePair:
    """Calls about the two queues, `live` and `dead`. Any thread may use it.

    The queues are made, or set right, before the first call that needs it, and after one that raised
    `QueueGone`. Every method raises `Retry`.
    """

    def __init__(self, door: Sqs, prefix: str, name: str, max_attempts: int, failed: FailedMessages) -> None:
        """Nothing is called yet."""
        self.name = name
        self.live, self.dead = f"{prefix}{name}.fifo", f"{prefix}{name}-dead.fifo"
        self.closed = threading.Event()
        self.changes = 0
        """Grows with each change that this process makes."""
        self._door = door
        self._max_receives = min(MOST_RECEIVES, max_attempts + SPARE_RECEIVES)
        self._failed = failed
        self._ready = threading.Event()
        """Whether this process has seen that both queues are there, and as they should be."""
        self._preparing = threading.Lock()
        self._places: dict[str, str] = {}
        """By the name of a queue that this process has seen."""

    # ------------------------------------------------------------ the queues

    def check_open(self) -> None:
        """Raises `Retry` once this process has closed them."""
        if self.closed.is_set():
            raise Retry(f"the queue {self.name} is closed")

    def find(self) -> None:
        """Learn the address of `live` before somebody waits for a put."""
        with suppress(NoQueue, Retry, Reject):  # then the put finds out
            self._door.hasty.find(self.live)

    def place(self, queue: str) -> str:
        """The place of a queue that is prepared, as in `places`."""
        return self._places[queue]

    def places(self) -> frozenset[str]:
        """Those of the two that exist, each by a name that no other queue will ever have."""
        found = set()
        for queue in (self.live, self.dead):
            with suppress(NoQueue):
                found.add(_place(self._door.attributes(queue, "QueueArn", "CreatedTimestamp")))
        return frozenset(found)

    def prepare(self) -> None:
        """See to it, once, that both queues are there and as they should be."""
        self.check_open()
        if self._ready.is_set():
            return
        with self._preparing, self._noticing_gone():
            if not self._ready.is_set():
                kept = {"MessageRetentionPeriod": str(RETENTION_SECONDS)}
                dead = self._prepare(self.dead, kept)
                self._prepare(
                    self.live,
                    {
                        **kept,
                        "DeduplicationScope": "messageGroup",
                        "FifoThroughputLimit": "perMessageGroupId",
                        "RedrivePolicy": redrive_policy(dead, self._max_receives),
                    },
                )
                self._ready.set()

    def _prepare(self, queue: str, wanted: Mapping[str, str]) -> str:
        """Make a queue, or set right one that is there; its ARN."""
        try:
            found = self._door.attributes(queue, "All")
        except NoQueue:
            # Its messages are gone. This comes first, as a bot that finds the queue there forgets nothing.
            self._failed.forget_all(*((DEAD, REVIVED) if queue == self.dead else (DELAYED, RELEASED)))
            with suppress(QueueDiffers):  # another bot was faster
                self._door.create(queue, {"FifoQueue": "true", **wanted})
            log.info("the queue %s was missing and has been made", queue)
            found = self._attributes_of_new(queue)
        differs = {name: value for name, value in wanted.items() if not _same(found.get(name), value)}
        if differs:
            with suppress(Misconfigured):  # told by the door; the operator may have set it up, and mean it
                self._door.set_attributes(queue, differs)
        self._places[queue] = _place(found)
        return found["QueueArn"]

    def _attributes_of_new(self, queue: str) -> dict[str, str]:
        """A queue that was just made need not be seen everywhere at SQS at once."""
        for _ in range(5):
            with suppress(NoQueue):
                return self._door.attributes(queue, "All")
            self.closed.wait(CREATION_SECONDS)
        raise Retry(f"the queue {queue} was made, and is not there yet")

    @contextmanager
    def _noticing_gone(self) -> Iterator[None]:
        try:
            yield
        except NoQueue:
            self._ready.clear()
            raise QueueGone(
                f"the queue {self.live}, or its dead letters', is gone; it is made again"
            ) from None

    # ------------------------------------------------------------ messages

    def number_in(self, queue: str) -> tuple[int, int]:
        """How many messages are visible and how many are not, approximately; none where there is no queue."""
        self.check_open()
        names = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        try:
            found = self._door.attributes(queue, *names)
        except NoQueue:
            return 0, 0
        visible, invisible = (int(found.get(name, 0)) for name in names)
        return visible, invisible

    def send(self, queue: str, text: str, key: str, deduplication: str) -> Sent:
        """As the door's; the group is made from `key`. Raises `Reject` for a text that is too long."""
        if len(text) > LONGEST_MESSAGE:  # SQS counts bytes, and the text is ASCII
            raise Reject(f"the message is over the limit of {LONGEST_MESSAGE} bytes")
        is_group = GROUP.fullmatch(key)
        group = key if is_group else hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
        with self._noticing_gone():
            sent = self._door.send(queue, text, group, deduplication)
        self.changes += 1
        return sent

    def receive(self, queue: str, most: int, wait: int) -> list[Received]:
        """As the door's."""
        self.prepare()
        with self._noticing_gone():
            return self._door.receive(queue, most, wait, VISIBILITY_TIMEOUT_SECONDS)

    def delete(self, queue: str, handle: str) -> None:
        """As the door's."""
        with self._noticing_gone():
            self._door.delete(queue, handle)
        self.changes += 1

    def set_visibility_timeout(self, queue: str, handle: str, seconds: int) -> None:
        """As the door's."""
        with self._noticing_gone():
            self._door.set_visibility_timeout(queue, handle, seconds)
        self.changes += 1


def _place(attributes: Mapping[str, str]) -> str:
    """Region, account, name, and the second when it was made: SQS has no two of one name within a minute."""
    return f"{attributes['QueueArn']} of {attributes['CreatedTimestamp']}"


def _same(found: str | None, wanted: str) -> bool:
    """Whether an attribute is as it should be; SQS writes JSON in its own way."""
    if found is None or not wanted.startswith("{"):
        return found == wanted
    have, want = json.loads(found), json.loads(wanted)
    return all(str(have.get(name)) == str(value) for name, value in want.items())
