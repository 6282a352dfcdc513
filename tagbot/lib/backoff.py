"""How long a failed message waits for its next attempt."""


def backoff(attempt: int, base: float, longest: float, chance: float) -> float:
    """Seconds to wait after the `attempt`-th failure: doubled each time, and spread over its upper half.

    `chance` is from 0 to 1. The spread keeps messages that failed together from coming back together.
    """
    return min(longest, base * 2.0 ** min(attempt - 1, 60)) * (0.5 + 0.5 * chance)
