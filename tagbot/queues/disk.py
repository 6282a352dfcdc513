"""Durable queues on disk: persist-queue's `SQLiteAckQueue`, and what a bot needs beyond it.

Each queue is one SQLite file, so that a damaged or busy one holds up no other. A row is one message: its
envelope (id, key and body) as JSON, which never changes, and in columns beside it what does: state, attempt,
not-before, last error. A message whose work is done is deleted.

One process works on the queues (`disk_queues`); others may look at them, put messages and redrive dead
letters meanwhile (`disk_queues_beside`).
"""

import json
import logging
import math
import os
import sqlite3
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Condition, Lock
from typing import Any, TypeVar

from persistqueue import SQLiteAckQueue
from persistqueue.serializers import json as json_serializer

from tagbot.errors import Retry
from tagbot.lib.process_lock import ProcessLock
from tagbot.lib.sqlite_errors import with_advice
from tagbot.lib.write_ahead_log import NORMAL, WriteAheadLog
from tagbot.queues import MAX_CRASHES, Counts, Failing, Queue, SharedQueue, Stored, Trouble
from tagbot.queues.envelope import CRASHED, Envelope, storable

log = logging.getLogger(__name__)

T = TypeVar("T")

Clock = Callable[[], float]
"""Seconds since 1970."""

LOOK_SECONDS = 0.25
"""How long a waiting `get` trusts to be told of news: another process, which redrives, cannot tell it."""

BUSY_SECONDS = 2.0
"""How long to wait for another process that writes; Slack wants its acknowledgement within three seconds."""

BUSY_PAUSE_SECONDS = 0.01
"""Between two tries meanwhile."""

CLOCK_STEP_SECONDS = 1.0
"""A clock that goes back by less was not set, only read by two threads or corrected a little."""

WAKE_BATCH = 1000
"""Due messages made ready in one transaction: some milliseconds, for which a put has to wait."""

PAGE_BYTES = 1024
"""About a message. Each step writes two to four pages as a whole, so this is a fifth faster than 4096."""

WAL_BYTES = 4 * 1024 * 1024
"""What a write-ahead log is cut back to: it grew larger only because much was put at once."""

WAL_PAGES = 8000
"""After so many, 8 MB, whoever puts has to bring the log into the file, which takes three waits for the disk;
before that, a timed job does. SQLite's own 1000 are reached every hundred messages.
"""

# persist-queue's states are 0 (new) and 1 (ready), 2 (in flight), 5 (done) and 9 (dead). State 3 is ours:
# persist-queue takes what is below 2 and resumes what is 2, so it never touches a delayed message, and what
# was in a stage's hands at a crash is told apart from what was only waiting.
READY, IN_FLIGHT, DELAYED, DEAD = 1, 2, 3, 9


class QueueUnusable(Retry):
    """A queue's file cannot be opened, or not with the durability that is promised; the reason says which."""


class _Rows(SQLiteAckQueue):
    """The rows of one queue, and the steps from state to state, each one transaction.

    Any process may have one open; opening changes nothing but a file that is new, or of an earlier version.
    Every method raises `Retry` when the disk refuses: another process is busy writing, the disk is full, not
    writable, or broken.

    `action_lock` guards the reading connection, `tran_lock` the writing one.
    """

    # More columns than persist-queue has, rather than JSON that is rewritten at each attempt: SQL can then
    # group, wake and redrive without reading the envelopes, of which some may be unreadable.
    _SQL_CREATE = """
        CREATE TABLE IF NOT EXISTS {table_name} (
            {key_column} INTEGER PRIMARY KEY AUTOINCREMENT,
            data BLOB,
            timestamp FLOAT,            -- when the message was first seen
            status INTEGER,
            message_id TEXT,
            key TEXT,
            attempt INTEGER NOT NULL DEFAULT 1,
            delay FLOAT NOT NULL DEFAULT 0,
            not_before FLOAT NOT NULL DEFAULT 0,
            crashes INTEGER NOT NULL DEFAULT 0,
            again INTEGER NOT NULL DEFAULT 0,   -- told once more while in flight
            error TEXT NOT NULL DEFAULT '',
            past_errors TEXT NOT NULL DEFAULT '',
            failing_since FLOAT         -- its first failure in a row
        )"""

    # A twin is not stored. What is told again while it is in flight is handed out once more afterwards: its
    # stage may have looked at the world before the reason to tell it again came about. A dead letter with the
    # same id is the same fact: told again, it is revived with what is told now, in place. So a queue never
    # holds two messages of one id, also after a redrive.
    _PUT = """
        INSERT INTO ack_queue_messages (data, timestamp, status, message_id, key) VALUES (?, ?, 1, ?, ?)
        ON CONFLICT (message_id) DO UPDATE SET data = excluded.data, key = excluded.key,
            status = iif(status = 9, 1, 2), again = (status = 2),
            attempt = iif(status = 9, 1, attempt), crashes = iif(status = 9, 0, crashes),
            failing_since = iif(status = 9, NULL, failing_since),
            past_errors = iif(status = 9, substr(past_errors || error || char(10), -4000), past_errors)
        WHERE status IN (2, 9)"""

    _CLAIM = """
        UPDATE ack_queue_messages SET status = 2
        WHERE _id = (SELECT _id FROM ack_queue_messages WHERE status = 1 AND status < 3 ORDER BY _id LIMIT 1)
        RETURNING _id, data, attempt, EXISTS (
            SELECT 1 FROM ack_queue_messages AS later
            WHERE status = 1 AND status < 3 AND later._id > ack_queue_messages._id)"""

    _ALL = """
        SELECT _id, data, timestamp, status, key, attempt, not_before, error, failing_since
        FROM ack_queue_messages
        WHERE status IN (0, 1, 2, 3, 9)
        ORDER BY max(status, 2), iif(status = 3, not_before, 0), _id"""

    # No question takes longer for 100,000 dead letters, and few pages are written at each step: `moving`
    # stays small. A query has to repeat the index's condition, or SQLite does not see that it may use it.
    _INDEXES = (
        "CREATE INDEX IF NOT EXISTS moving ON ack_queue_messages (status) WHERE status < 3",
        "CREATE INDEX IF NOT EXISTS resting ON ack_queue_messages (status, not_before) WHERE status > 2",
        """CREATE INDEX IF NOT EXISTS troubled ON ack_queue_messages (status, error, timestamp, not_before)
            WHERE status > 2""",
        "CREATE UNIQUE INDEX IF NOT EXISTS by_message_id ON ack_queue_messages (message_id)",
        """CREATE INDEX IF NOT EXISTS failing ON ack_queue_messages (status, failing_since)
            WHERE failing_since IS NOT NULL""",
    )

    _getter: sqlite3.Connection  # type: ignore[assignment]  # persist-queue says None, which it is at first
    _putter: sqlite3.Connection  # type: ignore[assignment]  # as above

    def __init__(self, file: Path) -> None:
        self._title = file.stem
        self._closed = False
        self._connections: list[sqlite3.Connection] = []
        self._log = WriteAheadLog(file, self._checkpointed)
        try:
            super().__init__(
                str(file.parent),
                auto_resume=False,  # it would take from the running bot what it has in hand
                name="messages",
                multithreading=True,
                timeout=BUSY_SECONDS,
                serializer=json_serializer,  # the default is pickle: code execution from a file
                db_file_name=file.name,
            )
        except (sqlite3.DatabaseError, QueueUnusable, OSError) as error:
            self.close()
            raise _unusable(file, error) from error

    def _init(self) -> None:
        super()._init()
        self._add_what_is_missing()
        for index in self._INDEXES:
            self._putter.execute(index)
        self._putter.execute("PRAGMA busy_timeout = 0")  # `_in_turn` waits instead
        for connection in self._connections:
            connection.text_factory = bytes  # or a text that is no UTF-8 could not even be fetched

    def _add_what_is_missing(self) -> None:
        """A file of an earlier version has no such column."""
        with suppress(sqlite3.OperationalError):  # it is there; a file that cannot be used says so next
            self._putter.execute("ALTER TABLE ack_queue_messages ADD COLUMN failing_since FLOAT")

    def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            Path(path) / self.db_file_name,
            timeout=timeout,
            isolation_level=None,  # each statement is a transaction: no calls to begin and to end it
            check_same_thread=not multithreading,
        )
        self._connections.append(connection)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heeded by a new file only
        make_durable(connection)
        return connection

    def close(self) -> None:
        self._closed = True
        with self.action_lock, self.tran_lock:
            for connection in self._connections:
                connection.close()
        self._log.close()

    def put(  # type: ignore[override]  # an envelope, not any item
        self, envelope: Envelope, now: float, written: Callable[[], object] = lambda: None
    ) -> None:
        """Store it, unless it is ready or delayed already. `written` is told as soon as it can be claimed,
        before the wait for the disk.
        """
        self._store(
            self._PUT, envelope.to_json(), now, storable(envelope.id), storable(envelope.key), written=written
        )

    def claim(self) -> tuple[int, Any, int, bool] | None:
        """Put the oldest ready row in flight: its number, its envelope's text, which attempt it is, and
        whether there are more.
        """

        def claimed() -> list[tuple[int, Any, int, bool]]:
            with self.tran_lock:
                return self._putter.execute(self._CLAIM).fetchall()

        with self._disk():
            rows = self._in_turn(claimed)
        return rows[0] if rows else None

    def drop(self, row: int) -> bool:
        """The work is done. Deleted at once: marking it done and clearing later is two writes, and growth.

        Whether it is ready once more instead, as it was told again meanwhile.
        """
        if self._settle("DELETE FROM ack_queue_messages WHERE _id = ? AND status = 2 AND NOT again", row):
            return False
        ready = self._settle(
            "UPDATE ack_queue_messages SET status = 1, again = 0, attempt = 1, crashes = 0,"
            " failing_since = NULL WHERE _id = ? AND status = 2",
            row,
        )
        return ready > 0

    def park(self, row: int, delay: float, not_before: float, error: str) -> None:
        """Let it wait for its next attempt."""
        # Its stage came back from it, so whatever crashed the bot before was not this message.
        self._settle(
            "UPDATE ack_queue_messages SET status = 3, attempt = attempt + 1, crashes = 0, again = 0,"
            " delay = ?, not_before = ?, error = ?, failing_since = coalesce(failing_since, ?)"
            " WHERE _id = ? AND status = 2",
            delay,
            not_before,
            storable(error),
            not_before - delay,
            row,
        )

    def bury(self, row: int, error: str, given_up_at: float | None) -> None:
        """Make it a dead letter, with its envelope as it is, readable or not."""
        self._store(
            "UPDATE ack_queue_messages SET status = 9, again = 0, error = ?,"
            " failing_since = iif(?, coalesce(failing_since, ?), NULL) WHERE _id = ? AND status = 2",
            storable(error),
            given_up_at is not None,
            given_up_at,
            row,
        )

    def redrive(self, key: str | None, written: Callable[[], object] = lambda: None) -> int:
        """Make dead letters ready, in their old places; how many. `written` is as for `put`."""
        return self._store(
            "UPDATE ack_queue_messages SET status = 1, attempt = 1, crashes = 0, failing_since = NULL,"
            " past_errors = substr(past_errors || error || char(10), -4000)"
            " WHERE status = 9 AND status > 2 AND (key = ? OR ?)",
            None if key is None else storable(key),
            key is None,
            written=written,
        )

    def resume(self) -> int:
        """Make ready, or bury after too many crashes, what was in a stage's hands at a crash; how many."""
        # A crash that a message only waited through speaks for it: the count is of crashes in a row.
        self._settle(
            "UPDATE ack_queue_messages SET crashes = 0 WHERE status = 1 AND status < 3 AND crashes > 0"
        )
        return self._store(
            "UPDATE ack_queue_messages SET crashes = crashes + 1, again = 0,"
            " status = iif(crashes + 1 < ?, 1, 9), error = iif(crashes + 1 < ?, error, ?),"
            " failing_since = iif(crashes + 1 < ?, failing_since, NULL)"
            " WHERE status = 2 AND status < 3",
            MAX_CRASHES,
            MAX_CRASHES,
            CRASHED,
            MAX_CRASHES,
        )

    def wake(self, now: float) -> int:
        """Make delayed messages ready that are due, up to `WAKE_BATCH`; how many."""
        return self._settle(
            "UPDATE ack_queue_messages SET status = 1 WHERE _id IN (SELECT _id FROM ack_queue_messages"
            " WHERE status = 3 AND status > 2 AND not_before <= ? ORDER BY not_before LIMIT ?)",
            now,
            WAKE_BATCH,
        )

    def shorten(self, now: float) -> None:
        """Let no message wait longer than was asked for: a clock set back would park it for as long again."""
        self._settle(
            "UPDATE ack_queue_messages SET not_before = ? + delay"
            " WHERE status = 3 AND status > 2 AND not_before > ? + delay",
            now,
            now,
        )

    def next_due(self) -> float:
        """When the first delayed message is due; infinity without one."""
        [(due,)] = self._look(
            "SELECT min(not_before) FROM ack_queue_messages WHERE status = 3 AND status > 2"
        )
        return math.inf if due is None else due

    def counts(self) -> Counts:
        rows = self._look(
            "SELECT status, count(*) FROM ack_queue_messages WHERE status < 3 GROUP BY status UNION ALL"
            " SELECT status, count(*) FROM ack_queue_messages WHERE status > 2 GROUP BY status"
        )
        number = defaultdict(int, rows)
        return Counts(number[READY], number[DELAYED], number[IN_FLIGHT], number[DEAD])

    def troubles(self) -> list[Trouble]:
        rows = self._look(
            "SELECT status, error, count(*), min(timestamp), min(not_before) FROM ack_queue_messages"
            " WHERE status > 2 GROUP BY status, error ORDER BY count(*) DESC, error"
        )
        return [
            Trouble("delayed", error.decode(), count, since, until)
            if status == DELAYED
            else Trouble("dead", error.decode(), count, since)
            for status, error, count, since, until in rows
        ]

    def failing(self) -> Failing:
        # What is left at a crash or put back ready has not worked yet, so its state does not matter.
        [(tried, given_up)] = self._look(
            "SELECT (SELECT min(failing_since) FROM ack_queue_messages"
            " WHERE failing_since IS NOT NULL AND status < 9),"
            " (SELECT max(failing_since) FROM ack_queue_messages"
            " WHERE failing_since IS NOT NULL AND status = 9)"
        )
        return Failing(tried, given_up)

    def oldest(self) -> float | None:
        # Rows are numbered as their messages were first seen, so each state's first one is its oldest.
        [(first_seen,)] = self._look(
            "SELECT min(timestamp) FROM ack_queue_messages WHERE _id IN ("
            " (SELECT min(_id) FROM ack_queue_messages WHERE status = 1 AND status < 3),"
            " (SELECT min(_id) FROM ack_queue_messages WHERE status = 2 AND status < 3),"
            " (SELECT min(_id) FROM ack_queue_messages WHERE status = 3 AND status > 2))"
        )
        return None if first_seen is None else float(first_seen)

    def holds(self, message_id: str) -> bool:
        sql = "SELECT EXISTS (SELECT 1 FROM ack_queue_messages WHERE message_id = ?)"
        return bool(self._look(sql, storable(message_id))[0][0])

    def stored(self) -> Iterator[Stored]:
        """All messages, in the order in which they would be handed out, dead letters last; for one thread."""
        with self._disk():
            yield from (_stored(*row) for row in self._getter.execute(self._ALL))

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file, as far as nobody has to be waited for."""
        with self._disk(), self.tran_lock:
            self._putter.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _checkpointed(self) -> bool:
        """As `WriteAheadLog` wants it."""
        with self.tran_lock:
            [(busy, _, _)] = self._putter.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not busy

    def _look(self, sql: str, *values: Any) -> list[Any]:
        with self._disk(), self.action_lock:
            return self._getter.execute(sql, values).fetchall()

    def _store(self, sql: str, *values: Any, written: Callable[[], object] = lambda: None) -> int:
        """Write it, on the disk when this returns: puts, dead letters and redrives are promised to be."""
        with self._disk():
            changed = self._settle(sql, *values)
            written()
            self._log.wait()
        return changed

    def _settle(self, sql: str, *values: Any) -> int:
        """Write it. A power cut may lose it, but then also all that was written afterwards.

        Enough for claims, acknowledgements and delays: their message only comes again.
        """

        def changed() -> int:
            with self.tran_lock:
                return self._putter.execute(sql, values).rowcount

        with self._disk():
            return self._in_turn(changed)

    def _in_turn(self, write: Callable[[], T]) -> T:
        """Write, as soon as no other process does.

        Each thread waits its own `BUSY_SECONDS`, outside the lock. Were SQLite to wait, that would be inside,
        and a put, which Slack waits for, would stand in line behind the time-outs of all who came before it.
        """
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return write()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                    raise
            time.sleep(BUSY_PAUSE_SECONDS)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what the disk refuses into `Retry`; a wrong use of SQLite stays the bug that it is."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            refused = isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
            if not (refused or self._closed):
                raise
            raise Retry(f"the queue {self._title} cannot be reached: {with_advice(error)}") from error


def _stored(
    number: int,
    data: Any,
    seen: float,
    status: int,
    key: Any,
    attempt: int,
    not_before: float,
    error: bytes,
    failing_since: float | None,
) -> Stored:
    """A row; what was in hand when the bot stopped is ready. What cannot be read becomes JSON that is no
    message either: whichever queue it comes to, it stays a dead letter, or becomes one.
    """
    state = {DELAYED: "delayed", DEAD: "dead"}.get(status, "ready")
    try:
        message = replace(Envelope.from_json(data), seen=float(seen))
        text = message.to_json()
    except ValueError:
        message, text = Envelope("", _legible(key), {}), json.dumps(_legible(data))
    return Stored(
        number, message.id, message.key, text, state, seen, attempt, not_before, error.decode(), failing_since
    )


def _legible(value: Any) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def make_durable(connection: sqlite3.Connection) -> None:
    """Set what decides whether a commit survives a power cut, and read it back: SQLite ignores silently."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": NORMAL,  # what has to be on the disk is waited for, see `WriteAheadLog`
        "fullfsync": 1,  # macOS: fsync alone stops at the drive's cache; elsewhere it changes nothing
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise QueueUnusable(f"SQLite keeps {name} at {found}, not {value}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A message in a stage's hands."""

    id: str
    body: Mapping[str, Any]
    attempt: int
    _row: int
    _queue: "_DiskQueue"

    def ack(self) -> None:
        self._queue.drop(self._row)

    def retry_after(self, seconds: float, error: str) -> None:
        self._queue.park(self._row, seconds, error)

    def bury(self, error: str, *, given_up: bool = False) -> None:
        self._queue.bury(self._row, error, given_up=given_up)


class _DiskQueue:
    """A queue in the process that works on it, of which there must be only one."""

    def __init__(self, directory: Path, name: str, clock: Clock, look_seconds: float = LOOK_SECONDS) -> None:
        self.name = name
        self._clock = clock
        self._look_seconds = look_seconds
        file = _file(directory, name)
        self._rows = _Rows(file)
        self._closed = False
        # Told of news, which are counted, so that one between a look and the wait after it is not missed.
        self._changed = Condition()
        self._news = 0
        self._exhausted_at = -1
        """The news by which nothing was left to hand out."""
        self._due_lock = Lock()
        self._looked_at = clock()
        # Ends of deliveries that the disk refused.
        self._unwritten: deque[Callable[[], object]] = deque()
        try:
            self._next_due = self._recover()
        except Retry as refused:
            self._rows.close()
            raise _unusable(file, refused.__cause__ or refused) from refused

    def _recover(self) -> float:
        """Take up what the last process left; when the first delayed message is due."""
        if resumed := self._rows.resume():
            log.warning("%s: %d messages were in hand when the bot stopped", self.name, resumed)
        self._rows.shorten(self._looked_at)
        return self._rows.next_due()

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        # A worker begins while this waits for the disk. Should that fail, or a power cut come first, whoever
        # puts has heard of no success and puts it again: no more than is worked on twice after any crash.
        self._rows.put(Envelope(message_id, key, body), self._clock(), self._tell)

    def get(self, timeout: float) -> _Delivery | None:
        until = time.monotonic() + timeout
        # To look costs what a claim costs, and would disturb whoever puts.
        in_vain = timeout > 0 and self._news == self._exhausted_at and not self._unwritten
        while not self._closed:
            news = self._news
            if not in_vain and (delivery := self._look()) is not None:
                return delivery
            in_vain = False
            if (left := until - time.monotonic()) <= 0:
                return None
            self._wait(news, min(left, self._look_seconds))
        return None

    def counts(self) -> Counts:
        return self._rows.counts()

    def troubles(self) -> list[Trouble]:
        return self._rows.troubles()

    def failing(self) -> Failing:
        return self._rows.failing()

    def oldest(self) -> float | None:
        return self._rows.oldest()

    def holds(self, message_id: str) -> bool:
        return self._rows.holds(message_id)

    def redrive(self, key: str | None = None) -> int:
        return self._rows.redrive(key, partial(self._tell, everyone=True))

    def tidy(self) -> None:
        """Only the log needs it: done messages are gone, and their place in the file is used again."""
        self._rows.checkpoint()

    def close(self) -> None:
        self._write_unwritten()
        self._closed = True
        self._tell(everyone=True)
        self._rows.close()

    def drop(self, row: int) -> None:
        """For deliveries."""
        self._end(partial(self._drop, row))

    def park(self, row: int, seconds: float, error: str) -> None:
        """For deliveries."""
        self._end(partial(self._park, row, seconds, self._clock() + seconds, error))

    def bury(self, row: int, error: str, *, given_up: bool = False) -> None:
        """For deliveries."""
        self._end(partial(self._rows.bury, row, error, self._clock() if given_up else None))

    def _drop(self, row: int) -> None:
        if self._rows.drop(row):
            self._tell()

    def _park(self, row: int, seconds: float, not_before: float, error: str) -> None:
        self._rows.park(row, seconds, not_before, error)
        with self._due_lock:
            self._next_due = min(self._next_due, not_before)
        self._tell()  # who waits may have to wait less long

    def _end(self, write: Callable[[], object]) -> None:
        """Write how a delivery ended, now or, if the disk refuses, later.

        Raising would leave the message in flight until a restart. Forgetting is no danger: whoever crashes
        before it is written gets the message again.
        """
        try:
            write()
        except Retry as refused:
            log.warning("%s: %s; written later", self.name, refused.reason)
            self._unwritten.append(write)

    def _write_unwritten(self) -> None:
        for _ in range(len(self._unwritten)):
            with suppress(IndexError):  # another thread was faster
                self._end(self._unwritten.popleft())

    def _look(self) -> _Delivery | None:
        try:
            self._write_unwritten()
            self._wake_due()
            return self._claim()
        except Retry:
            if self._closed:
                return None
            raise

    def _wake_due(self) -> None:
        """Make ready what is due: one comparison when nothing is."""
        now = self._clock()
        set_back = now < self._looked_at - CLOCK_STEP_SECONDS
        self._looked_at = now
        if not set_back and now < self._next_due:
            return
        with self._due_lock:  # a park between the look and the assignment would be forgotten
            if set_back:
                self._rows.shorten(now)
            woken = self._rows.wake(now)
            self._next_due = self._rows.next_due()
        if woken > 1:
            self._tell(everyone=True)

    def _claim(self) -> _Delivery | None:
        """The oldest ready message; an unreadable one becomes a dead letter and holds up nobody."""
        news = self._news
        while (claimed := self._rows.claim()) is not None:
            row, text, attempt, more = claimed
            if not more:
                self._exhausted_at = news
            try:
                envelope = Envelope.from_json(text)
            except ValueError as unreadable:
                log.error("%s: %s, in row %d", self.name, unreadable, row)  # noqa: TRY400 - the reason says it all
                self.bury(row, str(unreadable))
            else:
                return _Delivery(envelope.id, envelope.body, attempt, row, self)
        self._exhausted_at = news
        return None

    def _wait(self, news: int, seconds: float) -> None:
        """Until there is more news than those, or something is due."""
        with self._changed:
            if news == self._news and not self._closed:
                due_in = max(0.0, self._next_due - self._clock())
                self._changed.wait(min(seconds, due_in))

    def _tell(self, *, everyone: bool = False) -> None:
        with self._changed:
            self._news += 1
            self._changed.notify_all() if everyone else self._changed.notify()


class _UnusableQueue:
    """A queue whose file could not be opened when the bot started; it stays as it is.

    Its stage is idle, and what would be put here waits where it comes from. Each `get` tries to open it
    again: the disk may be back, another program may have let go of the file, or somebody restored it.
    """

    def __init__(self, open_it: Callable[[], _DiskQueue], name: str, problem: QueueUnusable) -> None:
        self.name = name
        self._open_it = open_it
        self._problem = problem
        self._opened: _DiskQueue | None = None
        self._opening = Lock()
        self._closed = False

    def get(self, timeout: float) -> _Delivery | None:
        if self._closed:
            return None
        if self._opened is None:
            self._try_to_open()
        return self._queue().get(timeout)

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        self._queue().put(message_id, key, body)

    def counts(self) -> Counts:
        return self._queue().counts()

    def troubles(self) -> list[Trouble]:
        return self._queue().troubles()

    def failing(self) -> Failing:
        return self._queue().failing()

    def oldest(self) -> float | None:
        return self._queue().oldest()

    def holds(self, message_id: str) -> bool:
        return self._queue().holds(message_id)

    def redrive(self, key: str | None = None) -> int:
        return self._queue().redrive(key)

    def tidy(self) -> None:
        self._queue().tidy()

    def close(self) -> None:
        with self._opening:
            self._closed = True
        if self._opened is not None:
            self._opened.close()

    def _queue(self) -> _DiskQueue:
        """Raises `QueueUnusable` while there is none."""
        if self._opened is None:
            raise QueueUnusable(self._problem.reason)
        return self._opened

    def _try_to_open(self) -> None:
        with self._opening:
            if self._closed or self._opened is not None:
                return
            try:
                self._opened = self._open_it()
            except QueueUnusable as problem:
                self._problem = problem


class _DiskQueueBeside:
    """A queue from beside the process that works on it, or while none does.

    Nothing in hand is touched, no lock is taken, and only a put makes a file where none is. A file that
    cannot be used is told, as `QueueUnusable`, by whoever asks for what it holds.
    """

    def __init__(self, directory: Path, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._file = _file(directory, name)
        self._rows: _Rows | None = None
        self._closed = False

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        if self._rows is None:
            self._rows = _Rows(self._file)
        self._rows.put(Envelope(message_id, key, body), self._clock())

    def counts(self) -> Counts:
        return rows.counts() if (rows := self._existing()) is not None else Counts()

    def troubles(self) -> list[Trouble]:
        return rows.troubles() if (rows := self._existing()) is not None else []

    def oldest(self) -> float | None:
        return rows.oldest() if (rows := self._existing()) is not None else None

    def holds(self, message_id: str) -> bool:
        return (rows := self._existing()) is not None and rows.holds(message_id)

    def redrive(self, key: str | None = None) -> int:
        return rows.redrive(key) if (rows := self._existing()) is not None else 0

    def close(self) -> None:
        self._closed = True
        if self._rows is not None:
            self._rows.close()

    def _existing(self) -> _Rows | None:
        """The rows, None while nobody has put anything here."""
        if self._rows is None and self._closed:
            raise Retry(f"the queue {self.name} is closed")
        if self._rows is None and self._file.exists():
            self._rows = _Rows(self._file)
        return self._rows


@contextmanager
def disk_queues(
    directory: Path, names: Iterable[str], clock: Clock = time.time
) -> Iterator[Mapping[str, Queue]]:
    """The queues by their names, for the one process that works on them.

    Raises `AlreadyRunning` if another does. A queue whose file cannot be opened as promised holds up no
    other: whatever it is asked raises `QueueUnusable`, until the file can be opened.
    """
    with ProcessLock(directory / "lock"), ExitStack() as stack:
        _fsync(directory.parent)  # SQLite sees to the names of its files, not to that of their directory
        yield {name: stack.enter_context(closing(_opened(directory, name, clock))) for name in names}


def _opened(directory: Path, name: str, clock: Clock) -> Queue:
    def open_it() -> _DiskQueue:
        return _DiskQueue(directory, name, clock)

    try:
        return open_it()
    except QueueUnusable as problem:
        return _UnusableQueue(open_it, name, problem)


@contextmanager
def disk_queues_beside(
    directory: Path, names: Iterable[str], clock: Clock = time.time
) -> Iterator[Mapping[str, SharedQueue]]:
    """The queues by their names, for a command, whether or not the bot runs."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(_DiskQueueBeside(directory, name, clock))) for name in names}


def disk_messages(directory: Path, name: str) -> Iterator[Stored]:
    """What lies in a queue that nobody works on, in the order in which it would be handed out, dead letters
    last. Nothing of it is changed. Raises `Retry` when it cannot be read.
    """
    file = _file(directory, name)
    if file.exists():
        with closing(_Rows(file)) as rows:
            yield from rows.stored()


def _file(directory: Path, name: str) -> Path:
    return directory / f"{name}.db"


def _unusable(file: Path, why: BaseException) -> QueueUnusable:
    return QueueUnusable(f"the queue file {file} cannot be used: {with_advice(why)}")


def _fsync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
