"""Merging, parting and renaming people while the bot runs, as Slack and the operator see it."""

import json
from functools import partial
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Message
from tests.scenario.flood import offers
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot
from tests.world import SIDECAR, astronaut

pytestmark = pytest.mark.process


def people(bot: RunningBot) -> dict[str, tuple[int, int]]:
    """Faces and learned ones by Slack id."""
    listed = json.loads(bot.command("people", "--json").stdout)
    return {each["slack_id"]: (each["faces"], each["learned"]) for each in listed}


def do(bot: RunningBot, *words: str) -> str:
    ran = bot.command("people", *words)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def shown(slack: Slack, *names: str) -> bool:
    """Whether the requests say that their faces are tagged as these."""
    texts = sorted(message.text for message in slack.messages() if message.metadata)
    return len(texts) == len(names) and all(
        text.startswith(f"Tagged as {name}") for text, name in zip(texts, sorted(names), strict=True)
    )


def says(text: str, message: Message) -> bool:
    return text in message.text


def put(bot: RunningBot, number: int) -> None:
    """A photo of its own, with its face in the sidecar."""
    bot.put(f"{number}.json", SIDECAR)
    bot.put(f"{number}.png", astronaut() + bytes([number]))


@pytest.mark.ci
@pytest.mark.rule("merge-faces-and-votes", "merge-model-follows", "unmerge-exact", "rename", "merge-commands")
def test_people_are_merged_parted_and_renamed_while_the_bot_runs(tmp_path: Path, stand_in: Slack) -> None:
    slack = stand_in
    anna, ben, chiara, dora, *_ = slack.people
    names = {member.id: member.real_name for member in slack.members().values()}
    with running_bot(tmp_path / "data", slack) as bot:
        for number, person in enumerate((chiara, dora)):
            put(bot, number)
            request = slack.wait_for_message(lambda message: offers(message, "tag_person"), timeout=PATIENCE)
            for tagger in (anna, ben):
                assert slack.choose(tagger, request.ts, "tag_person", person).acknowledged
            slack.wait_for_message(partial(says, f"Tagged as {names[person]}"), timeout=PATIENCE)
        bot.wait_for_status(quiet)
        before = bot.export()
        assert people(bot) == {chiara: (1, 1), dora: (1, 1)}
        put(bot, 9)
        request = slack.wait_for_message(lambda message: offers(message, "tag_person"), timeout=PATIENCE)
        for tagger, answer in ((anna, chiara), (ben, dora)):
            assert slack.choose(tagger, request.ts, "tag_person", answer).acknowledged
        slack.wait_for_message(partial(says, "do not agree"), timeout=PATIENCE)

        do(bot, "merge", chiara, "into", dora)
        slack.wait_for(lambda: shown(slack, *[names[dora]] * 3), "the one name", timeout=PATIENCE)
        bot.wait_for_status(quiet)
        assert people(bot) == {dora: (3, 3)}
        assert bot.command("reconcile").returncode == 0

        do(bot, "unmerge", chiara)
        each = [names[person] for person in (chiara, dora, dora)]
        slack.wait_for(lambda: shown(slack, *each), "each name", timeout=PATIENCE)
        assert people(bot) == {chiara: (1, 1), dora: (2, 2)}
        known = {line["face_id"] for line in before}
        assert [line for line in bot.export() if line["face_id"] in known] == before
        assert bot.command("reconcile").returncode == 0

        do(bot, "rename", chiara, "Chiara Second-Name")
        each[0] = "Chiara Second-Name"
        slack.wait_for(lambda: shown(slack, *each), "the new name", timeout=PATIENCE)
    for name in ("Chiara Second-Name", *(names[person] for person in slack.people)):
        assert name not in (bot.data_dir / "bot.log").read_text()
