"""How a database fails."""

import logging

from tagbot.errors import Retry
from tagbot.lib.outage_log import OutageLog

log = logging.getLogger("tagbot.database")

_outage = OutageLog()
_WHAT = "the database cannot be reached"


class DatabaseUnusable(Exception):  # noqa: N818 - it says what the database is
    """The database is not as the bot's promises need it, or cannot be opened at all; the text says why."""


class DatabaseAway(Retry):
    """There is no connection to the database to be had now; there may be one later."""

    def __init__(self, trouble: str) -> None:
        super().__init__(f"{_WHAT}: {trouble}")
        self._trouble = trouble

    def tell(self) -> None:
        """Tell the log, once for all threads."""
        _outage.fails(log, _WHAT, self._trouble)


def tell_of_connection() -> None:
    """Tell the log that it is over, if there was anything to be told."""
    _outage.works(log, _WHAT)


def causes(error: BaseException) -> list[BaseException]:
    """The error, what it came from, and so on: on a lost connection, say, the roll-back fails as well and
    hides what was first.
    """
    chain, cause = [error], error.__cause__ or error.__context__
    while cause is not None:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain
