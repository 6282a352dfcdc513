"""A message in flight to a stage, and the three ways in which that ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tagbot.queues.sqs.failure_records import FailedMessages
from tagbot.queues.sqs.in_flight_messages import Clock, InFlightMessage, InFlightMessages
from tagbot.queues.sqs.queue_pair import QueuePair


@dataclass(frozen=True, slots=True)
class SqsDelivery:
    """Its ends do nothing once the message was given back, or its visibility timeout is over."""

    _message: InFlightMessage
    _in_flight: InFlightMessages
    _pair: QueuePair
    _failed: FailedMessages
    _clock: Clock

    @property
    def id(self) -> str:
        return self._message.id

    @property
    def body(self) -> Mapping[str, Any]:
        return self._message.envelope.body

    @property
    def attempt(self) -> int:
        return self._message.attempt

    def ack(self) -> None:
        steps: list[Callable[[], object]] = [partial(self._in_flight.delete, self._message)]
        if self._message.record is not None:
            steps.append(partial(self._failed.settled, self.id, self._message.record))
        self._in_flight.settle(self._message, *steps)

    def retry_after(self, seconds: float, error: str) -> None:
        not_before = self._clock() + seconds
        # The record first: without it, the next attempt would look like one that follows a crash.
        record = partial(
            self._failed.delayed,
            self._message.envelope,
            error,
            attempt=self._message.attempt + 1,
            received=self._message.received,
            not_before=not_before,
            failing_since=self._failing_since(),
        )
        hide = partial(self._in_flight.hide_until, self._message, not_before)
        self._in_flight.settle(self._message, record, hide, returns=True)

    def bury(self, error: str, *, given_up: bool = False) -> None:
        received = self._message.received
        failing_since = self._failing_since() if given_up else None
        # SQS's number is the same when this is repeated, so that there is one dead letter.
        self._in_flight.settle(
            self._message,
            partial(self._pair.send, self._pair.dead, received.text, received.group, received.number),
            partial(self._failed.dead, self._message.envelope, error, self._clock(), failing_since),
            partial(self._in_flight.delete, self._message),
        )

    def _failing_since(self) -> float:
        before = self._message.record.failing_since if self._message.record else None
        return self._clock() if before is None else before
