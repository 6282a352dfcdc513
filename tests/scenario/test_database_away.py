"""A database server that is away at the start, and again in the middle: nobody has to do anything."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.postgresql import our_own_server
from tests.scenario.running_bot import PATIENCE, quiet, running_bot
from tests.scenario.test_flow import wait_until_tagged
from tests.world import astronaut


@pytest.mark.ci
@pytest.mark.rule("database-server-away")
@pytest.mark.failure("readme-database-away", "database-away")
def test_clicks_are_acknowledged_meanwhile_and_everything_ends_well(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    anna, ben, chiara, *_ = stand_in.people
    # Without tables: the bot makes them, once the server is there.
    with our_own_server() as server, server.database_without_layout() as url:
        server.stop()
        with running_bot(tmp_path, stand_in, DATABASE_URL=url, **at_rekognition) as bot:
            bot.put("portrait.png", astronaut())
            assert bot.command("status").stderr.startswith("the database cannot be reached: ")
            server.start()
            request = stand_in.wait_for_message(timeout=PATIENCE)

            server.stop()
            for tagger in (anna, ben):
                assert stand_in.choose(tagger, request.ts, "tag_person", chiara).acknowledged
            assert stand_in.click(chiara, request.ts, "someone_else").acknowledged
            form = stand_in.wait_for_view(chiara, timeout=PATIENCE)
            assert form.content["callback_id"] == "someone_else", "what it says waits like any answer"
            assert stand_in.slash(anna, "/facetag", "status").acknowledged
            [told] = stand_in.wait_for(lambda: stand_in.ephemerals(anna), "an answer", timeout=PATIENCE)
            assert "the database cannot be reached" in told.text

            server.start()
            wait_until_tagged(stand_in, request.ts)
            bot.wait_for_status(quiet)
            [line] = bot.export()
            assert [vote["tagger"] for vote in line["votes"]] == [anna, ben]
            assert bot.stop() == 0
    log = (tmp_path / "bot.log").read_text()
    lines = re.findall(r" (?:ERROR|WARNING) +(the database cannot be reached: .*)", log)
    assert log.count(" ERROR ") + log.count(": over\n") == len(lines), "nothing else went wrong"
    # A server that is on its way up has another reason for a moment.
    assert all(line != following for line, following in pairwise(lines)), "each reason is told once"
    assert [line for line in lines if line.endswith(": over")] == [lines[-1]] * 2, "as is that it is back"
    assert "Traceback" not in log
