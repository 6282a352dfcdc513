"""Does the bot give back its connections to a database server? `make soak-connections` watches it."""

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from tagbot.app import CONNECTIONS
from tagbot.sandbox.client import Slack, running_slack
from tagbot.sandbox.errors import Refused
from tests.postgresql import Server, our_own_server
from tests.scenario.flood import is_open, photos
from tests.scenario.running_bot import running_bot

LOOK_SECONDS = 1.0
BREAK_SECONDS = 60.0
"""So often all connections are broken, from which a leak may come as well."""


def main() -> int:
    """Watch a bot at work; 1 when it ever had too many connections, or more at the end than at the start."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.scenario.soak_connections", description=main.__doc__
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        our_own_server() as server,
        running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack,
    ):
        server.make_template()
        with server.database() as url, running_bot(Path(folder), slack, DATABASE_URL=url):
            photos(Path(folder) / "inbox", 20 * max(1, round(minutes)))
            counts = watched(server, url, slack, minutes * 60)
    quarter = max(1, len(counts) // 4)
    first, last = max(counts[:quarter]), max(counts[-quarter:])
    print(
        f"at most {max(counts)} connections of {CONNECTIONS}: "
        f"{first} in the first quarter, {last} in the last"
    )
    return 0 if max(counts) <= CONNECTIONS and last <= first + 1 else 1


def watched(server: Server, url: str, slack: Slack, seconds: float) -> list[int]:
    """How many connections there were at each look, while people answer and ask for the status."""
    counts: list[int] = []
    started = broken = time.monotonic()
    with psycopg.connect(server.url, autocommit=True) as connection:
        name = [url.partition("?")[0].rpartition("/")[2]]
        while time.monotonic() < started + seconds:
            act(slack)
            [count] = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", name
            ).fetchone() or [0]
            counts.append(count)
            if time.monotonic() > broken + BREAK_SECONDS:
                broken = time.monotonic()
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name
                )
            time.sleep(LOOK_SECONDS)  # not a wait for something: the pace of the looks
    return counts


def act(slack: Slack) -> None:
    """Two people answer whatever is open, and five ask how things are."""
    for request in slack.messages():
        if is_open(request):
            with suppress(Refused):  # it closed meanwhile
                for tagger in slack.people[:2]:
                    slack.choose(tagger, request.ts, "tag_person", slack.people[2])
    for member in slack.people:
        slack.slash(member, "/facetag", "status")


if __name__ == "__main__":
    sys.exit(main())
