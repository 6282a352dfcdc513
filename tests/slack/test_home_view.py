"""Home as blocks: what Slack takes, however much there is to show, and nothing that gives a guess away."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack import home_words
from tagbot.slack.blocks import Offered, PersonShown, Rendered
from tagbot.slack.group_message import FaceShown, GroupShown, group_message
from tagbot.slack.home_view import (
    MOST_ANSWERS,
    MOST_ASKED,
    MOST_REFUSALS,
    AnswerShown,
    AskedShown,
    DoneShown,
    HomeShown,
    change_modal,
    home_view,
    notice_modal,
    without_pictures,
)
from tagbot.slack.person_messages import KeptShown, kept_message
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_message import RequestShown, request_message
from tagbot.vocabulary import Consent

LINK = "https://team.slack.com/archives/C1/p1700000000000100"
TAGGERS = [f"U0TAGGER{number:03}" for number in range(200)]
NOTES = [f"<@U{number}> took a face out as not the same." for number in range(30)]


def request(number: int, offered: Sequence[Offered] = ()) -> Rendered:
    return request_message(
        RequestShown(
            face_id=str(uuid.UUID(int=number)),
            round=1,
            state="open",
            crop_file="F0CROP",
            context_file="F0PHOTO",
            required_votes=2,
            taggers=TAGGERS,
            offered=offered,
            left=NOTES,
        )
    )


def group(number: int) -> Rendered:
    faces = [
        FaceShown(id=str(uuid.UUID(int=100 * number + each)), round=1, number=each, state="open")
        for each in range(1, 10)
    ]
    return group_message(GroupShown(faces=faces, grid_file="F0GRID", required_votes=2, left=NOTES))


def fullest() -> HomeShown:
    """More of everything than there mostly is."""
    kept = KeptShown(
        slack_id="U1", name="N" * 200, email="e@example.com", has_picture=True, faces=9999, photos=9999,
        learned=1, waiting=9, answers=9999, is_person=True,
        text="t" * 3000, text_id="i", standing=Consent.ASKED,
    )  # fmt: skip
    answers = [
        AnswerShown(
            id=RequestId(str(uuid.UUID(int=1000 + number)), 3),
            said=PersonShown(None, "N" * 200),
            faces=9,
            outcome="o" * 2000,
            picture="F0CROP",
            can_change=True,
            link=LINK,
        )
        for number in range(MOST_ANSWERS)
    ]
    messages = [group(number) if number == 2 else request(number) for number in range(1, MOST_ASKED + 1)]
    return HomeShown(
        refused=["r" * 2000] * MOST_REFUSALS,
        people=9999,
        manages=True,
        channel="C1", asked=[AskedShown(each, LINK) for each in messages], more=300,
        answers=answers, done=1_000_000, faces=2_000_000, lacking=20, kept=kept_message(kept),
        machine=["A sentence about the machine." * 4] * 8,
    )  # fmt: skip


def half_answered() -> HomeShown:
    """The same, where every other question was just answered."""
    full = fullest()
    asked: list[AskedShown | DoneShown] = list(full.asked)
    for place in range(0, MOST_ASKED, 2):
        blocks = [block for block in request(place + 1).blocks if block["type"] not in ("actions", "context")]
        asked[place] = DoneShown(blocks, "t" * 2000, LINK)
    last = [
        replace(each, id=RequestId(str(uuid.UUID(int=at + 1)), 1)) for at, each in enumerate(full.answers)
    ]
    return replace(full, asked=asked, answers=[each for at, each in enumerate(last) if at % 2 == 0])


def taken(view: dict[str, Any]) -> dict[str, Any]:
    """As Slack would; raises where it would refuse."""
    return block_kit.inspect_view(view, lambda _: True, block_kit.HOME)


@pytest.mark.rule("home-in-time")
def test_the_fullest_home_is_one_that_slack_takes() -> None:
    view = taken(home_view(fullest()))
    assert len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < block_kit.VIEW_BYTES
    assert home_words.more_wait(300) in json.dumps(view)


@pytest.mark.rule("places-at-home", "home-in-time")
def test_what_was_just_answered_stands_in_its_place_with_its_pictures_and_without_controls() -> None:
    view = taken(home_view(half_answered()))
    assert len(view["blocks"]) <= 100
    ids = [block["block_id"] for block in view["blocks"] if block["type"] == "actions"]
    assert len(ids) == len(set(ids))
    [start] = [at for at, block in enumerate(view["blocks"]) if home_words.WAITS in json.dumps(block)]
    kinds = [block["type"] for block in view["blocks"][start + 1 :]]
    assert kinds[:6] == ["section", "image", "image", "section", "context", "divider"]
    assert home_words.NOTHING_WAITS not in json.dumps(view)


@pytest.mark.rule("places-at-home")
def test_that_nothing_waits_is_said_beneath_what_was_just_answered() -> None:
    done = DoneShown([], home_words.FINISHED, LINK)
    view = home_view(HomeShown(channel="C1", asked=[done]))
    told = [json.dumps(block) for block in view["blocks"]]
    places = [
        at
        for text in (home_words.FINISHED, home_words.NOTHING_WAITS)
        for at, each in enumerate(told)
        if text in each
    ]
    assert places == sorted(places)
    assert len(places) == 2
    assert home_words.NOTHING_WAITS not in json.dumps(
        home_view(HomeShown(channel="C1", asked=[done], more=1))
    )


@pytest.mark.rule("home")
def test_the_emptiest_home_says_how_to_begin() -> None:
    view = taken(home_view(HomeShown(channel="C1")))
    told = json.dumps(view, ensure_ascii=False)
    assert "*To answer*" in told
    assert home_words.NOTHING_WAITS in told
    assert "No face has been found yet" in told


@pytest.mark.rule("home")
def test_where_faces_wait_for_a_place_home_says_when_they_are_asked_about() -> None:
    told = json.dumps(home_view(HomeShown(channel="C1", faces=1_200, waiting=1_180)))
    assert home_words.NOTHING_WAITS_YET in told
    assert home_words.NOTHING_WAITS not in told
    assert "0 of 1,200 faces are done. 1,180 faces wait until an open question is answered." in told


@pytest.mark.rule("home")
def test_who_has_no_say_is_asked_nothing_whatever_waits() -> None:
    told = json.dumps(home_view(replace(fullest(), refusal=home_words.NO_SAY)))
    assert home_words.NO_SAY in told
    assert "tag_person" not in told
    assert home_words.WAITS not in told


@pytest.mark.rule("home-in-time")
def test_a_request_at_home_has_the_very_controls_of_its_message_so_no_guess_is_told() -> None:
    offered = [Offered(str(uuid.UUID(int=each)), name) for each, name in enumerate(("Ann", "Ben", "Cleo"))]
    message = request(7, offered)
    view = home_view(HomeShown(channel="C1", asked=[AskedShown(message, LINK)]))
    told = json.dumps(view)
    for block in message.blocks:
        assert block in view["blocks"] or block["type"] == "context"
    assert [told.count(name) for name in ("Ann", "Ben", "Cleo")] == [1, 1, 1], "on the buttons alone"


def test_without_its_pictures_a_home_says_the_same() -> None:
    view = home_view(fullest())
    bare = taken(without_pictures(view))
    assert "slack_file" not in json.dumps(bare)
    words_of = [block.get("text") for block in view["blocks"] if block["type"] == "section"]
    assert [block.get("text") for block in bare["blocks"] if block["type"] == "section"] == words_of


@pytest.mark.parametrize("view", [change_modal(group(1)), notice_modal("Nothing was changed.")])
def test_its_modals_are_such_as_slack_takes(view: dict[str, Any]) -> None:
    block_kit.inspect_view(view, lambda _: True)
