"""Durable queues on Amazon SQS: FIFO queues, which any number of bots work on at once.

Each queue of the flow is two: PREFIX + name + `.fifo`, and `-dead.fifo` for its dead letters. A message's
group is what it is about (a face's id): SQS hands out one message of a group at a time, in order, over all
bots. How SQS's own means are used, and what is only approximate, is told in docs/aws.md.
"""

import hashlib
import json
import logging
import math
import re
import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tagbot.aws.boto import Misconfigured
from tagbot.aws.sqs_api import (
    LONGEST_VISIBILITY_TIMEOUT,
    NoQueue,
    NotInFlight,
    QueueDiffers,
    Received,
    Sqs,
    redrive_policy,
)
from tagbot.errors import Reject, Retry
from tagbot.queues import (
    MAX_CRASHES,
    Confirmed,
    Counts,
    Failing,
    FillableQueue,
    Queue,
    SharedQueue,
    Stored,
    Trouble,
)
from tagbot.queues.envelope import CRASHED, Envelope
from tagbot.queues.notes import DEAD, DELAYED, RELEASED, REVIVED, TROUBLED, Note, Notes

log = logging.getLogger(__name__)

Clock = Callable[[], float]
"""Seconds since 1970."""

VISIBILITY_SECONDS = 60
"""How long nobody else gets a message that is in hand, unless it is said again: after so long a bot is taken
for dead."""

BEAT_SECONDS = VISIBILITY_SECONDS / 3
"""How often that is said again: two times may fail."""

WAIT_SECONDS = 10
"""Of one long poll: a bot that ends leaves its polls behind, and what comes into one of them, nobody gets for
`VISIBILITY_SECONDS`."""

PAUSE_SECONDS = 1.0
"""Between two polls that fail."""

BORN_SECONDS = 1.0
"""How long SQS asks to wait after a queue was made."""

LONGEST_REST_SECONDS = 300
"""After so long another bot may have a message that this one cannot get on with, as it does not reach the
database, say."""

RETENTION_SECONDS = 14 * 86_400
"""As long as SQS keeps a message at most; by itself it would be four days."""

LONGEST_MESSAGE = 1_048_576
"""Bytes."""

SPARE_RECEIVES = 5 * MAX_CRASHES
"""SQS itself gives up on a message that was handed out so many times more often than there are attempts: what
the bot should have buried, and could not."""

MOST_RECEIVES = 1000
"""SQS takes no larger number for that."""

REMEMBERED = 10_000
"""Messages that were done, by which their twins are recognised."""

COUNTED_SECONDS = 5.0
"""How long a count is good enough to tell whether there is anything at all."""

GROUP = re.compile(r"[!-~]{1,128}")
"""What SQS takes as a group: ASCII letters, digits and punctuation."""


@dataclass(slots=True)
class _InHand:
    """A message that this process holds."""

    received: Received
    message: Envelope
    arrived: float
    """By the bot's clock; seconds since 1970."""
    attempt: int = 1
    note: Note | None = None
    """On why it waited, if it did."""
    ended: bool = False
    ended_for_now: float | None = None
    """When, of one that is to come again."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while SQS is told of it, so that a beat does not undo how it ended."""


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A message in a stage's hands."""

    _held: _InHand
    _queue: "_SqsQueue"

    @property
    def id(self) -> str:
        return self._held.message.id

    @property
    def body(self) -> Mapping[str, Any]:
        return self._held.message.body

    @property
    def attempt(self) -> int:
        return self._held.attempt

    def ack(self) -> None:
        self._queue.drop(self._held)

    def retry_after(self, seconds: float, error: str) -> None:
        self._queue.park(self._held, seconds, error)

    def bury(self, error: str, *, given_up: bool = False) -> None:
        self._queue.bury(self._held, error, given_up=given_up)


class _SqsQueue:
    """A queue, in a process that works on it as well as beside it."""

    def __init__(self, door: Sqs, prefix: str, name: str, max_attempts: int, clock: Clock) -> None:
        """Nothing is called before something is asked for."""
        self.name = name
        self._door = door
        self._live, self._dead = f"{prefix}{name}.fifo", f"{prefix}{name}-dead.fifo"
        self._max_receives = min(MOST_RECEIVES, max_attempts + SPARE_RECEIVES)
        self._clock = clock
        self._notes = Notes(name)
        self._closed = threading.Event()
        self._ready = threading.Event()
        """Whether this process has seen that both queues are there, and as they should be."""
        self._preparing = threading.Lock()
        self._places: dict[str, str] = {}
        """By the name of a queue that this process has seen."""
        self._changed = threading.Condition()
        """Guards all that follows."""
        self._arrived: deque[_InHand] = deque()
        self._in_hand: dict[str, _InHand] = {}
        """By handle; it includes what has arrived."""
        self._done: OrderedDict[str, float] = OrderedDict()
        """When messages that ended were handed out, by their ids."""
        self._unwritten: deque[Callable[[], None]] = deque()
        """Ends of deliveries that SQS or the database refused."""
        self._wanted = 0
        """Threads that wait for a message."""
        self._failing: Retry | None = None
        """Why the latest poll got no answer."""
        self._poller: threading.Thread | None = None
        self._counted: tuple[float, Counts] | None = None
        """When was counted, and what, unless something was done since."""

    # ------------------------------------------------------------ putting

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        """As the interface says; raises `Reject` for a message that SQS never takes."""
        text = Envelope(message_id, key, body, self._clock()).to_json()
        _check_length(text)
        self._check_open()
        # Each telling has a mark of its own. With one made from the message's id, SQS would swallow for five
        # minutes whatever is told anew about a face, also when the stage has long dealt with the first.
        mark = str(uuid.uuid4())
        try:
            self._send(text, key, mark)
        except NoQueue:
            self._ready.clear()
            self._prepare()
            with self._answering():
                self._send(text, key, mark)
        except Misconfigured:
            raise
        except Retry:  # perhaps it is stored, and only the answer was lost: then SQS knows the mark
            with self._answering():
                self._send(text, key, mark)

    def fill(self, stored: Stored, mark: str) -> Confirmed:
        """As the interface says. A delayed message is sent like a ready one; a note says when it is due."""
        _check_length(stored.text)
        self._prepare()
        queue = self._dead if stored.state == DEAD else self._live
        place = self._places[queue]
        # What a queue of the same name, which is gone, was sent, says nothing of this one.
        mark = hashlib.sha256(f"{place} {mark}".encode()).hexdigest()
        with self._answering():
            sent = self._door.send(queue, stored.text, _group(stored.key), mark)
        self._counted = None
        message = Envelope(stored.id or sent.number, stored.key, {}, stored.seen)
        if stored.state == DELAYED:
            self._notes.delayed(
                message,
                stored.error,
                attempt=stored.attempt,
                received=0,
                not_before=stored.not_before,
                failing_since=stored.failing_since,
            )
        elif stored.state == DEAD:
            self._notes.dead(message, stored.error, self._clock(), stored.failing_since)
        return Confirmed(message.id, sent.md5, place)

    def places(self) -> frozenset[str]:
        """As the interface says."""
        found = set()
        for queue in (self._live, self._dead):
            with suppress(NoQueue):
                found.add(_place(self._door.attributes(queue, "QueueArn", "CreatedTimestamp")))
        return frozenset(found)

    def prepare(self) -> None:
        """As the interface says."""
        self._prepare()

    def _send(self, text: str, key: str, mark: str) -> None:
        self._door.send(self._live, text, _group(key), mark)
        self._counted = None

    # ------------------------------------------------------------ getting

    def get(self, timeout: float) -> _Delivery | None:
        until = time.monotonic() + timeout
        while not self._closed.is_set():
            self._write_unwritten()
            held = self._arrival(until) if timeout > 0 or self._arrived else self._poll(0)
            if held is None:
                return None
            if (delivery := self._delivery(held)) is not None:
                return delivery
        return None

    def _arrival(self, until: float) -> _InHand | None:
        """The next message that the poller got."""
        with self._changed:
            if self._poller is None:
                self._poller = threading.Thread(
                    target=self._keep_polling, name=f"poll {self.name}", daemon=True
                )
                self._poller.start()
            self._wanted += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(self._has_news, max(0.0, until - time.monotonic()))
            finally:
                self._wanted -= 1
            if self._closed.is_set():
                return None
            if self._arrived:
                return self._arrived.popleft()
            if self._failing is not None:
                raise Retry(self._failing.reason)
        return None

    def _has_news(self) -> bool:
        return bool(self._arrived) or self._failing is not None or self._closed.is_set()

    def _keep_polling(self) -> None:
        """Fetch messages as long as somebody waits for one: one thread, whose polls may take long, serves all
        who wait, and they can be stopped at any time.
        """
        while self._is_wanted():
            try:
                held = self._poll(0 if self._failing else WAIT_SECONDS)
                failing = None
            except Retry as why:
                held, failing = None, why
            except Exception as bug:  # were this thread to end of it, the queue would look empty for ever
                reason = bug.reason if isinstance(bug, Reject) else f"bug: {type(bug).__name__}"
                held, failing = None, Retry(reason)
                if self._failing is None or self._failing.reason != reason:
                    log.exception("%s: no message can be fetched", self.name)
            with self._changed:
                self._failing = failing
                if held is not None:
                    self._arrived.append(held)
                self._changed.notify_all()
            if failing is not None:
                self._closed.wait(PAUSE_SECONDS)

    def _is_wanted(self) -> bool:
        """Waits until a poll is wanted; whether there is to be one."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed.is_set() or self._wanted > len(self._arrived) or self._failing is not None
                )
            )
        return not self._closed.is_set()

    def _poll(self, wait: int) -> _InHand | None:
        """Ask SQS for one message: of several, two could be about the same face."""
        self._prepare()
        with self._answering():
            received = self._door.receive(self._live, 1, wait, VISIBILITY_SECONDS)
        if not received:
            return None
        held = _InHand(received[0], _message(received[0]), self._clock())
        with self._changed:
            self._in_hand[held.received.handle] = held
            is_late = self._closed.is_set()
        if is_late:
            self._give_back([held])
            return None
        return held

    def _delivery(self, held: _InHand) -> _Delivery | None:
        """What a stage gets of it: None for what no stage is to work on."""
        try:
            message = Envelope.from_json(held.received.text)
        except ValueError as unreadable:
            log.error("%s: %s, message %s", self.name, unreadable, held.received.number)  # noqa: TRY400 - the reason says it all
            self.bury(held, str(unreadable))
            return None
        if self._is_twin(message.id, held.received):
            self._end(held, partial(self._delete, held))
            return None
        try:
            note = self._notes.of(message.id)
            if note is not None and note.state == DEAD:
                self._notes.revived(message.id)
        except Retry:  # kept, as giving it back would look like a crash to whoever gets it next
            with self._changed:
                self._arrived.appendleft(held)
            raise
        waits = note if note is not None and note.state in (DELAYED, RELEASED) else None
        if waits is not None and waits.received == 0 and waits.not_before > self._clock():
            self._let_wait(held, waits.not_before)
            return None
        held.note = waits
        held.attempt = waits.attempt if waits else 1
        if _crashes(held.received, note) >= MAX_CRASHES:
            log.error("%s: %s, message=%s", self.name, CRASHED, message.id)
            self.bury(held, CRASHED)
            return None
        return _Delivery(held, self)

    def _let_wait(self, held: _InHand, not_before: float) -> None:
        """SQS does not know yet when it is due: it was taken over from another engine (`fill`)."""
        note = partial(self._notes.handed_out, held.message.id, held.received.times)
        self._end(held, note, partial(self._hold, held, not_before), is_over=False)

    def _is_twin(self, message_id: str, received: Received) -> bool:
        """Whether it was told before the stage began its work on the same message: then it is no news."""
        with self._changed:
            began = self._done.get(message_id)
        return began is not None and received.sent <= began

    # ------------------------------------------------------------ ending

    def drop(self, held: _InHand) -> None:
        """For deliveries."""
        steps = [partial(self._delete, held)]
        if held.note is not None:
            steps.append(partial(self._notes.settled, held.message.id, held.note))
        self._end(held, *steps)

    def park(self, held: _InHand, seconds: float, error: str) -> None:
        """For deliveries."""
        not_before = self._clock() + seconds
        note = partial(
            self._notes.delayed,
            held.message,
            error,
            attempt=held.attempt + 1,
            received=held.received.times,
            not_before=not_before,
            failing_since=self._failing_since(held),
        )
        # The note first: without it, the next attempt would look like one that follows a crash.
        self._end(held, note, partial(self._hold, held, not_before), is_over=False)

    def bury(self, held: _InHand, error: str, *, given_up: bool = False) -> None:
        """For deliveries."""
        failing_since = self._failing_since(held) if given_up else None
        number = held.received.number  # the same when this is repeated, so that there is one dead letter
        self._end(
            held,
            partial(self._send_raw, self._dead, held, number),
            partial(self._notes.dead, held.message, error, self._clock(), failing_since),
            partial(self._delete, held),
        )

    def _failing_since(self, held: _InHand) -> float:
        """Of a message that fails now."""
        before = held.note.failing_since if held.note else None
        return self._clock() if before is None else before

    def _end(self, held: _InHand, *steps: Callable[[], None], is_over: bool = True) -> None:
        """Take the steps with which a delivery ends; those that are refused later, in their order.

        Until all are taken, the message stays in hand, so that nobody else gets it; a crash before that only
        brings it again. So one that is to come again anyway may be given back before; its steps are void
        then, as others tell how it goes on.
        """
        with self._changed:
            if held.ended or held.received.handle not in self._in_hand:
                return
            held.ended = True
            if is_over:
                self._remember(held)
            else:
                held.ended_for_now = self._clock()
        self._take(held, deque(steps))

    def _take(self, held: _InHand, steps: deque[Callable[[], None]]) -> None:
        with held.lock:
            if held.ended_for_now is not None and held.received.handle not in self._in_hand:
                return
            try:
                while steps:
                    steps[0]()
                    steps.popleft()
            except Retry as refused:
                log.warning("%s: %s; written later", self.name, refused.reason)
                self._unwritten.append(partial(self._take, held, steps))
            else:
                self._let_go(held)

    def _let_go(self, held: _InHand) -> None:
        with self._changed:
            self._in_hand.pop(held.received.handle, None)
            self._counted = None

    def _remember(self, held: _InHand) -> None:
        self._done[held.message.id] = held.received.at
        self._done.move_to_end(held.message.id)
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    def _write_unwritten(self) -> None:
        for _ in range(len(self._unwritten)):
            with suppress(IndexError):  # another thread was faster
                self._unwritten.popleft()()

    def _delete(self, held: _InHand) -> None:
        with self._answering(), self._in_time(held):
            self._door.delete(self._live, held.received.handle)

    def _hold(self, held: _InHand, not_before: float) -> None:
        seconds = math.ceil(max(0.0, not_before - self._clock()))
        with self._answering(), self._in_time(held):
            self._door.set_visibility_timeout(
                self._live, held.received.handle, min(seconds, LONGEST_VISIBILITY_TIMEOUT - 1)
            )

    def _send_raw(self, queue: str, held: _InHand, mark: str) -> None:
        with self._answering():
            self._door.send(queue, held.received.text, held.received.group, mark)

    def _give_back(self, in_hand: Sequence[_InHand]) -> None:
        """Let other bots have them at once, as this one ends."""
        for held in in_hand:
            self._release(held)
        with suppress(Retry):  # each looks like one crash then
            self._notes.released([(held.message, held.received.times) for held in in_hand], self._clock())

    def _release(self, held: _InHand) -> None:
        """Let another bot have it at once."""
        with held.lock, suppress(Retry), self._answering(), self._in_time(held):
            self._door.set_visibility_timeout(self._live, held.received.handle, 0)
        self._let_go(held)

    def beat(self) -> None:
        """Say again that what is in hand is in hand; give back what nobody here gets on with."""
        with self._changed:
            resting = self._resting()
            self._arrived = deque(held for held in self._arrived if held.received.handle not in resting)
            in_hand = list(self._in_hand.values())
        for held in in_hand:
            try:
                if held.received.handle in resting:
                    log.warning("%s: message=%s rests here; it is given back", self.name, held.message.id)
                    self._release(held)
                else:
                    self._keep(held)
            except Exception:  # the others are to be kept all the same, and this one at the next beat
                log.exception("%s: message=%s cannot be kept", self.name, held.message.id)

    def _resting(self) -> set[str]:
        """The handles of messages that have been here for too long without being worked on."""
        since = self._clock() - LONGEST_REST_SECONDS
        waiting = [(held.arrived, held) for held in self._arrived]
        ended = [(held.ended_for_now, held) for held in self._in_hand.values()]
        return {held.received.handle for at, held in (*waiting, *ended) if at is not None and at < since}

    def _keep(self, held: _InHand) -> None:
        with held.lock, suppress(Retry):  # if not now, then at the next beat
            if held.received.handle in self._in_hand:
                with self._answering(), self._in_time(held):
                    self._door.set_visibility_timeout(self._live, held.received.handle, VISIBILITY_SECONDS)

    def find(self) -> None:
        """Know where the queue is before somebody waits for a put."""
        with suppress(NoQueue, Retry, Reject):  # then the put finds out
            self._door.hasty.find(self._live)

    @contextmanager
    def _in_time(self, held: _InHand) -> Iterator[None]:
        try:
            yield
        except NotInFlight:
            log.warning("%s: message=%s took too long; it is handed out again", self.name, held.message.id)
            self._let_go(held)

    # ------------------------------------------------------------ looking

    def counts(self) -> Counts:
        """As the interface says, as far as SQS knows: its numbers may be behind by some seconds."""
        ready, hidden = self._number_in(self._live)
        delayed = min(ready + hidden, self._notes.waiting(self._clock()))
        dead = sum(self._number_in(self._dead))
        if dead:
            dead -= min(dead, self._notes.number(REVIVED))
        visible = max(0, delayed - hidden)  # taken over from another engine, and not handed out yet
        return Counts(ready - visible, delayed, hidden + visible - delayed, dead)

    def troubles(self) -> list[Trouble]:
        self._check_open()
        return self._notes.troubles()

    def failing(self) -> Failing:
        self._check_open()
        return self._notes.failing()

    def oldest(self) -> float | None:
        """As the interface says, but of what is ready: of that, SQS does not tell."""
        self._check_open()
        with self._changed:
            seen = [held.message.seen for held in self._in_hand.values() if not held.ended]
        known = [first for first in (*seen, self._notes.oldest()) if first is not None]
        return min(known, default=None)

    def holds(self, message_id: str) -> bool:
        """As the interface says. SQS cannot be asked for one message: while anything is ready, or in
        another's hands, it may be this one.
        """
        with self._changed:
            mine = {held.message.id for held in self._in_hand.values()}
        note = self._notes.of(message_id)
        if message_id in mine or (note is not None and note.state in TROUBLED):
            return True
        now = self._clock()
        if self._counted is None or not 0 <= now - self._counted[0] < COUNTED_SECONDS:
            self._counted = now, self.counts()
        counts = self._counted[1]
        return counts.ready > 0 or counts.in_flight > len(mine)

    def _number_in(self, queue: str) -> tuple[int, int]:
        """How many messages are ready, and how many are kept from others; none where there is no queue."""
        self._check_open()
        names = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
        try:
            found = self._door.attributes(queue, *names)
        except NoQueue:
            return 0, 0
        ready, hidden = (int(found.get(name, 0)) for name in names)
        return ready, hidden

    # ------------------------------------------------------------ dead letters

    def redrive(self, key: str | None = None) -> int:
        expected = max(sum(self._number_in(self._dead)), self._notes.number(DEAD))
        kept: dict[str, Received] = {}
        """What stays, and what is not put back yet."""
        kept_at = self._clock()
        moved = looked_at = 0
        try:
            while looked_at < expected and (found := self._dead_letters()):
                is_round_again = any(each.number in kept for each in found)
                kept.update((each.number, each) for each in found)
                if is_round_again:
                    break
                for received in found:
                    looked_at += 1
                    if key in (None, _message(received).key):
                        moved += self._put_back(received)
                        del kept[received.number]
                if (now := self._clock()) - kept_at >= BEAT_SECONDS:
                    kept_at = now
                    self._keep_dead_letters(kept.values(), VISIBILITY_SECONDS)
        finally:
            self._keep_dead_letters(kept.values(), 0)
        return moved

    def _dead_letters(self) -> list[Received]:
        """Some that nobody looks at: kept from others for no longer than a message in hand, as who redrives
        may be killed.
        """
        self._prepare()
        with self._answering():
            return self._door.receive(self._dead, 10, 1, VISIBILITY_SECONDS)

    def _keep_dead_letters(self, letters: Iterable[Received], seconds: int) -> None:
        for received in letters:
            with suppress(Retry, NotInFlight, NoQueue):
                self._door.set_visibility_timeout(self._dead, received.handle, seconds)

    def _put_back(self, received: Received) -> bool:
        """Whether it is ready again: not where its message has come anew since."""
        message = _message(received)
        is_left_over = self._notes.forget(message.id, REVIVED)
        if not is_left_over:
            self._prepare()
            # The note first: whoever gets the message must not find one that says that it is dead.
            self._notes.forget(message.id, DEAD)
            with self._answering():
                self._door.send(self._live, received.text, received.group, str(uuid.uuid4()))
        with suppress(NotInFlight), self._answering():
            self._door.delete(self._dead, received.handle)
        self._counted = None
        return not is_left_over

    # ------------------------------------------------------------ keeping

    def tidy(self) -> None:
        """Forget notes on messages that SQS no longer keeps."""
        self._check_open()
        self._notes.forget_before(self._clock() - RETENTION_SECONDS)

    def close(self) -> None:
        """As the interface says; what is in hand goes back at once."""
        self._write_unwritten()
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
            in_hand = list(self._in_hand.values())
        if in_hand:
            self._give_back(in_hand)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise Retry(f"the queue {self.name} is closed")

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn a queue that is gone into `Retry`; before the next call it is made again."""
        try:
            yield
        except NoQueue:
            self._ready.clear()
            raise Retry(f"the queue {self._live}, or its dead letters', is gone; it is made again") from None

    def _prepare(self) -> None:
        """See to it, once, that both queues are there and as they should be."""
        self._check_open()
        if self._ready.is_set():
            return
        with self._preparing, self._answering():
            if not self._ready.is_set():
                kept = {"MessageRetentionPeriod": str(RETENTION_SECONDS)}
                dead = self._made(self._dead, kept)
                self._made(
                    self._live,
                    {
                        **kept,
                        "DeduplicationScope": "messageGroup",
                        "FifoThroughputLimit": "perMessageGroupId",
                        "RedrivePolicy": redrive_policy(dead, self._max_receives),
                    },
                )
                self._ready.set()

    def _made(self, queue: str, wanted: Mapping[str, str]) -> str:
        """Make a queue, or set right one that is there; its ARN."""
        try:
            found = self._door.attributes(queue, "All")
        except NoQueue:
            # What it held is gone. First, as whoever finds the queue there will forget nothing.
            self._notes.forget_all(*((DEAD, REVIVED) if queue == self._dead else (DELAYED, RELEASED)))
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
            self._closed.wait(BORN_SECONDS)
        raise Retry(f"the queue {queue} was made, and is not there yet")


def _message(received: Received) -> Envelope:
    """What was received; of what is no message, what SQS knows of it."""
    try:
        return Envelope.from_json(received.text)
    except ValueError:
        return Envelope(received.number, received.group, {}, received.sent)


def _place(attributes: Mapping[str, str]) -> str:
    """Region, account, name, and the second when it was made: SQS has no two of one name within a minute."""
    return f"{attributes['QueueArn']} of {attributes['CreatedTimestamp']}"


def _check_length(text: str) -> None:
    """SQS counts bytes, and the text is ASCII; raises `Reject`."""
    if len(text) > LONGEST_MESSAGE:
        raise Reject(f"the message is over the limit of {LONGEST_MESSAGE} bytes")


def _group(key: str) -> str:
    return key if GROUP.fullmatch(key) else hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _crashes(received: Received, note: Note | None) -> int:
    """How often in a row it was handed out, and nobody told how that ended."""
    return received.times - 1 - (note.received if note else 0)


def _same(found: str | None, wanted: str) -> bool:
    """Whether an attribute is as it should be; SQS writes JSON in its own way."""
    if found is None or not wanted.startswith("{"):
        return found == wanted
    have, want = json.loads(found), json.loads(wanted)
    return all(str(have.get(name)) == str(value) for name, value in want.items())


@contextmanager
def sqs_queues(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock = time.time
) -> Iterator[Mapping[str, Queue]]:
    """The queues by their names, for a bot, beside any number of others."""
    over = threading.Event()
    with _opened(door, prefix, names, max_attempts, clock) as queues:
        beats = threading.Thread(target=_beat, args=(list(queues.values()), over), name="beat", daemon=True)
        beats.start()
        try:
            yield queues
        finally:
            over.set()


@contextmanager
def sqs_queues_beside(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock = time.time
) -> Iterator[Mapping[str, SharedQueue]]:
    """The queues by their names, for a command, whether or not a bot runs."""
    with _opened(door, prefix, names, max_attempts, clock) as queues:
        yield queues


@contextmanager
def sqs_queues_to_fill(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock = time.time
) -> Iterator[Mapping[str, FillableQueue]]:
    """The queues by their names, for what lies in another engine's, while no bot runs."""
    with _opened(door, prefix, names, max_attempts, clock) as queues:
        yield queues


@contextmanager
def _opened(
    door: Sqs, prefix: str, names: Iterable[str], max_attempts: int, clock: Clock
) -> Iterator[dict[str, _SqsQueue]]:
    with ExitStack() as stack:
        stack.callback(door.close)
        yield {
            name: stack.enter_context(closing(_SqsQueue(door, prefix, name, max_attempts, clock)))
            for name in names
        }


def _beat(queues: Iterable[_SqsQueue], over: threading.Event) -> None:
    for queue in queues:
        queue.find()
    while not over.wait(BEAT_SECONDS):
        for queue in queues:
            queue.beat()
