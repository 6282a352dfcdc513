"""How long a failed message waits for its next attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.backoff import backoff


@pytest.mark.rule("backoff")
@given(st.integers(1, 10_000), st.floats(0.01, 10), st.floats(0.01, 1000), st.floats(0, 1))
def test_the_backoff_doubles_up_to_its_limit_and_is_spread_over_its_upper_half(
    attempt: int, base: float, longest: float, chance: float
) -> None:
    full = min(longest, base * 2.0 ** min(attempt - 1, 60))
    assert full / 2 <= backoff(attempt, base, longest, chance) <= full


@pytest.mark.rule("backoff")
@pytest.mark.failure("readme-keeps-failing", "scope-missing", shows="what happens")
def test_the_usual_backoff_takes_about_an_hour_in_all() -> None:
    pauses = [backoff(attempt, 1.0, 300.0, 0.5) for attempt in range(1, 20)]
    assert pauses[:3] == [0.75, 1.5, 3.0]
    assert 0.5 * 3600 < sum(pauses) < 1.5 * 3600
