"""Stages that hang: noticed by the time for which they have worked on one message."""

import logging

from tagbot.lib.in_flight import Work, WorkInFlight

log = logging.getLogger(__name__)

HANGS_SECONDS = 120.0
"""Calls that a stage makes of others end by themselves well before this."""


def hung(in_flight: WorkInFlight) -> list[Work]:
    """The longest first."""
    return in_flight.longer_than(HANGS_SECONDS)


def watch(in_flight: WorkInFlight) -> None:
    """Tell the log, once for each message; it hears of the end as well."""
    for work in hung(in_flight):
        if in_flight.becomes_late(work):
            log.warning("%s hangs: message=%s in hand for %d s", work.stage, work.message, work.seconds)
