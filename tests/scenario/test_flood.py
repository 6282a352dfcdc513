"""An import of many photos; `make soak` runs the same with a thousand."""

from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import flood


@pytest.mark.rule("open-requests-limited")
@pytest.mark.ci
def test_an_import_never_floods_the_channel_and_ends_with_every_face_tagged(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    acts = flood(tmp_path, stand_in, count=12, most_open=3, patience=60, **at_rekognition)
    assert all(act.acknowledged for act in acts)
    assert max(act.latency_ms or 0 for act in acts) < 3000
    assert not [call for call in stand_in.calls() if call.status == 429]
