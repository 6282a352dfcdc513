"""Choosing the engine."""

import sys

import pytest

from tagbot.database.opening import open_database
from tagbot.database.outages import DatabaseUnusable


def test_without_its_library_it_is_said_what_adds_it(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "tagbot.database.postgresql")
    with pytest.raises(
        DatabaseUnusable, match=r"psycopg, which .* needs, is not installed: `make postgresql`"
    ):
        open_database(server_url)
