"""Moving all messages from queues on the disk to queues at Amazon SQS.

SQS cannot be asked what it holds. So each message that it has confirmed is noted in a file beside the queues
on the disk, and a move that is interrupted goes on with what is not in it: in a file, as neither database is
to change for it, and as it is gone only if what it is about is too. It says where each message lies: what is
noted of queues that were deleted, or that are in another account or region, counts for nothing.

Killed between the confirmation and the note, the move sends one message again, with the same mark: within
five minutes, SQS stores that once. Later there is a twin, which does no harm: every stage may be given the
same message twice, and a twin that comes while the first is worked on is dropped.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path

from tagbot.database.models.bookkeeping import FailedMessage
from tagbot.errors import Reject
from tagbot.lib.retrying import with_retries
from tagbot.maintenance.transfer import Compared, Content
from tagbot.queues import Confirmed, Counts, FillableQueue, Stored
from tagbot.queues.envelope import storable

Source = Callable[[str], Iterator[Stored]]
"""From a queue's name to what lies in it, in the order in which it is to be handed out."""


@dataclass(frozen=True, slots=True)
class ComparedQueue:
    """A queue as it was here and as SQS has confirmed it, and what SQS counts."""

    messages: Compared
    here: Counts
    there: Counts


class Ledger:
    """What SQS has confirmed, in a file with a line for each message."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begun: list[frozenset[str]] = []
        """The places that there were each time."""
        self._confirmed: dict[str, dict[str, Confirmed]] = {}
        for line in self._whole_lines():
            match json.loads(line):
                case [queue, mark, confirmed]:
                    self._of(queue)[mark] = Confirmed(**confirmed)
                case {"begun": places}:
                    self._begun.append(frozenset(places))

    def __len__(self) -> int:
        return sum(map(len, self._confirmed.values()))

    @property
    def begun(self) -> int:
        """How often the move has begun."""
        return len(self._begun)

    def begin(self, places: frozenset[str]) -> None:
        """Say that messages will be sent there."""
        self._append({"begun": sorted(places)})
        self._begun.append(places)

    def forget_all_but(self, places: frozenset[str]) -> None:
        """What was sent to others is gone with them. The file keeps it, as they might be there again: in an
        account that was tried first, say.
        """
        self._begun = [begun for begun in self._begun if begun & places]
        self._confirmed = {
            queue: {mark: each for mark, each in confirmed.items() if each.place in places}
            for queue, confirmed in self._confirmed.items()
        }

    def marks(self, queue: str) -> set[str]:
        """The marks of what was confirmed of a queue."""
        return set(self._of(queue))

    def get(self, queue: str, mark: str) -> Confirmed | None:
        """What was confirmed of a message."""
        return self._of(queue).get(mark)

    def put(self, queue: str, mark: str, confirmed: Confirmed) -> None:
        """On the disk when this returns."""
        self._append([queue, mark, asdict(confirmed)])
        self._of(queue)[mark] = confirmed

    def _of(self, queue: str) -> dict[str, Confirmed]:
        return self._confirmed.setdefault(queue, {})

    def _whole_lines(self) -> list[bytes]:
        """Without a last one in whose middle the move was killed, which goes."""
        if not self.file.exists():
            return []
        content = self.file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        os.truncate(self.file, len(whole))
        return whole.splitlines()

    def _append(self, line: object) -> None:
        with self.file.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def move_queues(
    source: Source, targets: Mapping[str, FillableQueue], ledger: Ledger, place: str
) -> list[ComparedQueue]:
    """Send what SQS has not confirmed yet, and compare; nobody may work on either meanwhile.

    `place` is the target, for the operator. Raises `Reject` when it holds anything else, and `Retry` when
    one of the two cannot be used.
    """
    ledger.forget_all_but(_places(targets))
    _refuse_strangers(targets, ledger, place)
    for target in targets.values():
        with_retries(target.prepare)
    ledger.begin(_places(targets))
    for name, target in targets.items():
        for stored in source(name):
            mark = _mark(stored)
            if ledger.get(name, mark) is None:
                ledger.put(name, mark, with_retries(partial(target.fill, stored, mark)))
    ledger.forget_all_but(_places(targets))  # nobody should have deleted any meanwhile
    return [_compare(name, source(name), target, ledger) for name, target in targets.items()]


def _places(targets: Mapping[str, FillableQueue]) -> frozenset[str]:
    return frozenset().union(*(with_retries(target.places) for target in targets.values()))


def _refuse_strangers(targets: Mapping[str, FillableQueue], ledger: Ledger, place: str) -> None:
    """Each interruption may have left one message that was sent, and not noted."""
    held = sum(sum(astuple(queue.counts())) for queue in targets.values())
    if held > len(ledger) + ledger.begun:
        raise Reject(
            f"{place} holds {held} messages, and {len(ledger)} of this move, as {ledger.file} says: name "
            "another prefix; or delete these queues, and a minute later run this again"
        )


def _mark(stored: Stored) -> str:
    """The same for the same message: SQS recognises it by this within five minutes, and the ledger always."""
    is_dead = stored.state == "dead"  # another queue at SQS
    return hashlib.sha256(json.dumps([stored.number, is_dead, stored.text]).encode()).hexdigest()


def _compare(name: str, stored: Iterator[Stored], target: FillableQueue, ledger: Ledger) -> ComparedQueue:
    here, there, states = Content(), Content(), dict.fromkeys(("ready", "delayed", "dead"), 0)
    left = ledger.marks(name)
    for each in stored:
        mark = _mark(each)
        states[each.state] += 1
        here = here.plus(_hash(_md5(each.text), _trouble(each)))
        if (confirmed := ledger.get(name, mark)) is not None:
            there = there.plus(_hash(confirmed.md5, _noted(name, confirmed)))
            left.discard(mark)
    for mark in left:  # what has left its queue since it was sent
        there = there.plus(bytes.fromhex(mark))
    return ComparedQueue(Compared(name, here, there), Counts(**states), target.counts())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _hash(md5: str, trouble: list[object]) -> bytes:
    return hashlib.sha256(json.dumps([md5, trouble]).encode()).digest()


def _trouble(stored: Stored) -> list[object]:
    """Why it is not just ready, in so far as that is to be kept."""
    if stored.state == "delayed":
        return [stored.state, stored.error, stored.attempt, stored.not_before]
    return [stored.state, stored.error] if stored.state == "dead" else []


def _noted(queue: str, confirmed: Confirmed) -> list[object]:
    """The same, read back from the database."""
    where = (FailedMessage.queue == queue) & (FailedMessage.message_id == storable(confirmed.note))
    note = FailedMessage.get_or_none(where)
    if note is None:
        return []
    return [note.state, note.error, *([note.attempt, note.not_before] if note.state == "delayed" else [])]
