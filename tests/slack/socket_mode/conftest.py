"""Fixtures for the tests of Socket Mode."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tagbot.sandbox.driver import Slack, running_slack
from tagbot.slack.socket_mode import disconnect_reasons


@pytest.fixture(name="slack")
def _slack() -> Iterator[Slack]:
    with running_slack(rate_limits=0, warning_seconds=0.03, grace_seconds=0.3) as slack:
        yield slack


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as short as a test wants them, where only their order matters."""
    monkeypatch.setattr(disconnect_reasons, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(disconnect_reasons, "PATIENT_SECONDS", 0.3)
    for reason, disconnect in disconnect_reasons.REASONS_OF_SLACK.items():
        monkeypatch.setitem(disconnect_reasons.REASONS_OF_SLACK, reason, replace(disconnect, pause=0.3))
