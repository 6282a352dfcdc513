"""`python bot.py`, which has so many faces share a request as `FACETAG_TEST_GROUP` says, whoever they are.

    python -m tests.crash.grouping_bot

People then have to strike out whoever is not the same.
"""

import sys
from functools import partial

from tagbot import build
from tagbot.database.models.places import Places
from tagbot.main import main
from tests.stages.grouping import in_groups_of

GROUP = 4


def run() -> int:
    """Run the bot until it is told to stop."""
    vars(build)["Places"] = partial(Places, next_groups=in_groups_of(GROUP))
    return main([])


if __name__ == "__main__":
    sys.exit(run())
