"""PostgreSQL's errors that are no bug of ours."""

import psycopg

from tagbot.database.postgresql_errors import is_of_the_world


def test_a_transaction_that_the_server_finds_too_long_is_no_bug() -> None:
    class TooLong(psycopg.Error):
        sqlstate = "25P04"  # psycopg knows no class for it before PostgreSQL 17

    assert is_of_the_world(TooLong())
