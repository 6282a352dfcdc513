"""One queue of the flow at Amazon SQS, as bots and commands use it."""

import hashlib
import logging
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from tagbot.aws.boto import Misconfigured
from tagbot.aws.sqs_api import Sqs
from tagbot.errors import Retry
from tagbot.lib.crashes import CRASHED
from tagbot.lib.logged_ids import logged
from tagbot.queues import MAX_CRASHES, Confirmed, Counts, Failing, Stored, Trouble
from tagbot.queues.envelope import Envelope
from tagbot.queues.sqs.approximate_counts import ApproximateCounts
from tagbot.queues.sqs.dead_letter_queue import DeadLetterQueue
from tagbot.queues.sqs.failure_records import DEAD, DELAYED, FAILED, RELEASED, FailedMessages
from tagbot.queues.sqs.in_flight_messages import Clock, InFlightMessage, InFlightMessages, envelope_of
from tagbot.queues.sqs.long_poll import LongPoller
from tagbot.queues.sqs.queue_pair import RETENTION_SECONDS, QueueGone, QueuePair
from tagbot.queues.sqs.sqs_delivery import SqsDelivery
from tagbot.queues.sqs.sqs_dropping import drop
from tagbot.queues.sqs.visibility_timeout import VisibilityExtender

log = logging.getLogger(__name__)


class SqsQueue:
    """A `Queue` and a `FillableQueue`."""

    def __init__(self, door: Sqs, prefix: str, name: str, max_attempts: int, clock: Clock) -> None:
        """Nothing is called yet."""
        self.name = name
        self._clock = clock
        self._failed = FailedMessages(name)
        self._pair = QueuePair(door, prefix, name, max_attempts, self._failed)
        self._in_flight = InFlightMessages(self._pair, clock)
        self._poller = LongPoller(name, self._receive, self._pair.closed)
        self.visibility = VisibilityExtender(name, self._poller, self._in_flight, clock)
        self._counts = ApproximateCounts(self._pair, self._failed, clock)
        self._dead_letters = DeadLetterQueue(self._pair, self._failed, clock)

    # ------------------------------------------------------------ putting

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        """Raises `Reject` too, for a message that SQS never takes."""
        self._pair.check_open()
        # Each put has a deduplication id of its own. With one made from the message's id, SQS would swallow
        # for five minutes all later puts about a face, also when the stage has long dealt with the first.
        text, mark = Envelope(message_id, key, body, self._clock()).to_json(), str(uuid.uuid4())
        send = partial(self._pair.send, self._pair.live, text, key, mark)
        try:
            send()
        except QueueGone:
            self._pair.prepare()
            send()
        except Misconfigured:
            raise
        except Retry:  # perhaps it is stored, and only the answer was lost: then SQS knows the mark
            send()

    def find(self) -> None:
        """Learn where it is, before somebody waits for a put."""
        self._pair.find()

    def places(self) -> frozenset[str]:
        return self._pair.places()

    def prepare(self) -> None:
        self._pair.prepare()

    def fill(self, stored: Stored, mark: str) -> Confirmed:
        """A delayed message is sent like a ready one; a record says when it is due."""
        self.prepare()
        queue = self._pair.dead if stored.state == DEAD else self._pair.live
        place = self._pair.place(queue)
        # A queue of the same name that is gone may have been sent the same mark: that says nothing of this.
        mark = hashlib.sha256(f"{place} {mark}".encode()).hexdigest()
        sent = self._pair.send(queue, stored.text, stored.key, mark)
        message = Envelope(stored.id or sent.number, stored.key, {}, stored.seen)
        if stored.state == DELAYED:
            self._failed.delayed(
                message,
                stored.error,
                attempt=stored.attempt,
                received=None,
                not_before=stored.not_before,
                failing_since=stored.failing_since,
            )
        elif stored.state == DEAD:
            self._failed.dead(message, stored.error, self._clock(), stored.failing_since)
        return Confirmed(message.id, sent.md5, place)

    # ------------------------------------------------------------ getting

    def get(self, timeout: float) -> SqsDelivery | None:
        until = time.monotonic() + timeout if timeout > 0 else None
        while not self._pair.closed.is_set():
            self._in_flight.settle_outstanding()
            message = self._poller.next(until)
            if message is None:
                return None
            if (delivery := self._delivery(message)) is not None:
                return delivery
        return None

    def _receive(self, wait: int) -> InFlightMessage | None:
        """One message: of several, two could be about the same face."""
        found = self._pair.receive(self._pair.live, most=1, wait=wait)
        if not found:
            return None
        message = InFlightMessage(found[0], envelope_of(found[0]), self._clock())
        self._in_flight.add(message)
        if self._pair.closed.is_set():
            self._give_back([message])
            return None
        return message

    def _delivery(self, message: InFlightMessage) -> SqsDelivery | None:
        """None for a message that no stage is to work on."""
        delivery = SqsDelivery(message, self._in_flight, self._pair, self._failed, self._clock)
        try:
            Envelope.from_json(message.received.text)
        except ValueError as unreadable:
            log.error("%s: %s, message=%s", self.name, unreadable, logged(message.id))  # noqa: TRY400 - the reason says it all
            delivery.bury(str(unreadable))
            return None
        if self._in_flight.twins.is_twin(message.id, message.received.sent):
            self._in_flight.settle(message, partial(self._in_flight.delete, message))
            return None
        try:
            record = self._failed.find(message.id)
            if record is not None and record.state == DEAD:
                self._failed.revived(message.id)
        except Retry:  # kept, as giving it back would look like a crash to the bot that gets it next
            self._poller.put_back(message)
            raise
        if record is not None and record.state in (DELAYED, RELEASED):
            if record.received == 0 and record.not_before > self._clock():
                self._hide_until_due(message, record.not_before)
                return None
            message.record, message.attempt = record, record.attempt
        crashes = message.received.times - 1 - (record.received if record else 0)
        if crashes >= MAX_CRASHES:
            log.error("%s: %s, message=%s", self.name, CRASHED, logged(message.id))
            delivery.bury(CRASHED)
            return None
        return delivery

    def _hide_until_due(self, message: InFlightMessage, not_before: float) -> None:
        """It came by `fill`, so SQS does not know yet when it is due."""
        record = partial(self._failed.handed_out, message.id, message.received)
        hide = partial(self._in_flight.hide_until, message, not_before)
        self._in_flight.settle(message, record, hide, returns=True)

    def _give_back(self, messages: Sequence[InFlightMessage]) -> None:
        """Let other bots have them at once, as this one ends."""
        for message in messages:
            self._in_flight.release(message)
        with suppress(Retry):  # each looks like one crash then
            self._failed.released(
                [(message.envelope, message.received.times) for message in messages], self._clock()
            )

    # ------------------------------------------------------------ looking

    def counts(self) -> Counts:
        return self._counts.afresh()

    def troubles(self) -> list[Trouble]:
        self._pair.check_open()
        return self._failed.troubles()

    def failing(self) -> Failing:
        self._pair.check_open()
        return self._failed.failing()

    def oldest(self) -> float | None:
        """Leaves out what is ready: of that, SQS does not tell."""
        self._pair.check_open()
        seen = [message.envelope.seen for message in self._in_flight.all() if not message.settled]
        known = [first for first in (*seen, self._failed.oldest()) if first is not None]
        return min(known, default=None)

    def holds(self, message_id: str) -> bool:
        """SQS cannot be asked for one message: while anything is ready, or in flight to another bot, it may
        be this one.
        """
        mine = {message.id for message in self._in_flight.all()}
        record = self._failed.find(message_id)
        if message_id in mine or (record is not None and record.state in FAILED):
            return True
        counts = self._counts.recent()
        return counts.ready > 0 or counts.in_flight > len(mine)

    def why_dead(self, message_id: str) -> str | None:
        return self._failed.why_dead(message_id)

    # ------------------------------------------------------------ keeping

    def drop(self, concerns: Callable[[str], bool]) -> int:
        self._pair.check_open()
        return drop(self._pair, self._failed, self._in_flight, self._clock, concerns)

    def found(self, wanted: Collection[bytes]) -> set[bytes]:  # noqa: ARG002 - `drop` looks at each message
        return set()

    def redrive(self, key: str | None = None) -> int:
        return self._dead_letters.redrive(key)

    def tidy(self) -> None:
        """Forget records on messages that SQS no longer keeps."""
        self._pair.check_open()
        self._failed.forget_before(self._clock() - RETENTION_SECONDS)

    def close(self) -> None:
        """Messages in flight go back at once."""
        self._in_flight.settle_outstanding()
        self._pair.closed.set()
        self._poller.wake()
        if in_flight := self._in_flight.all():
            self._give_back(in_flight)
