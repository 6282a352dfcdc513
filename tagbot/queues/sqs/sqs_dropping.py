"""Deleting messages for what they say, as somebody is to be forgotten."""

from collections.abc import Callable
from contextlib import suppress

from tagbot.aws.sqs_api import NoQueue, NotInFlight, Received
from tagbot.errors import Retry
from tagbot.queues.sqs.failure_records import DEAD, DELAYED, RELEASED, REVIVED, FailedMessages
from tagbot.queues.sqs.in_flight_messages import Clock, InFlightMessages, envelope_of
from tagbot.queues.sqs.queue_pair import QueuePair

LOOK_AGAIN_SECONDS = 1.0
"""Until what SQS does not show now may be visible."""

SHOWN = 10
"""Most messages that SQS gives at once."""


def drop(
    pair: QueuePair,
    failed: FailedMessages,
    in_flight: InFlightMessages,
    clock: Clock,
    concerns: Callable[[str], bool],
) -> int:
    """Delete those whose text is such, dead letters too; how many. Raises `Retry` as long as there are
    messages that SQS shows to nobody, which may be among them: those that are in flight, or wait for another
    attempt.
    """
    mine = in_flight.all()
    if any(concerns(message.received.text) for message in mine):
        raise Retry("a message about somebody who is to be forgotten is being worked on")
    dropped = sum(_dropped(pair, failed, clock, queue, concerns) for queue in (pair.live, pair.dead))
    unseen = sum(pair.number_in(queue)[1] for queue in (pair.live, pair.dead)) - len(mine)
    if unseen > 0:
        raise Retry(f"{unseen} messages at Amazon SQS cannot be looked at yet", after=LOOK_AGAIN_SECONDS)
    return dropped


def _dropped(
    pair: QueuePair, failed: FailedMessages, clock: Clock, queue: str, concerns: Callable[[str], bool]
) -> int:
    """From one of the two queues."""
    visible, _ = pair.number_in(queue)
    seen: dict[str, Received] = {}
    dropped = 0
    try:
        while visible and (some := pair.receive(queue, SHOWN, 1)):
            for received in some:
                if concerns(received.text):
                    failed.forget(envelope_of(received).id, DEAD, DELAYED, RELEASED, REVIVED)
                    pair.delete(queue, received.handle)
                    dropped += 1
                else:
                    seen[received.number] = received
    finally:
        _give_back(pair, failed, clock, queue, list(seen.values()))
    return dropped


def _give_back(
    pair: QueuePair, failed: FailedMessages, clock: Clock, queue: str, seen: list[Received]
) -> None:
    """Let the stages have the others. To have looked at one was no crash of its stage."""
    if queue == pair.live:
        failed.released([(envelope_of(each), each.times) for each in seen], clock())
    for each in seen:
        with suppress(Retry, NotInFlight, NoQueue):
            pair.set_visibility_timeout(queue, each.handle, 0)
