"""A bot that dies within a test, at a point of our own choice: nothing is done on its way out."""

from collections.abc import Callable
from typing import TypeVar

from tagbot.database.models.base import database
from tagbot.lib import failpoints

T = TypeVar("T")

MOST = 40
"""Deaths of one work: more points it does not come to."""


class Died(BaseException):
    """The bot is gone."""


def done_in_spite_of_deaths(
    stage: str, work: Callable[[], T], between: Callable[[], object] = lambda: None
) -> tuple[T, int]:
    """What the work of a stage gives when it is done again after each death, and how many there were: one at
    each call of the outside and each commit that it takes, one after the other.
    """
    deaths = reached = 0

    def die(_: str, where: str) -> None:
        nonlocal reached
        if where in (failpoints.BEFORE_CALL, failpoints.AFTER_CALL, failpoints.AFTER_COMMIT):
            reached += 1
            if reached > deaths:
                raise Died

    while deaths < MOST:
        reached = 0
        try:
            with failpoints.listening(die), failpoints.working_on(stage):
                return work(), deaths
        except Died:
            deaths += 1
            if database.obj.in_transaction():
                database.obj.rollback()
        between()
    raise AssertionError(f"it died {MOST} times")
