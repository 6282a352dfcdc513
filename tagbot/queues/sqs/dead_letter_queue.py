"""The dead letters of one queue, and putting them back."""

import uuid
from collections.abc import Iterable
from contextlib import suppress

from tagbot.aws.sqs_api import NoQueue, NotInFlight, Received
from tagbot.errors import Retry
from tagbot.queues.sqs.failure_records import DEAD, REVIVED, FailedMessages
from tagbot.queues.sqs.in_flight_messages import Clock, envelope_of
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS, QueuePair
from tagbot.queues.sqs.visibility_timeout import EXTENSION_SECONDS


class DeadLetterQueue:
    """Any process may use it, also beside a bot."""

    def __init__(self, pair: QueuePair, failed: FailedMessages, clock: Clock) -> None:
        self._pair = pair
        self._failed = failed
        self._clock = clock

    def redrive(self, key: str | None) -> int:
        """Put back those about `key`, or all; how many."""
        expected = max(sum(self._pair.number_in(self._pair.dead)), self._failed.number(DEAD))
        hidden: dict[str, Received] = {}
        """Those that stay, and those that are not put back yet."""
        hidden_at = self._clock()
        moved = looked_at = 0
        try:
            while looked_at < expected and (found := self.receive()):
                is_round_again = any(each.number in hidden for each in found)
                hidden.update((each.number, each) for each in found)
                if is_round_again:
                    break
                for received in found:
                    looked_at += 1
                    if key in (None, envelope_of(received).key):
                        moved += self._put_back(received)
                        del hidden[received.number]
                if (now := self._clock()) - hidden_at >= EXTENSION_SECONDS:
                    hidden_at = now
                    self._set_visibility_timeouts(hidden.values(), VISIBILITY_TIMEOUT_SECONDS)
        finally:
            self._set_visibility_timeouts(hidden.values(), 0)
        return moved

    def receive(self) -> list[Received]:
        """Some, hidden for no longer than a message in flight, as the process may be killed."""
        return self._pair.receive(self._pair.dead, most=10, wait=1)

    def _set_visibility_timeouts(self, letters: Iterable[Received], seconds: int) -> None:
        for received in letters:
            with suppress(Retry, NotInFlight, NoQueue):
                self._pair.set_visibility_timeout(self._pair.dead, received.handle, seconds)

    def _put_back(self, received: Received) -> bool:
        """Whether it is ready again: not where its message has come anew since."""
        message = envelope_of(received)
        is_left_over = self._failed.forget(message.id, REVIVED)
        if not is_left_over:
            self._pair.prepare()
            # The record first: a stage that gets the message must not find one that says that it is dead.
            self._failed.forget(message.id, DEAD)
            self._pair.send(self._pair.live, received.text, received.group, str(uuid.uuid4()))
        with suppress(NotInFlight):
            self._pair.delete(self._pair.dead, received.handle)
        return not is_left_over
