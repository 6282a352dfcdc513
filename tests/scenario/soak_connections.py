"""Does the bot give back its connections to a database server? `make soak-connections` watches it."""

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tagbot.app import CONNECTIONS
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.sandbox.refusals import Refused
from tests.postgresql import Server, our_own_server
from tests.scenario.flood import is_open, photos
from tests.scenario.running_bot import running_bot

LOOK_SECONDS = 1.0
BREAK_SECONDS = 60.0
"""So often all connections are broken in the meantime, from which a leak may come as well."""

CALM, BROKEN = 1 / 6, 1 / 3
"""So much of the time is over when the breaks begin, and when they end. A break takes along whatever has
leaked before: so there is none for the rest of the time, in which a slow leak would grow.
"""

PHOTOS_A_MINUTE = 20
"""They come evenly: with less to do towards the end, a leak would hardly show."""

BY_CHANCE = 3
"""So many more connections may be there later without a leak: what threads needed at once is kept, and most
need one when the bot starts.
"""


@dataclass
class Counts:
    """How many connections there were at each look."""

    before: list[int] = field(default_factory=list)
    meanwhile: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)

    def during(self, part: float) -> list[int]:
        """Those of a moment, by how much of the time is over then."""
        if part < CALM:
            return self.before
        return self.meanwhile if part < BROKEN else self.after

    def most(self) -> tuple[int, int, int, int]:
        """In all; before the breaks; in the first quarter of the time after them, and in the last."""
        quarter = max(1, len(self.after) // 4)
        return (
            max(self.before + self.meanwhile + self.after),
            max(self.before),
            max(self.after[:quarter]),
            max(self.after[-quarter:]),
        )


def main() -> int:
    """Watch a bot at work; 1 when it ever had too many connections, or ever more of them."""
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
            stock = Path(folder) / "stock"
            stock.mkdir()
            photos(stock, PHOTOS_A_MINUTE * max(1, round(minutes)))
            counts = watched(server, url, slack, stock, minutes * 60)
    most, before, first, last = counts.most()
    print(
        f"at most {most} connections of {CONNECTIONS}: {before} before the breaks, "
        f"{first} in the first quarter after them, {last} in the last"
    )
    grew = first > before + BY_CHANCE or last > max(before, first) + BY_CHANCE
    return 1 if grew or most > CONNECTIONS else 0


def watched(server: Server, url: str, slack: Slack, stock: Path, seconds: float) -> Counts:
    """Look again and again, while photos come, and people answer and ask for the status."""
    counts, coming = Counts(), sorted(stock.glob("*.jpg"))
    each = seconds / len(coming)
    started, broken = time.monotonic(), 0.0
    with psycopg.connect(server.url, autocommit=True) as connection:
        name = [url.partition("?")[0].rpartition("/")[2]]
        while (now := time.monotonic()) < started + seconds:
            while coming and now > started + seconds - each * len(coming):
                arrive(coming.pop(0))
            act(slack)
            [count] = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", name
            ).fetchone() or [0]
            phase = counts.during((now - started) / seconds)
            phase.append(count)
            if phase is counts.meanwhile and now > broken + BREAK_SECONDS:
                broken = now
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name
                )
            time.sleep(LOOK_SECONDS)  # not a wait for something: the pace of the looks
    return counts


def arrive(photo: Path) -> None:
    """Put a photo with its sidecar into the inbox."""
    for file in (photo.with_suffix(".json"), photo):
        file.rename(photo.parent.with_name("inbox") / file.name)


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
