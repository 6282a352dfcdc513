"""A bot on Amazon Rekognition keeps for its operator, in the database: calls made, and what happened."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from peewee import fn

from tagbot.database.models.bookkeeping import BackendCalls, Notice
from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tagbot.lib.installation import COMMAND
from tagbot.vocabulary import State

VANISHED = "collection-vanished"
PHOTOS_WAIT = "photos-wait"

PRICED = frozenset({"index_faces", "detect_faces", "search_users_by_image"})
"""Operations that AWS counts as looking at a picture."""

DOLLARS_A_PICTURE = 0.001
"""List price of the first million pictures a month, in most regions, of both groups of operations
(aws.amazon.com/rekognition/pricing); what is stored costs cents.
"""


class Ledger:
    """Any thread may use it that has a connection to the database."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def record(self, operation: str) -> None:
        """Count a call that reached AWS."""
        with writing():
            BackendCalls.insert(month=_month(self._now()), operation=operation, count=1).on_conflict(
                conflict_target=[BackendCalls.month, BackendCalls.operation],
                update={BackendCalls.count: BackendCalls.count + 1},
            ).execute()

    def collection_is_missing(self, collection: str) -> None:
        """Tell the operator that it is made again, if faces were in a collection of that name before."""
        trained = (Face.state == State.TAGGED) & (Face.training_backend == "rekognition")
        if Face.select().where(trained).exists():
            text = (
                f"the collection {collection} had vanished and was made again: "
                f"{COMMAND} reconcile --fix sends the tagged faces again"
            )
            Notice.put(VANISHED, text, self._now())

    def photos_wait(self, problem: str) -> None:
        """Tell the operator why photos stay in the inbox."""
        Notice.put(PHOTOS_WAIT, f"photos wait in the inbox, because {problem}", self._now())

    def photos_go_on(self) -> None:
        """They do no longer."""
        if Notice.get_or_none(Notice.name == PHOTOS_WAIT) is not None:
            Notice.clear(PHOTOS_WAIT)


def usage(now: float) -> dict[str, Any] | None:
    """Calls since the start of the month, by operation, and what they cost; None when there were none."""
    rows: Any = BackendCalls.select(BackendCalls.operation, BackendCalls.count)
    calls = dict(rows.where(BackendCalls.month == _month(now)).tuples())
    if not calls:
        return None
    return {"calls": sum(calls.values()), "by_operation": calls, "estimated_dollars": dollars(calls)}


def calls_so_far() -> dict[str, int]:
    """All calls since the first, by operation."""
    total = fn.SUM(BackendCalls.count)
    rows: Any = BackendCalls.select(BackendCalls.operation, total).group_by(BackendCalls.operation)
    return {operation: int(count) for operation, count in rows.order_by(BackendCalls.operation).tuples()}


def dollars(calls: Mapping[str, int]) -> float:
    """The price of so many calls of each operation, without that of what is stored."""
    pictures = sum(count for operation, count in calls.items() if operation in PRICED)
    return round(pictures * DOLLARS_A_PICTURE, 3)


def _month(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}"
