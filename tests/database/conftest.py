"""Databases for the tests of this room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.opening import connected, open_database
from tests.postgresql import Server
from tests.world import DATABASE, new_database


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    """Of an open database."""
    open_database(database_url)
    with connected():
        yield database_url


@pytest.fixture
def file_url(tmp_path: Path) -> Iterator[str]:
    """Of an open one in a file."""
    url = new_database(tmp_path / "data" / DATABASE)
    open_database(url)
    with connected():
        yield url


@pytest.fixture
def server_url(postgresql: Server) -> Iterator[str]:
    """Of a database on a server, not opened yet."""
    with postgresql.database() as url:
        yield url


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
