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

LATER_SECONDS = 5.0
"""Until messages that wait behind others may be visible. Each look counts as a handing-out of all that SQS
shows, and SQS gives up on a message that was handed out too often.
"""

SHOWN = 10
"""Most messages that SQS gives at once."""

Concerns = Callable[[str], bool]


def drop(
    pair: QueuePair, failed: FailedMessages, in_flight: InFlightMessages, clock: Clock, concerns: Concerns
) -> int:
    """Delete those whose text is such, dead letters too; how many. Raises `Retry` as long as there are
    messages that cannot be looked at: those that another bot has in flight, and what waits behind them.
    """
    mine = in_flight.all()
    if any(concerns(message.received.text) for message in mine):
        raise Retry("a message about somebody who is to be forgotten is being worked on")
    dropped, looked_at = _dropped_waiting(pair, failed, clock, {message.id for message in mine}, concerns)
    hidden = sum(pair.number_in(queue)[1] for queue in (pair.live, pair.dead))
    if (unseen := hidden - len(mine) - looked_at) > 0:
        raise Retry(f"{unseen} messages at Amazon SQS cannot be looked at yet", after=LOOK_AGAIN_SECONDS)
    return dropped + sum(_dropped(pair, failed, clock, queue, concerns) for queue in (pair.live, pair.dead))


def _dropped_waiting(
    pair: QueuePair, failed: FailedMessages, clock: Clock, mine: set[str], concerns: Concerns
) -> tuple[int, int]:
    """From those that wait for another attempt, of which a record has what SQS does not show; how many, and
    how many others of them there are.
    """
    waiting = [each for each in failed.shown_to_nobody(clock()) if each.id not in mine]
    theirs = [each for each in waiting if concerns(each.text)]
    dropped = 0
    for each in theirs:
        with suppress(NotInFlight):  # it waits no more: it is visible, or in flight to somebody
            pair.delete(pair.live, each.handle)
            failed.forget(each.id, DELAYED)
            dropped += 1
    return dropped, len(waiting) - len(theirs)


def _dropped(pair: QueuePair, failed: FailedMessages, clock: Clock, queue: str, concerns: Concerns) -> int:
    """From what is visible in one of the two queues."""
    visible, _ = pair.number_in(queue)
    seen: dict[str, Received] = {}
    dropped = 0
    try:
        while visible and (some := pair.receive(queue, SHOWN, 1)):
            for received in some:
                message_id = envelope_of(received).id
                if concerns(f"{received.text}\n{failed.error(message_id)}"):
                    failed.forget(message_id, DEAD, DELAYED, RELEASED, REVIVED)
                    pair.delete(queue, received.handle)
                    dropped += 1
                else:
                    seen[received.number] = received
        if visible and (left := pair.number_in(queue)[0]):
            raise Retry(f"{left} messages at Amazon SQS wait behind others", after=LATER_SECONDS)
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
