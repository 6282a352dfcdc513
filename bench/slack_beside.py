"""A Slack stand-in in a process of its own, and the apps that are measured against it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.child import ROOT
from tagbot.sandbox.driver import Slack

LIMITED = 429


@contextmanager
def stand_in(**rules: Any) -> Iterator[Slack]:
    """Slack's own rules, but for these."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tagbot.sandbox"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        slack = Slack(process.stdout.readline().partition("/api/")[0])
        slack.rules(**rules)
        yield slack
    finally:
        process.terminate()
        process.wait()


def too_many_calls(slack: Slack) -> int:
    """Calls that were refused for being too many."""
    return sum(call.status == LIMITED for call in slack.calls())


@contextmanager
def bare_bolt(slack: Slack) -> Iterator[int]:
    """A Bolt app that only acknowledges, once it is connected; the id of its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bare_bolt"],
        cwd=ROOT,
        env={
            **os.environ,
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
        },
    )
    try:
        slack.wait_for_connections(timeout=30)
        yield process.pid
    finally:
        process.kill()
        process.wait()
