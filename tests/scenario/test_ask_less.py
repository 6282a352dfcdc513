"""A group, a strike-out, a line-up and a pick, with the bot as a process and photos of known people."""

import hashlib
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.page.photo_drop import SAMPLES, TEAM_PHOTOS
from tagbot.sandbox.state import Message
from tests.sandbox.team.photo import album
from tests.scenario.flood import face_ids, is_open
from tests.scenario.running_bot import quiet, running_bot

PATIENCE = 90.0
"""Seconds: two cores that do much else look for faces in ten photos."""


def photos_of(name: str, count: int) -> list[str]:
    """So many photos that show that one person alone, as they usually look."""
    pictures = zip(TEAM_PHOTOS, album(), strict=True)
    return [photo for photo, each in pictures if each.names == (name,) and not each.odd][:count]


def open_request(slack: Slack, fits: Callable[[Message], bool] = lambda _: True) -> Message:
    """The one that is open, once it is as wanted."""
    return slack.wait_for(
        lambda: next((each for each in slack.messages() if is_open(each) and fits(each)), None),
        "the next request",
        timeout=PATIENCE,
    )


def answered(slack: Slack, request: Message, action_id: str, value: str = "") -> None:
    """Have two people give one answer, which closes the request."""
    for tagger in slack.people[:2]:
        if value:
            assert slack.choose(tagger, request.ts, action_id, value).acknowledged
        else:
            assert slack.click(tagger, request.ts, action_id).acknowledged
    slack.wait_for(lambda: not is_open(slack.message(request.ts)), "it to be closed", timeout=PATIENCE)


def strike_out(slack: Slack, request: Message, odd: str) -> None:
    """Say that one face is not the same as the others."""
    tagger = slack.people[2]
    assert slack.click(tagger, request.ts, "not_all_the_same").acknowledged
    view = slack.wait_for_view(tagger, lambda view: bool(view.content["callback_id"] == "not_all_the_same"))
    assert slack.submit(tagger, view.id, {"odd_ones": [odd]}).acknowledged


def names_on(request: Message) -> dict[str, str]:
    """The offered names, and the action of each button."""
    elements = [each for block in request.blocks for each in block.get("elements", ())]
    picks = [each for each in elements if str(each.get("action_id")).startswith("pick_")]
    return {each["text"]["text"]: each["action_id"] for each in picks}


@pytest.mark.process
@pytest.mark.ci
@pytest.mark.timeout(400)
@pytest.mark.rule("groups", "line-up", "pick-is-an-answer", "split-group", "face-vectors")
def test_one_answer_is_about_a_group_and_the_next_face_is_a_click_on_a_name(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, ben, _, daisuke, *_ = stand_in.people
    truth = {name: photos_of(name, count) for name, count in (("anna", 4), ("daisuke", 3), ("ben", 2))}
    assert [len(photos) for photos in truth.values()] == [4, 3, 2]
    settings = {"MAX_GROUP": "9", "LINE_UP": "4", "MAX_OPEN_REQUESTS": "1"}
    with running_bot(tmp_path, stand_in, **settings) as bot:
        bot.put_portrait()
        opener = open_request(stand_in)
        for photo in itertools.chain(*truth.values()):
            bot.put(photo, (SAMPLES / photo).read_bytes())
        bot.wait_for_status(lambda status: status["faces"]["waiting"] == 9 and quiet(status), PATIENCE)
        answered(stand_in, opener, "not_a_face")

        group = open_request(stand_in, lambda each: len(face_ids(each)) == 4)
        odd = face_ids(group)[-1]
        assert names_on(group) == {}, "the model knows nobody yet"
        strike_out(stand_in, group, odd)
        group = open_request(stand_in, lambda each: len(face_ids(each)) == 3)
        answered(stand_in, group, "tag_person", anna)

        group = open_request(stand_in, lambda each: len(face_ids(each)) == 3)
        answered(stand_in, group, "tag_person", daisuke)
        answered(stand_in, open_request(stand_in, lambda each: len(face_ids(each)) == 2), "tag_person", ben)

        alone = open_request(stand_in, lambda each: face_ids(each) == [odd])
        names = names_on(alone)
        members = stand_in.members()
        assert list(names) == sorted(members[each].real_name for each in (anna, ben, daisuke))
        assert list(names.values()) == ["pick_1", "pick_2", "pick_3"]
        answered(stand_in, alone, names[members[anna].real_name])
        bot.wait_for_status(lambda status: status["faces"]["tagged"] == 9, PATIENCE)
        lines = bot.export()

    tagged: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        tagged[line["person"]["slack_id"]][line["photo"]] += 1
    for name, slack_id in (("anna", anna), ("daisuke", daisuke), ("ben", ben)):
        hashes = [hashlib.sha256((SAMPLES / photo).read_bytes()).hexdigest() for photo in truth[name]]
        assert tagged[slack_id] == Counter(hashes)
