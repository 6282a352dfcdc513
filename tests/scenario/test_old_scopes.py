"""A bot whose app was made from an earlier manifest: it tags as before, and says what is missing."""

from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, running_bot
from tests.scenario.test_photos_with_me import ask, tag
from tests.world import portrait

NEW = ("im:write", "im:history")
"""Scopes that came with later versions."""


@pytest.mark.ci
@pytest.mark.rule("old-scopes", "posted-photo-given-up")
@pytest.mark.failure("app-from-earlier-manifest")
def test_it_goes_on_with_all_that_needs_no_new_scope_and_says_what_is_missing(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, _, chiara, *_ = stand_in.people
    scopes = stand_in.state()["workspace"]["scopes"]
    old = [scope for scope in scopes if scope not in NEW]
    stand_in.set_workspace(scopes=old)
    settings = {"CONSENT": "required", "MAX_ATTEMPTS": "2"}
    with running_bot(tmp_path, stand_in, **settings) as bot:
        bot.put_portrait()
        tag(stand_in, [chiara])
        stand_in.wait_for_message(lambda each: each.text.startswith("Tagged as"), timeout=PATIENCE)
        ask(stand_in, chiara)
        stand_in.wait_for_direct(chiara, lambda each: "im:write" in each.text, timeout=PATIENCE)
        stand_in.set_workspace(scopes=[scope for scope in old if scope != "files:read"])
        stand_in.share(anna, "photo.jpg", portrait(1))
        stand_in.wait_for_ephemeral(anna, lambda each: "files:read" in each.text, timeout=PATIENCE)
        stand_in.set_workspace(scopes=old)
        bot.put("another.jpg", portrait(2))
        stand_in.wait_for_message(is_open, timeout=PATIENCE)
        status = bot.command("status").stdout
        assert "the Slack app lacks the scope im:history, im:write" in status
        checked = bot.command("check")
        assert checked.returncode == 1
        assert "the scope im:history, im:write is missing" in checked.stdout
        assert bot.command("consent", chiara, "--given", "form 12").returncode == 0
        stand_in.set_workspace(scopes=scopes)
        assert bot.command("retry").returncode == 0
        stand_in.wait_for_ephemeral(anna, lambda each: "1 face found" in each.text, timeout=PATIENCE)
        stand_in.wait_for_direct(chiara, lambda each: bool(each.files), timeout=PATIENCE)
        bot.stop()
    log = (tmp_path / "bot.log").read_text()
    assert "the Slack app lacks the scope im:history, im:write" in log
