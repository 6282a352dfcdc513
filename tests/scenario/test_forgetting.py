"""Somebody is forgotten by a bot that runs, while other programs read its files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot

pytestmark = pytest.mark.process


def tag(bot: RunningBot, number: int, person: str) -> None:
    """Have a new photo's face tagged by two people."""
    bot.put_face(number)
    ts = bot.slack.wait_for_message(is_open, timeout=PATIENCE).ts
    for tagger in bot.slack.people[:2]:
        assert bot.slack.choose(tagger, ts, "tag_person", person).acknowledged
    bot.slack.wait_for(lambda: bot.slack.message(ts).text.startswith("Tagged as"), "it", PATIENCE)


@pytest.mark.rule("forget-any-time")
def test_a_bot_that_forgot_somebody_goes_on_with_files_that_are_whole(
    tmp_path: Path, stand_in: Slack
) -> None:
    chiara, daisuke = stand_in.people[2:4]
    with running_bot(tmp_path, stand_in) as bot:
        tag(bot, 1, chiara)
        assert bot.command("forget", chiara).returncode == 0
        bot.status()  # a process that closes the files after it
        tag(bot, 2, daisuke)
        bot.wait_for_status(quiet)
        assert [line["person"]["slack_id"] for line in bot.export()] == [daisuke]
    assert [line["person"]["slack_id"] for line in bot.export()] == [daisuke]
    for file in tmp_path.rglob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",), file
    assert "ERROR" not in (tmp_path / "bot.log").read_text()
