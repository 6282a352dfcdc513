"""Requests that are deleted, or left behind in another channel, with the bot as a process."""

from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tests.scenario.running_bot import PATIENCE, running_bot
from tests.stages.scenes import controls

NEW = "C0NEW00001"


@pytest.mark.rule("lost-request-asked-again", "moved-request-asked-again", "clicks-where-asked")
@pytest.mark.failure("request-deleted", "channel-changed", "readme-request-lost")
@pytest.mark.ci
def test_a_request_that_is_deleted_and_one_of_another_channel_are_asked_again_in_time(
    tmp_path: Path, stand_in: Slack
) -> None:
    people = stand_in.people
    with running_bot(tmp_path, stand_in) as bot:
        bot.put_portrait()
        first = stand_in.wait_for_message(lambda message: bool(controls(message)), timeout=PATIENCE)
        face_id = (first.metadata or {})["event_payload"]["face_id"]
        stand_in.delete(first.ts)
        assert bot.command("retry", face_id).stdout == "1 face is asked about again.\n"
        second = stand_in.wait_for_message(lambda message: bool(controls(message)), timeout=5)
        stand_in.delete(second.ts)
        third = stand_in.wait_for_message(lambda message: bool(controls(message)), timeout=30)
        assert (third.metadata or {})["event_payload"] == {
            "face_id": face_id,
            "round": 3,
            "face_ids": [face_id],
        }
        assert bot.stop() == 0
    stand_in.set_channel(NEW, name="new", members=[*people, stand_in.bot_user])
    with running_bot(tmp_path, stand_in, SLACK_CHANNEL=NEW):
        click = stand_in.click(people[0], third.ts, "dont_know")
        assert click.acknowledged
        stand_in.wait_for_ephemeral(people[0], lambda message: message.text == words.ASKED_ELSEWHERE)
        fourth = stand_in.wait_for_message(lambda message: bool(controls(message)), channel=NEW, timeout=30)
        assert (fourth.metadata or {})["event_payload"] == {
            "face_id": face_id,
            "round": 4,
            "face_ids": [face_id],
        }
        stand_in.wait_for(lambda: not controls(stand_in.message(third.ts)), timeout=30)
