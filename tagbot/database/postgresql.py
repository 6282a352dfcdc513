"""A database on a server: PostgreSQL, with psycopg 3."""

import hashlib
import statistics
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any

import psycopg
from peewee import OperationalError
from playhouse.pool import MaxConnectionsExceeded, _PooledPostgresqlDatabase
from playhouse.postgres_ext import PostgresqlExtDatabase, ServerSideQuery
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import LockNotAvailable

from tagbot.database.outages import DatabaseUnusable, causes
from tagbot.database.postgresql_errors import is_of_the_world, with_advice
from tagbot.database.round_trips import CountedRoundTrips
from tagbot.database.tables import TABLES
from tagbot.database.write_lock import POSTGRESQL_BEGIN
from tagbot.errors import Retry

OLDEST = 14
"""The oldest version that its makers still mend."""

CONNECT: dict[str, str | int] = {
    "connect_timeout": 5,  # a host that is off does not say so
    "keepalives_idle": 5,  # a server that went away without a word is noticed within eleven seconds,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # (milliseconds) also while it has something of ours to take
    "client_encoding": "UTF8",
    "application_name": "facetag",
}
"""How to connect, where DATABASE_URL does not say otherwise."""

SESSION = {
    "lock_timeout": "10s",  # of the one writer's lock: as long as SQLite waits for its own
    "statement_timeout": "60s",  # what takes longer will not end; a large export's takes a few seconds
    # A bot that vanished in the middle of a transaction holds all others up no longer than this.
    "idle_in_transaction_session_timeout": "30s",
    # As in CONNECT, for the server's side: a host that vanishes without a word lets go of what it had to
    # itself (`alone`). Measured with its network cut: after 15 seconds, and with the server's own defaults
    # after two hours. It takes the last one too: while something sent is unconfirmed, no keepalives are sent.
    "tcp_keepalives_idle": "5s",
    "tcp_keepalives_interval": "2s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
    # Times come back as they were written; with less, which the server may be set to, rounded.
    "extra_float_digits": "1",
}
"""The settings of every connection; through a Unix socket, those of TCP change nothing."""

SURVIVES = "what was committed has to survive a power cut"

NEEDED = {
    "server_encoding": ({"UTF8"}, "names are written in every script"),
    "fsync": ({"on"}, SURVIVES),
    "full_page_writes": ({"on"}, SURVIVES),
    # All but `off` have it on the server's own disk before a commit returns.
    "synchronous_commit": ({"on", "local", "remote_write", "remote_apply"}, SURVIVES),
}
"""The settings that the bot's promises rest on, and why; read back from every connection."""

AGAIN_SECONDS = 0.5
"""So soon after an attempt to connect that failed, another would fail as well: a bot's other threads are told
of that failure at once.
"""

POOL_SECONDS = 10
"""How long to wait until another thread gives its connection back."""

RIGHTS = ["SELECT", "INSERT", "UPDATE", "DELETE"]

NOT_OURS = """
    SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(%s)
    AND NOT pg_has_role(tableowner, 'USAGE')"""
"""Tables that the server does not write anew for the bot's role."""

LACKING = """
    SELECT string_agg(wanted || ' on ' || tablename, ', ') FROM pg_tables, unnest(%s::text[]) AS wanted
    WHERE schemaname = current_schema() AND tablename = ANY(%s)
    AND NOT has_table_privilege(format('%%I.%%I', schemaname, tablename), wanted)"""


class _Server(PostgresqlExtDatabase):  # type: ignore[misc]  # playhouse has no types
    """Makes connections that keep the promises."""

    def __init__(self, database: str, **options: Any) -> None:
        self._failed_at = -AGAIN_SECONDS
        self._failure = ""
        super().__init__(database, **options)

    def _connect(self) -> Any:
        if time.monotonic() < self._failed_at + AGAIN_SECONDS:
            raise OperationalError(self._failure)
        try:
            connection = super()._connect()
            try:
                _set_up(connection)
                if not self.is_current:
                    _check_rights(connection)
            except BaseException:
                connection.close()
                raise
        except psycopg.OperationalError as error:
            self._failed_at, self._failure = time.monotonic(), str(error)
            raise
        return connection


class PostgresqlServer(CountedRoundTrips, _PooledPostgresqlDatabase, _Server):  # type: ignore[misc]  # as above
    """An `Engine` on a server; a connection that is closed goes back to the pool."""

    may_come_back = True

    def __init__(self, url: str, connections: int) -> None:
        """Raises `DatabaseUnusable` when the URL is not understood."""
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # Its text repeats the URL, and with it the password.
            raise DatabaseUnusable(
                "DATABASE_URL is not understood: it should be postgresql://USER:PASSWORD@HOST/DATABASE, "
                "with what is special in the password written as %XX"
            ) from None
        self._password = str(given.get("password") or "")
        name = str(given.pop("dbname"))
        self.title = f"the database {name} at {given.get('host', 'this machine')}"
        self.is_current = False
        super().__init__(
            name,
            max_connections=connections,
            timeout=POOL_SECONDS,
            autoconnect=False,
            prefer_psycopg3=True,
            **(CONNECT | given),
        )

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Wait for a connection of the pool where all are in use; raises `OperationalError`."""
        try:
            return bool(super().connect(reuse_if_open))
        except MaxConnectionsExceeded:
            raise OperationalError("all its connections are in use") from None

    def begin(self, isolation_level: str | None = None) -> None:  # noqa: ARG002 - as Peewee has it
        """Begin a transaction, once no other one writes."""
        cursor = self.cursor()
        try:
            cursor.execute(POSTGRESQL_BEGIN, prepare=False)  # only a single statement can be prepared
        except psycopg.Error as error:
            if not cursor.connection.closed:
                cursor.connection.rollback()
            raise OperationalError(str(error)) from error

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """All or nothing, while nobody else writes; however long it takes."""
        with self.atomic():
            self.execute_sql("SET LOCAL statement_timeout = 0")
            yield

    def outage(self, error: BaseException) -> str | None:
        first = next((each for each in reversed(causes(error)) if isinstance(each, psycopg.Error)), error)
        if isinstance(error, DatabaseUnusable) or not is_of_the_world(first):
            return None
        return with_advice(first, self._password)

    @contextmanager
    def alone(self, name: str, *, wait: bool) -> Iterator[bool]:
        """A lock of the connection, which the server releases when that ends."""
        # The name may be a file's, which need not be Unicode.
        encoded = name.encode(errors="surrogatepass")
        key = int.from_bytes(hashlib.sha256(encoded).digest()[:8], signed=True)
        take = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        try:
            [taken] = self.execute_sql(f"SELECT {take}(%s)", (key,)).fetchone()
        except OperationalError as error:
            if any(isinstance(each, LockNotAvailable) for each in causes(error)):
                raise Retry("another worker has been at this for long") from error
            raise
        mine = wait or bool(taken)
        try:
            yield mine
        finally:
            if mine and self.is_connection_usable():
                self.execute_sql("SELECT pg_advisory_unlock(%s)", (key,))

    def on_disk_together(self) -> AbstractContextManager[object]:
        """The server does so at each commit."""
        return nullcontext()

    def tidy(self) -> None:
        """The server does so by itself."""

    def empty_log(self) -> None:
        """The server's own log is its administrator's affair."""

    def compact(self) -> bool:
        tables = [table._meta.table_name for table in TABLES]  # noqa: SLF001 - Peewee calls it so
        self.execute_sql("SET statement_timeout = 0")
        try:
            for name in tables:
                self.execute_sql(f'VACUUM FULL "{name}"')
        finally:
            self.execute_sql(f"SET statement_timeout = '{SESSION['statement_timeout']}'")
        [lacking] = self.execute_sql(NOT_OURS, (tables,)).fetchone()
        return not lacking

    def found(self, wanted: Collection[bytes]) -> set[bytes]:
        texts = {each: _as_text(each) for each in wanted}
        found: set[bytes] = set()
        for table in TABLES:
            name = table._meta.table_name  # noqa: SLF001 - as above
            sql = (
                f'SELECT DISTINCT wanted FROM "{name}" AS row, unnest(%s::text[]) AS wanted'  # noqa: S608 - ours
                " WHERE strpos(row::text, wanted) > 0"
            )
            here = {each for (each,) in self.execute_sql(sql, (list(texts.values()),)).fetchall()}
            found |= {each for each, text in texts.items() if text in here}
        return found

    def explained(self, wanted: Collection[bytes]) -> set[bytes]:
        """All: there are no files to search, and `found` looks at rows."""
        return set(wanted)

    def now(self) -> float:
        return float(self.execute_sql("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])

    def health(self) -> str:
        connection = self.connection()
        version = connection.info.server_version
        times = []
        for _ in range(5):
            started = time.perf_counter()
            self.execute_sql("SELECT 1")
            times.append(time.perf_counter() - started)
        tls = "with TLS" if connection.pgconn.ssl_in_use else "without TLS"
        milliseconds = statistics.median(times) * 1000
        return f"PostgreSQL {version // 10000}.{version % 10000} {tls}, {milliseconds:.1f} ms for an answer"

    def streamed(self, query: Any) -> Iterator[Any]:
        """The server keeps what has not been asked for yet."""
        with closing(ServerSideQuery(query.bind(self))) as rows:
            try:
                yield from rows
            except psycopg.Error as error:  # Peewee wraps those of the query, but not those of its rows
                raise OperationalError(str(error)) from error

    def take_your_time(self) -> None:
        """Until the connection ends."""
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            self.execute_sql(f"SET {limit} = 0")


def _as_text(wanted: bytes) -> str:
    """As PostgreSQL writes it: bytes that are no text in hexadecimal."""
    try:
        return wanted.decode()
    except UnicodeDecodeError:
        return wanted.hex()


def _set_up(connection: Any) -> None:
    """Raises `DatabaseUnusable` when it does not keep the promises, `OperationalError` when it cannot now."""
    version = connection.info.server_version
    if version < OLDEST * 10000:
        raise DatabaseUnusable(f"it is PostgreSQL {version // 10000}, and has to be {OLDEST} or newer")
    connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in SESSION.items()))
    asked = [*NEEDED, "transaction_read_only"]
    *found, read_only = connection.execute(
        "SELECT " + ", ".join(f"current_setting('{name}')" for name in asked)
    ).fetchone()
    for (name, (accepted, why)), value in zip(NEEDED.items(), found, strict=True):
        if value not in accepted:
            wanted = " or ".join(sorted(accepted))
            raise DatabaseUnusable(f"PostgreSQL has {name}={value}, where {wanted} is needed: {why}")
    if read_only == "on":
        raise psycopg.OperationalError("it takes no writes: it is a standby, or was made read-only")


def _check_rights(connection: Any) -> None:
    """On the tables that are there; without the right to make them, making them says so."""
    tables = [table._meta.table_name for table in TABLES]  # noqa: SLF001 - Peewee calls it so
    [lacking] = connection.execute(LACKING, [RIGHTS, tables]).fetchone()
    if lacking:
        raise psycopg.OperationalError(f"its role lacks the right to {lacking}")
