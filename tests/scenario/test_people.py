"""People in Slack's modals and at Home, with the bot as a process."""

from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, running_bot


def asked(bot: RunningBot, number: int) -> str:
    """The `ts` of a new request."""
    before = {message.ts for message in bot.slack.messages()}
    bot.put_face(number)
    return bot.slack.wait_for_message(
        lambda message: is_open(message) and message.ts not in before, timeout=PATIENCE
    ).ts


def modal(slack: Slack, member: str, ts: str) -> str:
    slack.click(member, ts, "someone_else")
    return slack.wait_for_view(member, lambda view: view.content["callback_id"] == "someone_else").id


def wait_until_tagged(slack: Slack, ts: str, name: str) -> None:
    slack.wait_for(lambda: slack.message(ts).text.startswith(f"Tagged as {name}"), name, PATIENCE)


@pytest.mark.rule("known-people")
def test_a_person_without_an_account_is_named_once_and_chosen_from_then_on(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, ben, *_ = stand_in.people
    with running_bot(tmp_path, stand_in) as bot:
        first = asked(bot, 1)
        for member in (anna, ben):
            stand_in.submit(member, modal(stand_in, member, first), {"name": "Zoë Moon"})
        wait_until_tagged(stand_in, first, "Zoë Moon")
        second = asked(bot, 2)
        for member in (anna, ben):
            view = modal(stand_in, member, second)
            [zoe] = stand_in.suggest(member, view, "known", "zoe").options
            act = stand_in.submit(member, view, {"known": zoe["value"], "name": "Somebody New"})
            assert (act.acknowledged, act.error, stand_in.views(member)) == (True, None, [])
        wait_until_tagged(stand_in, second, "Zoë Moon")
        one, other = bot.export()
        assert one["person"] == other["person"] == {**one["person"], "slack_id": None, "name": "Zoë Moon"}
