"""Photos by Slack, with a bot that runs, loses a connection's acknowledgement and is killed: each once."""

import signal
import time
from pathlib import Path

import pytest

from tagbot.database.models.bookkeeping import HeardChannel
from tagbot.sandbox.driver import Slack
from tagbot.slack import posted_photo_words, words
from tagbot.vocabulary import PhotoOutcome
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot
from tests.world import portrait

FOUND = "1 face found; I will ask about it here."
KNOWN = posted_photo_words.NOT_SEARCHED[PhotoOutcome.KNOWN]


def told(bot: RunningBot, member: str, count: int) -> list[str]:
    """What a member heard, once it is so much."""

    def heard() -> list[str] | None:
        texts = [each.text for each in bot.slack.ephemerals(member)]
        return texts if len(texts) >= count else None

    return bot.slack.wait_for(heard, f"{count} words to {member}", PATIENCE)


def wait_until_it_heard(bot: RunningBot) -> None:
    """All that was posted until now, and has noted that."""
    now = time.time()
    with bot.looking():
        while (HeardChannel.until_when(bot.slack.channel) or 0) < now:
            assert time.time() < now + PATIENCE
            time.sleep(0.05)  # another process works, of which nothing else tells


@pytest.mark.ci
@pytest.mark.rule("posted-photos", "posted-photo-word")
def test_what_people_post_is_asked_about_once_and_each_hears_once(tmp_path: Path, stand_in: Slack) -> None:
    anna, ben, chiara, guest, *_ = stand_in.people
    stand_in.set_member(guest, is_restricted=True)
    with running_bot(tmp_path, stand_in) as bot:
        stand_in.disconnect("crossing")  # the acknowledgement gets lost, and Slack tells of it again
        stand_in.share(anna, "Anna at lunch.jpg", portrait(1), text="us")
        assert told(bot, anna, 1) == [FOUND]
        post = stand_in.wait_for_message(lambda each: bool(each.files), timeout=PATIENCE)
        stand_in.edit(anna, post.ts, "us at lunch")
        stand_in.share_all(ben, {"again.jpg": portrait(1), "list.txt": b"words", "new.jpg": portrait(2)})
        assert sorted(told(bot, ben, 2)) == [f"Photo 1 of 2: {KNOWN}", f"Photo 2 of 2: {FOUND}"]
        stand_in.share(guest, "guest.jpg", portrait(3))
        assert told(bot, guest, 1) == [words.NO_SAY]
        wait_until_it_heard(bot)
        assert stand_in.shortcut(chiara, post.ts, "find_faces").acknowledged
        assert told(bot, chiara, 1) == [KNOWN]
        stand_in.share(chiara, "last.jpg", portrait(4))
        stand_in.wait_for(lambda: stand_in.calls("download")[2:], "the last photo", PATIENCE)
        bot.stop(signal.SIGKILL)
    with running_bot(tmp_path, stand_in) as bot:
        assert told(bot, chiara, 2)[-1] == FOUND
        stand_in.wait_for(
            lambda: len([each for each in stand_in.messages() if is_open(each)]) == 3, "requests", PATIENCE
        )
        bot.wait_for_status(quiet)
        assert [len(stand_in.ephemerals(each)) for each in (anna, ben, chiara, guest)] == [1, 2, 2, 1]
        assert list((tmp_path / "inbox").iterdir()) == []


@pytest.mark.ci
@pytest.mark.rule("missed-photos")
@pytest.mark.failure("photo-posted-meanwhile")
def test_what_people_post_while_no_bot_runs_is_asked_about_when_one_does(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, ben, *_ = stand_in.people
    stand_in.rules(retry_seconds=[0.0, 0.0, 0.0])
    with running_bot(tmp_path, stand_in) as bot:
        stand_in.share(anna, "before.jpg", portrait(1))
        assert told(bot, anna, 1) == [FOUND]
        wait_until_it_heard(bot)
    stand_in.share(ben, "meanwhile.jpg", portrait(2))
    stand_in.wait_for_message(lambda each: bool(each.files) and each.user == ben, timeout=PATIENCE)
    with running_bot(tmp_path, stand_in) as bot:
        assert told(bot, ben, 1) == [FOUND]
        bot.wait_for_status(quiet)
        assert len([each for each in stand_in.messages() if is_open(each)]) == 2
        assert [len(stand_in.ephemerals(each)) for each in (anna, ben)] == [1, 1]
