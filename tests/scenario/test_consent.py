"""Consent, with a bot that is killed: one direct message ever, and the model as people want it."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot


def known(bot: RunningBot) -> list[dict[str, Any]]:
    """What `people --json` prints."""
    printed = bot.command("people", "--json")
    assert printed.returncode == 0, printed.stderr
    return list(json.loads(printed.stdout))


def wait_until_learned(bot: RunningBot, count: int) -> None:
    """Let the bot come to rest with so many learned faces."""
    bot.wait_for_status(quiet, PATIENCE)
    bot.slack.wait_for(
        lambda: [each["learned"] for each in known(bot)] == [count], "it to be learned", PATIENCE
    )


@pytest.mark.ci
@pytest.mark.rule("consent-before-learning", "own-rights")
@pytest.mark.parametrize("backend", ["local", "rekognition"])
def test_asked_once_over_kills_learned_after_the_yes_and_unlearned_after_the_no(
    tmp_path: Path, stand_in: Slack, backend: str, request: pytest.FixtureRequest
) -> None:
    settings = {"CONSENT": "required"}
    if backend == "rekognition":
        settings |= request.getfixturevalue("at_rekognition")
    anna, ben, chiara, *_ = stand_in.people
    with running_bot(tmp_path, stand_in, **settings) as bot:
        bot.put_portrait()
        asked = stand_in.wait_for_message(is_open, timeout=PATIENCE)
        for tagger in (anna, ben):
            assert stand_in.choose(tagger, asked.ts, "tag_person", chiara).acknowledged
        stand_in.wait_for_direct(chiara, timeout=PATIENCE)
        bot.stop(signal.SIGKILL)  # before it has noted that it asked, or just after
    with running_bot(tmp_path, stand_in, **settings) as bot:
        wait_until_learned(bot, 0)
        [question] = stand_in.directs(chiara)
        assert [each["consent"] for each in known(bot)] == ["asked"]
        assert stand_in.click(chiara, question.ts, "consent_yes").acknowledged
        bot.stop(signal.SIGKILL)
    with running_bot(tmp_path, stand_in, **settings) as bot:
        wait_until_learned(bot, 1)
        assert bot.export()[0]["training"] is not None
        assert stand_in.slash(chiara, "/facetag", "me").acknowledged
        mine = stand_in.wait_for_ephemeral(chiara, lambda message: "take my yes back" in message.text.lower())
        assert stand_in.click(chiara, mine.ts, "consent_no").acknowledged
        bot.stop(signal.SIGKILL)
    with running_bot(tmp_path, stand_in, **settings) as bot:
        wait_until_learned(bot, 0)
        assert bot.export()[0]["training"] is None
        assert [each["consent"] for each in known(bot)] == ["withdrawn"]
        assert bot.command("reconcile").returncode == 0
        assert bot.command("consent", chiara, "--given", "form 12").returncode == 0
        stand_in.wait_for(lambda: known(bot)[0]["learned"] == 1, "it to be learned", PATIENCE)
        assert len(stand_in.directs(chiara)) == 1
        assert stand_in.removed_directs(chiara) == []
