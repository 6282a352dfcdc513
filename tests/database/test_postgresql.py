"""A database on a server: who is let in, what it has to keep, and that it may go away and come back."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.people import Person
from tagbot.database.opening import close_database, connected, health, is_connected, open_database
from tagbot.database.outages import DatabaseAway, DatabaseUnusable, reached
from tagbot.database.postgresql import SESSION
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tests.kept_database import APPLICATION
from tests.postgresql import OwnServer, Server, our_own_server
from tests.source import ROOT

PASSWORD = "hunter2 & co"
QUOTED = "hunter2%20%26%20co"


@pytest.fixture(scope="module")
def own() -> Iterator[OwnServer]:
    """A server that the tests of this module may stop."""
    with our_own_server() as server:
        server.let_in_with_password("locked", PASSWORD)
        server.make_template()
        yield server


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def as_locked(server: Server, password: str, database_name: str = "postgres") -> str:
    return server.url_of(database_name).replace("postgres:@", f"locked:{password}@")


@pytest.mark.rule("not-let-in")
@pytest.mark.failure("readme-database-away", "database-away", shows="who is told")
@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://locked:wrong@/postgres?host=SOCKETS", "the wrong user or the wrong password"),
        (
            f"postgresql://nobody:{QUOTED}@/postgres?host=SOCKETS",
            'role "nobody" does not exist (docs/postgresql.md',
        ),
        (f"postgresql://postgres:{QUOTED}@/nowhere?host=SOCKETS", 'database "nowhere" does not exist (docs/'),
        (
            f"postgresql://locked:{QUOTED}@/postgres?host=SOCKETS",
            "permission denied for schema public (docs/",
        ),
        (f"postgresql://bot:{QUOTED}@127.0.0.1:1/facetag", "Connection refused"),
        (f"postgresql://bot:{QUOTED}@nowhere.invalid/facetag", "is the host in DATABASE_URL right?"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_what_to_do_without_the_password(
    own: OwnServer, address: str, says: str
) -> None:
    address = address.replace("SOCKETS", own.url.partition("host=")[2])
    with pytest.raises(DatabaseAway) as refused:
        open_database(address)
    assert says in refused.value.reason
    assert "\n" not in refused.value.reason
    assert "hunter2" not in refused.value.reason


@pytest.mark.rule("not-let-in")
def test_an_address_that_cannot_be_understood_is_not_repeated() -> None:
    with pytest.raises(DatabaseUnusable, match="written as %XX") as refused:
        open_database("postgresql://bot:hunter2%zz@host/facetag")
    assert "hunter2" not in str(refused.value)


@pytest.mark.process
@pytest.mark.rule("not-let-in")
def test_a_right_that_is_missing_is_named(own: OwnServer) -> None:
    with own.database() as url:
        name = name_of(url)
        open_database(url)
        with connected():
            database.execute_sql(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO locked"
            )
            database.execute_sql("REVOKE UPDATE, DELETE ON vote FROM locked")
        with pytest.raises(
            DatabaseAway, match=r"lacks the right to (UPDATE|DELETE) on vote, (UPDATE|DELETE) on vote"
        ):
            open_database(as_locked(own, QUOTED, name))
        open_database(url)
        with connected():
            database.execute_sql("GRANT UPDATE, DELETE ON vote TO locked")
        open_database(as_locked(own, QUOTED, name))
        with connected():
            assert Person.select().count() == 0


@pytest.mark.process
def test_a_role_that_owns_nothing_works_with_what_the_owner_made_and_the_rights_of_the_document(
    own: OwnServer,
) -> None:
    """At the beginning, and after a version that changes the tables."""
    document = (ROOT / "docs" / "postgresql.md").read_text()
    [grants] = re.findall(r"```sql\n(GRANT .*?)```", document, re.DOTALL)
    with own.database_without_layout() as url:
        name = name_of(url)
        grants = grants.replace("DATABASE facetag", f"DATABASE {name}").replace("TO facetag", "TO locked")
        for _ in range(2):
            with pytest.raises(DatabaseAway, match=r"\(docs/postgresql.md has the lines"):
                open_database(as_locked(own, QUOTED, name))
            open_database(url)
            with connected():
                database.execute_sql(grants)
            open_database(as_locked(own, QUOTED, name))
            with connected():
                assert Person.select().count() == 0
                with (
                    pytest.raises(Retry, match=r"must be owner of table face \(docs/postgresql.md says"),
                    reached(),
                ):
                    database.execute_sql("ALTER TABLE face ADD COLUMN newer integer")
            open_database(url)
            with connected():  # as the version before the last change left it
                database.execute_sql("DROP TABLE turn; DELETE FROM schema_migration WHERE name LIKE '0007%%'")


@pytest.mark.process
def test_a_password_may_stand_in_a_file_instead_of_the_address(
    own: OwnServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passwords"
    file.write_text(f"*:*:*:locked:{PASSWORD}\n")
    file.chmod(0o600)
    address = own.url_of("postgres").replace("postgres:@", "locked@")
    with pytest.raises(DatabaseAway, match="no password supplied"):
        open_database(address)
    monkeypatch.setenv("PGPASSFILE", str(file))
    with pytest.raises(DatabaseAway, match="permission denied for schema public"):
        open_database(address)  # it is in, and may make no tables there


@pytest.mark.rule("unsafe-database-refused")
@pytest.mark.failure("commits-get-lost")
def test_a_server_on_which_a_commit_may_get_lost_is_refused(postgresql: Server, server_url: str) -> None:
    postgresql.execute(f"ALTER DATABASE {name_of(server_url)} SET synchronous_commit = off")
    with pytest.raises(
        DatabaseUnusable, match="synchronous_commit=off, where local or on or remote_apply or"
    ):
        open_database(server_url)


@pytest.mark.rule("unsafe-database-refused")
def test_a_database_that_cannot_keep_every_name_is_refused(postgresql: Server) -> None:
    postgresql.execute(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        with pytest.raises(DatabaseUnusable, match="server_encoding=LATIN1, where UTF8 is needed"):
            open_database(postgresql.url_of("latin"))
    finally:
        postgresql.execute("DROP DATABASE latin WITH (FORCE)")


@pytest.mark.rule("database-server-away")
def test_one_that_takes_no_writes_may_do_so_again(postgresql: Server, server_url: str) -> None:
    name = name_of(server_url)
    postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(DatabaseAway, match="it takes no writes"):
        open_database(server_url)


@pytest.mark.rule("transactions-end")
def test_every_connection_has_its_time_limits(server_url: str) -> None:
    open_database(server_url)
    with connected():
        found = {name: database.execute_sql(f"SHOW {name}").fetchone()[0] for name in SESSION}
        through_socket = database.execute_sql("SELECT inet_server_addr() IS NULL").fetchone()[0]
    on_tcp = {
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "10000",
    }
    assert found == {
        "lock_timeout": "10s",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "30s",
        "extra_float_digits": "1",
        **(dict.fromkeys(on_tcp, "0") if through_socket else on_tcp),
    }


def test_a_host_that_vanishes_is_given_up_by_the_server_within_seconds(server_url: str) -> None:
    """What the tests' own server, which has Unix sockets only, has been told for TCP."""
    open_database(server_url)
    with connected():
        told = database.execute_sql(
            "SELECT name FROM pg_settings WHERE name LIKE 'tcp_%%' AND source = 'session'"
        ).fetchall()
    assert {name for (name,) in told} == {
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_keepalives_count",
        "tcp_user_timeout",
    }


def test_times_come_back_as_they_were_written_whatever_the_server_is_set_to(
    postgresql: Server, server_url: str
) -> None:
    postgresql.execute(f"ALTER DATABASE {name_of(server_url)} SET extra_float_digits = 0")
    open_database(server_url)
    with connected():
        Notice.put("n", "text", 1_799_999_990.123457)
        assert Notice.get_by_id("n").since == 1_799_999_990.123457


def break_connections(server: Server, url: str) -> None:
    """Also those of other tests would end without the name."""
    server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_of(url)}'"  # noqa: S608 - it is ours
    )


@pytest.mark.rule("database-server-away")
def test_a_connection_that_breaks_is_given_up_and_made_anew(postgresql: Server, server_url: str) -> None:
    open_database(server_url)
    with connected():
        with pytest.raises(DatabaseAway), reached(), writing():  # noqa: PT012 - it has to break in the middle
            Person.with_slack_id("U1", 1.0)
            break_connections(postgresql, server_url)
            Person.with_slack_id("U2", 1.0)
        assert not is_connected()
        with connected():
            assert Person.select().count() == 0, "all or nothing"


@pytest.mark.process
@pytest.mark.rule("database-server-away")
def test_a_server_that_is_away_is_told_once_and_so_is_that_it_is_back(
    own: OwnServer, caplog: pytest.LogCaptureFixture
) -> None:
    with own.database() as url:
        open_database(url)
        own.stop()
        try:
            open_database(url, has_to_answer=False)
            for _ in range(3):
                with pytest.raises(DatabaseAway) as away, reached(), connected():
                    pass
                away.value.log_once()
        finally:
            own.start()
        threading.Event().wait(0.6)  # so long is an attempt that failed remembered
        with reached(), connected():
            assert Person.select().count() == 0
    told = [record.getMessage() for record in caplog.records if record.name == "tagbot.database"]
    assert len(told) == 2
    assert told[0].startswith("the database cannot be reached: connection ")
    assert told[1] == "the database cannot be reached: over"


@pytest.mark.rule("transactions-end")
def test_no_more_connections_are_made_than_threads_were_announced(
    postgresql: Server, server_url: str
) -> None:
    open_database(server_url, connections=3)
    most: list[int] = []

    def work(_: int) -> None:
        with connected():
            [count] = database.execute_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name <> %s",
                (APPLICATION,),
            ).fetchone()
            most.append(count)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(60)))
    assert max(most) <= 3
    close_database()
    postgresql.execute("SELECT 1")
    with connected():
        assert health().startswith("PostgreSQL ")
