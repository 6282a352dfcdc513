"""The digest, by a bot that is started at nine, or later in that hour, and killed: once a day."""

import signal
import time
from pathlib import Path

import pytest

from tagbot.database.models.digests import Digest
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Message
from tagbot.vocabulary import EventType
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, running_bot
from tests.zones import zone_where_it_is

MINUTE = 60.0


def is_digest(message: Message) -> bool:
    return message.metadata is not None and message.metadata["event_type"] == EventType.ANNOUNCEMENT


@pytest.mark.ci
@pytest.mark.rule("digest")
def test_it_comes_within_a_minute_of_nine_and_once_over_a_kill(tmp_path: Path, stand_in: Slack) -> None:
    zone = zone_where_it_is(8, 59, 50, time.time())
    with running_bot(tmp_path, stand_in, DIGEST="daily", TZ=zone) as bot:
        bot.put_portrait()
        request = stand_in.wait_for_message(is_open, timeout=PATIENCE)
        digest = stand_in.wait_for_message(is_digest, timeout=10 + MINUTE)
        bot.stop(signal.SIGKILL)  # before it has noted that it posted it, or just after
    assert f"/p{request.ts.replace('.', '')}|" in digest.text
    with running_bot(tmp_path, stand_in, DIGEST="daily", TZ=zone) as bot:
        with bot.looking():
            stand_in.wait_for(lambda: Digest.get().ended_at, "the note that it is done", PATIENCE)
        bot.stop()
    assert len([message for message in stand_in.messages() if is_digest(message)]) == 1


@pytest.mark.ci
@pytest.mark.rule("digest")
def test_a_bot_that_starts_before_ten_makes_up_for_it_also_where_dot_env_has_the_zone(
    tmp_path: Path, stand_in: Slack
) -> None:
    with running_bot(tmp_path, stand_in, DIGEST="off") as bot:
        bot.put_portrait()
        stand_in.wait_for_message(is_open, timeout=PATIENCE)
        bot.stop()
    (tmp_path / ".env").write_text(f"TZ='{zone_where_it_is(9, 40, 0, time.time())}'\n")
    with running_bot(tmp_path, stand_in, DIGEST="daily"):
        stand_in.wait_for_message(is_digest, timeout=MINUTE)
