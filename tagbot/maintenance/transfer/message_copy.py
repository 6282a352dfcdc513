"""Moving all messages from queues on the disk to queues at Amazon SQS.

A move that is interrupted goes on with the messages that are not among the `Confirmations`. Killed between a
confirmation and its note, it sends one message again, with the same mark: within five minutes, SQS stores
that once. Later there is a twin, which does no harm: every stage may be given the same message twice, and a
twin that comes while the first is worked on is dropped.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from functools import partial

from tagbot.database.models.bookkeeping import FailedMessage
from tagbot.errors import Reject
from tagbot.lib.retrying import with_retries
from tagbot.maintenance.transfer import Compared, Content
from tagbot.maintenance.transfer.sent_messages import Confirmations
from tagbot.queues import Counts, FillableQueue, Stored
from tagbot.queues.envelope import storable

Source = Callable[[str], Iterator[Stored]]
"""From a queue's name to its messages, in the order in which they are to be handed out."""


@dataclass(frozen=True, slots=True)
class ComparedQueue:
    """A queue as it was here and as SQS has confirmed it, and what SQS counts."""

    messages: Compared
    here: Counts
    there: Counts


def move_queues(
    source: Source, targets: Mapping[str, FillableQueue], confirmations: Confirmations, place: str
) -> list[ComparedQueue]:
    """Send the messages that SQS has not confirmed yet, and compare; no process may work on either meanwhile.

    `place` is the target, for the operator. Raises `Reject` when it holds anything else, and `Retry` when
    one of the two cannot be used.
    """
    confirmations.forget_all_but(_places(targets))
    held = sum(sum(astuple(queue.counts())) for queue in targets.values())
    # Each interruption may have left one message that was sent, and not noted.
    if held > len(confirmations) + confirmations.begun:
        raise Reject(
            f"{place} holds {held} messages, and {len(confirmations)} of this move, as {confirmations.file} "
            "says: name another prefix; or delete these queues, and a minute later run this again"
        )
    for target in targets.values():
        with_retries(target.prepare)
    confirmations.begin(_places(targets))
    for name, target in targets.items():
        for stored in source(name):
            mark = _mark(stored)
            if confirmations.get(name, mark) is None:
                confirmations.put(name, mark, with_retries(partial(target.fill, stored, mark)))
    confirmations.forget_all_but(_places(targets))  # should any have been deleted meanwhile
    return [compared(name, source(name), target, confirmations) for name, target in targets.items()]


def compared(
    name: str, stored: Iterator[Stored], target: FillableQueue, confirmations: Confirmations
) -> ComparedQueue:
    """A queue here beside its confirmations, and the failures that are recorded in the database there."""
    here, there, states = Content(), Content(), dict.fromkeys(("ready", "delayed", "dead"), 0)
    left = confirmations.marks(name)
    for each in stored:
        mark = _mark(each)
        states[each.state] += 1
        md5 = hashlib.md5(each.text.encode(), usedforsecurity=False).hexdigest()
        here = here.plus(_hash(md5, each if each.state != "ready" else None))
        if (confirmed := confirmations.get(name, mark)) is not None:
            failed = FailedMessage.get_or_none(
                FailedMessage.queue == name, FailedMessage.message_id == storable(confirmed.note)
            )
            there = there.plus(_hash(confirmed.md5, failed))
            left.discard(mark)
    for mark in left:  # messages that have left their queue since they were sent
        there = there.plus(bytes.fromhex(mark))
    return ComparedQueue(Compared(name, here, there), Counts(**states), target.counts())


def _places(targets: Mapping[str, FillableQueue]) -> frozenset[str]:
    return frozenset().union(*(with_retries(target.places) for target in targets.values()))


def _mark(stored: Stored) -> str:
    """The same for the same message: SQS recognises it by this within five minutes, and the notes always."""
    is_dead = stored.state == "dead"  # another queue at SQS
    return hashlib.sha256(json.dumps([stored.number, is_dead, stored.text]).encode()).hexdigest()


def _hash(md5: str, failed: Stored | FailedMessage | None) -> bytes:
    """Of a message's text, and of why it is delayed or dead."""
    why: list[object] = [failed.state, failed.error] if failed is not None else []
    if failed is not None and failed.state == "delayed":
        why += [failed.attempt, failed.not_before]
    return hashlib.sha256(json.dumps([md5, why]).encode()).digest()
