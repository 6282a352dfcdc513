"""`python bot.py`, which has so many faces share a request as `FACETAG_TEST_GROUP` says, whoever they are.

    python -m tests.crash.grouping_bot

People then have to strike out whoever is not the same.
"""

import sys

from tagbot import build
from tagbot.database.models.places import Places
from tagbot.main import main
from tests.stages.grouping import in_groups_of

GROUP = 4


def run() -> int:
    """Run the bot until it is told to stop."""

    def places(most: int, *_: object, **__: object) -> Places:
        return Places(most, in_groups_of(GROUP))

    vars(build)["Places"] = places
    return main([])


if __name__ == "__main__":
    sys.exit(run())
