"""“Photos with me”, with a bot that is killed: each photo comes once, and goes with who is forgotten."""

import io
import json
import signal
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import File, Message
from tagbot.slack import sent_photo_words as words
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot
from tests.world import PORTRAIT_FACE, portrait


def put_two(bot: RunningBot) -> None:
    """A photo in which two people are, without EXIF orientation to turn it, but with other EXIF data."""
    one = Image.open(io.BytesIO(portrait(1)))
    both = Image.new("RGB", (480, 240))
    both.paste(one, (0, 0))
    both.paste(one, (240, 0))
    exif = Image.Exif()
    exif[0x010F] = "Camera of Chiara"
    written = io.BytesIO()
    both.save(written, "JPEG", exif=exif)
    places = [asdict(PORTRAIT_FACE), {**asdict(PORTRAIT_FACE), "left": PORTRAIT_FACE.left + 240}]
    bot.put("two.json", json.dumps({"faces": [{"rectangle": place} for place in places]}).encode())
    bot.put("two.jpg", written.getvalue())


def tag(slack: Slack, persons: list[str]) -> None:
    """Two people tag each open request, the first one as the first of these persons, and so on."""
    for person in persons:
        asked = slack.wait_for_message(is_open, timeout=PATIENCE)
        for tagger in slack.people[:2]:
            assert slack.choose(tagger, asked.ts, "tag_person", person).acknowledged
        slack.wait_for_message(
            partial(lambda ts, each: each.ts == ts and not is_open(each), asked.ts), timeout=PATIENCE
        )


def ask(slack: Slack, person: str) -> None:
    """By the button of `/facetag me`."""
    before = len(slack.ephemerals(person))
    assert slack.slash(person, "/facetag", "me").acknowledged
    mine = slack.wait_for(
        lambda: [each for each in slack.ephemerals(person)[before:] if each.blocks], "the button", PATIENCE
    )[0]
    assert slack.click(person, mine.ts, "photos_with_me").acknowledged


def sent(slack: Slack, person: str) -> list[File]:
    """The photos that they can see."""
    files = {file.id: file for file in slack.files()}
    listed = [files[each] for message in slack.directs(person) for each in message.files]
    return [file for file in listed if not file.deleted]


def closing(message: Message) -> bool:
    return message.text.startswith(words.THAT_IS_ALL)


@pytest.mark.ci
@pytest.mark.rule("photos-with-me", "forget-all")
def test_each_photo_comes_once_over_kills_and_goes_with_who_is_forgotten(
    tmp_path: Path, stand_in: Slack
) -> None:
    chiara, guest = stand_in.people[2:4]
    with running_bot(tmp_path, stand_in) as bot:
        put_two(bot)
        tag(stand_in, [chiara, guest])
        bot.put_portrait()
        tag(stand_in, [guest])
        stand_in.set_member(guest, is_restricted=True)
        bot.wait_for_status(quiet)
        ask(stand_in, guest)
        bot.stop(signal.SIGKILL)  # the wish is on the disk, and perhaps some of it done
    with running_bot(tmp_path, stand_in) as bot:
        stand_in.wait_for(lambda: stand_in.calls("files.completeUploadExternal"), "an upload", PATIENCE)
        bot.stop(signal.SIGKILL)
    with running_bot(tmp_path, stand_in) as bot:
        stand_in.wait_for_direct(guest, closing, timeout=PATIENCE)
        bot.wait_for_status(quiet)
        assert [(file.width, file.height) for file in sent(stand_in, guest)] == [(512, 512), (480, 240)]
        assert [closing(message) for message in stand_in.directs(guest)] == [False, True]
        two = sent(stand_in, guest)[1]
        assert not Image.open(io.BytesIO(stand_in.contents(two.id))).getexif()
        assert chiara not in json.dumps([asdict(file) for file in sent(stand_in, guest)])
        ask(stand_in, chiara)
        stand_in.wait_for_direct(chiara, closing, timeout=PATIENCE)
        forgotten = bot.command("forget", chiara)
        assert forgotten.returncode == 0, forgotten.stdout + forgotten.stderr
        stand_in.wait_for(lambda: not sent(stand_in, chiara), "theirs to go", PATIENCE)
        stand_in.wait_for(lambda: len(sent(stand_in, guest)) == 1, "the others' to go", PATIENCE)
        bot.wait_for_status(quiet)
        ask(stand_in, guest)
        stand_in.wait_for(lambda: len(sent(stand_in, guest)) == 3, "the photos again", PATIENCE)
