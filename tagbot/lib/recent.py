"""Answers that are believed for a while, so that the same is not asked again and again."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 10_000
"""Answers kept, as many as are worth looking through for old ones."""


class Recent(Generic[T]):
    """The latest answers, by what was asked about; from any thread."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Each answer is believed for `seconds` by the clock."""
        self._seconds = seconds
        self._clock = clock
        self._answers: dict[str, tuple[float, T]] = {}
        """Until when each is believed."""

    def get(self, about: str, ask: Callable[[], T]) -> T:
        """The answer that is known, or the one that `ask` gives now; what it raises is not remembered."""
        known = self._answers.get(about)
        if known is not None and known[0] >= self._clock():
            return known[1]
        answer = ask()
        self.note(about, answer)
        return answer

    def note(self, about: str, answer: T) -> None:
        """Believe an answer that came another way."""
        now = self._clock()
        if len(self._answers) >= MOST:
            self._answers = {key: each for key, each in list(self._answers.items()) if each[0] >= now}
        self._answers[about] = now + self._seconds, answer

    def knows(self, about: str) -> bool:
        """Whether `get` would ask nobody."""
        known = self._answers.get(about)
        return known is not None and known[0] >= self._clock()
