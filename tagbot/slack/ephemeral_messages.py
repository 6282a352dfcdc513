"""What one person alone is told, beside the work: nobody's answer waits for it."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tagbot.errors import Reject, Retry
from tagbot.lib.allowances import Allowances
from tagbot.slack.api_failures import Busy

log = logging.getLogger(__name__)

TOLD_AT_ONCE = 10
TELLING_SECONDS = 3.0
"""Slack takes 100 such messages a minute (Tier 4) where it allows 60 posts. Of these one member gets 10 at
once, and then 20 a minute: the others are told meanwhile.
"""

MOST_WAITING = 50
"""Of one member, who would read no more; then the latest, as they are about what the member did last."""

PAUSE_SECONDS = 1.0
"""Until something is told again that Slack did not take."""

STALE_SECONDS = 600.0
"""What could not be told for so long would only puzzle."""


Words = tuple[str, str, str]
"""A text, the channel where it is said (empty for the bot's), and what it is about: of one thing, the same is
told once.
"""


@dataclass(slots=True)
class _Waiting:
    """All that one member is still to be told, and not before when."""

    texts: dict[Words, float] = field(default_factory=dict)
    """With when it happened."""
    not_before: float = 0.0


class Tellings:
    """One thread that tells members what became of what they did, each at a pace of their own.

    Words that wait are in memory alone: a crash loses it, as it may lose any reply to a click.
    """

    def __init__(
        self,
        tell: Callable[[str, str, str], None],
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        *,
        posts_per_second: float = 1.0,
    ) -> None:
        """`tell` says a text to a member in a channel, and raises what the Slack door raises; `stop` ends all
        waiting. `posts_per_second` are what Slack allows in a channel.
        """
        self._tell = tell
        self._stop = stop
        self._clock = clock
        self._allowances = Allowances(TOLD_AT_ONCE, TELLING_SECONDS / posts_per_second, clock)
        self._changed = threading.Condition()
        self._waiting: dict[str, _Waiting] = {}
        """By member, whose turn comes first first."""
        self._busy_until = 0.0
        self._in_hand = False

    def tell(self, member: str, text: str, channel: str = "", *, about: str = "") -> None:
        """Have a member told something soon, in the bot's channel or in another one; returns at once. What
        waits is not told twice of the same thing: `about` says which that is.
        """
        with self._changed:
            self._put(member, (text, channel, about), self._clock())
            self._changed.notify_all()

    def run(self) -> None:
        """Work until told to stop."""
        while (due := self._next()) is not None:
            self._say(*due)

    def wake(self) -> None:
        """Let `run` notice that it should stop."""
        with self._changed:
            self._changed.notify_all()

    def wait_until_told(self, seconds: float) -> bool:
        """Return as soon as nothing waits, or after so long; whether nothing does."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._in_hand), seconds)

    def _put(self, member: str, text: Words, since: float, not_before: float = 0.0) -> None:
        waiting = self._waiting.setdefault(member, _Waiting())
        waiting.texts.setdefault(text, since)
        waiting.not_before = max(waiting.not_before, not_before)
        while len(waiting.texts) > MOST_WAITING:
            del waiting.texts[min(waiting.texts, key=waiting.texts.__getitem__)]

    def _next(self) -> tuple[str, Words, float] | None:
        """Whom to tell what next, and when it happened; None when it is time to stop."""
        with self._changed:
            self._in_hand = False
            self._changed.notify_all()
            while not self._stop.is_set():
                pauses = []
                for member, waiting in list(self._waiting.items()):
                    pause = self._pause(member, waiting)
                    if pause <= 0:
                        return self._take(member)
                    pauses.append(pause)
                self._changed.wait(min(pauses, default=None))
        return None

    def _pause(self, member: str, waiting: _Waiting) -> float:
        """Seconds until the member can be told something; 0 uses their allowance up."""
        pause = max(self._busy_until, waiting.not_before) - self._clock()
        return pause if pause > 0 else self._allowances.take(member)

    def _take(self, member: str) -> tuple[str, Words, float]:
        """The oldest text for a member, whose turn comes again after all others."""
        waiting = self._waiting.pop(member)
        text = min(waiting.texts, key=waiting.texts.__getitem__)
        since = waiting.texts.pop(text)
        if waiting.texts:
            self._waiting[member] = waiting
        self._in_hand = True
        return member, text, since

    def _say(self, member: str, text: Words, since: float) -> None:
        try:
            said, channel, _ = text
            self._tell(member, said, channel)
        except Retry as why:
            now = self._clock()
            again = now + (why.after or PAUSE_SECONDS)
            with self._changed:
                if isinstance(why, Busy):
                    self._busy_until = again
                if now - since < STALE_SECONDS:
                    self._put(member, text, since, again)
        except Reject as why:
            log.warning("a member cannot be told something: %s", why.reason)
        except Exception:
            log.exception("bug while a member is told something")
