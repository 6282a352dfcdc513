"""A database of a PostgreSQL server that serves one test after another."""

import psycopg
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed, Identifier, Placeholder

APPLICATION = "between two tests"
"""How the connection calls itself that empties a database; it stays open, since a new one takes the server
longer than to empty it.
"""

FEW = 1000
"""Rows that can be removed without a trace in what the server knows of a table."""

_CATALOGS = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_namespace": "oid",
    "pg_proc": "oid",
    "pg_trigger": "oid",
}
"""Where the server keeps a layout, and the column that tells what belongs to it."""

_LAYOUT_NOW = SQL(" UNION ALL ").join(
    SQL("SELECT count(*), sum(xmin::text::bigint) FROM {} WHERE {} >= 16384").format(
        Identifier(catalog), Identifier(column)
    )
    for catalog, column in _CATALOGS.items()
) + SQL("""
    UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT count(*), sum(pg_db_role_setting.xmin::text::bigint) FROM pg_db_role_setting
        JOIN pg_database ON setdatabase = pg_database.oid WHERE datname = current_database()
""")
"""What any change of the layout changes: who wrote each row of it, rights and settings included. What came
with the server itself has lower numbers (`FirstNormalObjectId` in its source).
"""

_END_OTHERS = SQL("""
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
""")
"""Ends the connections of a bot that a test left running, and waits for that; milliseconds."""


class KeptDatabase:
    """One that was just made, and what was in it then."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = psycopg.connect(url, autocommit=True, application_name=APPLICATION)
        tables = self._rows(SQL("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        self._as_made = {
            name: self._rows(SQL("SELECT * FROM {}").format(Identifier(name))) for (name,) in tables
        }
        self._layout = self._rows(_LAYOUT_NOW)
        # Neither triggers nor references stand in the way of one who removes everything.
        self._connection.execute("SET session_replication_role = replica")
        self._delete = SQL("; ").join(
            SQL("DELETE FROM {}").format(Identifier(name)) for name in self._as_made
        )

    def emptied(self) -> bool:
        """Put it back to how it was made; whether that could be done. If not, it should be dropped."""
        try:
            return self._empty()
        except psycopg.Error:  # a test took the tables away, or the server
            return False

    def close(self) -> None:
        """Leave it to who drops it."""
        self._connection.close()

    def _empty(self) -> bool:
        self._connection.execute(_END_OTHERS)
        with self._connection.transaction():
            removed = self._connection.execute(self._delete)
            few = removed.rowcount <= FEW
            while removed.nextset():
                few = few and removed.rowcount <= FEW
            for name, rows in self._as_made.items():
                for row in rows:
                    places = SQL(", ").join([Placeholder()] * len(row))
                    self._connection.execute(
                        SQL("INSERT INTO {} VALUES ({})").format(Identifier(name), places), row
                    )
        return few and self._rows(_LAYOUT_NOW) == self._layout

    def _rows(self, query: SQL | Composed) -> list[TupleRow]:
        return self._connection.execute(query).fetchall()
