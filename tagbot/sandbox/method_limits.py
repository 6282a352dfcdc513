"""How often each method may be called (docs.slack.dev, apis/web-api/rate-limits)."""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass

from tagbot.sandbox.refusals import RateLimited


@dataclass(frozen=True)
class Limit:
    """So many calls in any stretch of so many seconds."""

    calls: int
    seconds: float


TIER_2 = Limit(20, 60)
TIER_3 = Limit(50, 60)
TIER_4 = Limit(100, 60)
# Posts of a workspace: "several hundred a minute"; auth.test, chat.getPermalink: "hundreds". No figures.
HUNDREDS = Limit(300, 60)
# One post a second in a channel; "short bursts" are fine, of which Slack names no size.
CHANNEL_POSTS = Limit(4, 4)


class Pace:
    """When each thing was last done."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def note(self, what: str, limit: Limit, factor: float) -> None:
        """Count a call, or raise with the seconds to wait. `factor`: so many times looser; 0: no limits."""
        if factor <= 0:
            return
        calls, now, stretch = self._calls[what], time.monotonic(), limit.seconds / factor
        while calls and calls[0] <= now - stretch:
            calls.popleft()
        if len(calls) >= limit.calls:
            raise RateLimited(max(1, math.ceil(calls[0] + stretch - now)))
        calls.append(now)
