"""Keeping messages in flight invisible to other bots, by extending SQS's visibility timeout of each."""

import logging

from tagbot.lib.logged_ids import logged
from tagbot.queues.sqs.in_flight_messages import Clock, InFlightMessages
from tagbot.queues.sqs.long_poll import LongPoller
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS

log = logging.getLogger(__name__)

EXTENSION_SECONDS = VISIBILITY_TIMEOUT_SECONDS / 5
"""How often the timeouts are extended: four times may fail."""

LONGEST_IDLE_SECONDS = 300
"""After so long another bot may have a message that this one cannot get on with, as it does not reach the
database, say."""


class VisibilityExtender:
    """Of one queue's messages."""

    def __init__(self, name: str, poller: LongPoller, in_flight: InFlightMessages, clock: Clock) -> None:
        self._name = name
        self._poller = poller
        self._in_flight = in_flight
        self._clock = clock

    def extend(self) -> None:
        """Extend the timeouts of all that is in flight, but release what this bot does not get on with."""
        since = self._clock() - LONGEST_IDLE_SECONDS
        idle = {message.handle for message in self._poller.take_back(since)}
        for message in self._in_flight.all():
            try:
                if message.handle in idle or (message.returned is not None and message.returned < since):
                    log.warning("%s: message=%s rests here; it is given back", self._name, logged(message.id))
                    self._in_flight.release(message)
                else:
                    self._in_flight.extend(message)
            except Exception:  # the others are to be kept all the same, and this one the next time
                log.exception("%s: message=%s cannot be kept", self._name, logged(message.id))
