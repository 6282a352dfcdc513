"""A thousand photos at once: too long for every run of the tests, so `make soak` runs it."""

from pathlib import Path

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import flood


def test_a_thousand_photos_never_flood_the_channel(tmp_path: Path, stand_in: Slack) -> None:
    acts = flood(tmp_path, stand_in, count=1000, most_open=20, patience=1200)
    latencies = sorted(act.latency_ms or 0.0 for act in acts)
    # What the run is for, besides its rules.
    print(f"acknowledged in {latencies[len(latencies) // 2]:.0f} ms (median), {latencies[-1]:.0f} ms (worst)")  # noqa: T201 - for who runs it
    assert all(act.acknowledged for act in acts)
    assert latencies[-1] < 3000
    assert not [call for call in stand_in.calls() if call.status == 429]
