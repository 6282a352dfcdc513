"""A whole team opens its Home at once, while it answers."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, running_bot

TEAM = 200
SECONDS = 10.0
UP_TO_DATE = 60.0
"""On a machine that does much else; `make bench` has how long it takes on a quiet one."""


def a_team(slack: Slack) -> list[str]:
    team = [slack.set_member(f"U0TEAM{number:04}").id for number in range(TEAM)]
    slack.set_channel(members=[*slack.people, slack.bot_user, *team])
    return team


def clicks(slack: Slack, team: list[str], ts: str) -> list[float]:
    """Everybody answers within ten seconds; how long each waited for Slack's yes, in milliseconds."""

    def click(number: int) -> float:
        time.sleep(number * SECONDS / TEAM)  # they click one after the other
        act = slack.click(team[number], ts, "dont_know")
        assert act.acknowledged, act.error
        assert act.latency_ms is not None
        return act.latency_ms

    with ThreadPoolExecutor(40) as pool:
        return list(pool.map(click, range(len(team))))


def asked(bot: RunningBot) -> str:
    """The `ts` of a new request."""
    before = {message.ts for message in bot.slack.messages()}
    bot.put_portrait()
    return bot.slack.wait_for_message(
        lambda message: is_open(message) and message.ts not in before, timeout=PATIENCE
    ).ts


def open_homes(slack: Slack, team: list[str]) -> None:
    """Everybody opens their Home within ten seconds, and has it filled."""
    for member in team:
        slack.open_home(member)
        time.sleep(SECONDS / TEAM)  # one after the other
    slack.wait_for(lambda: len(slack.state()["workspace"]["homes"]) == len(team), "all Homes", UP_TO_DATE)


@pytest.mark.ci
@pytest.mark.rule("home-in-time")
def test_a_team_of_200_opens_home_while_it_answers(tmp_path: Path, stand_in: Slack) -> None:
    team = a_team(stand_in)
    with running_bot(tmp_path, stand_in, UNKNOWN_AFTER="1000", REQUIRED_VOTES="300") as bot:
        ts = asked(bot)
        alone = clicks(stand_in, team, ts)
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(clicks, stand_in, team, ts)
            open_homes(stand_in, team)
        assert len(beside.result()) == len(alone)
        last = team[-1]
        stand_in.wait_for_home(
            last, lambda home: "You said: I don" in json.dumps(home.content), timeout=UP_TO_DATE
        )
        assert [call.method for call in stand_in.calls() if call.status == 429] == []


@pytest.mark.ci
@pytest.mark.rule("home-in-time")
def test_at_slacks_own_pace_no_home_is_asked_for_too_often(tmp_path: Path, stand_in: Slack) -> None:
    stand_in.rules(rate_limits=1.0)
    team = a_team(stand_in)[:60]
    with running_bot(tmp_path, stand_in, SLACK_POSTS_PER_SECOND="1") as bot:
        for member in team:
            bot.slack.open_home(member)
        bot.slack.wait_for(lambda: len(bot.slack.state()["workspace"]["homes"]) == len(team), "all", 40.0)
        assert [call.method for call in stand_in.calls() if call.status == 429] == []
