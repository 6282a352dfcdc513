import json
from collections import Counter
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Json, Message
from tests.crash import grouping_bot
from tests.forked import BOT
from tests.scenario.crowd import (
    KNOWS,
    SEES_ODD_ONE,
    TAKES_FOR_LOOK_ALIKE,
    Crowd,
    Minds,
    Shown,
    Somebody,
    line_up,
    subject,
)
from tests.scenario.flood import face_ids, photos
from tests.scenario.running_bot import running_bot

MANY = 4000
PEOPLE = {f"U{number}": Somebody(f"Person {number}", f"U{number ^ 1}") for number in range(8)}


@pytest.fixture
def minds() -> Minds:
    return Minds(PEOPLE, seed=1)


def test_taggers_err_as_often_as_told_and_mostly_alike(minds: Minds) -> None:
    said = Counter(minds.answer("T", [Shown(str(number), "U2")], 0) for number in range(MANY))

    assert said["U2"] / MANY == pytest.approx(KNOWS, abs=0.01)
    assert said["U3"] / (MANY - said["U2"]) == pytest.approx(TAKES_FOR_LOOK_ALIKE, abs=0.1)
    assert set(said) == set(PEOPLE)


def test_most_see_a_face_that_is_not_the_others(minds: Minds) -> None:
    group = [Shown("a", "U2"), Shown("b", "U2")]
    seen = [odd for number in range(MANY) for odd in minds.odd_ones("T", [*group, Shown(str(number), "U3")])]

    assert len(seen) / MANY == pytest.approx(SEES_ODD_ONE, abs=0.02)
    assert {face.person for face in seen} == {"U3"}


def test_nobody_knows_a_stranger_and_each_stranger_is_another(minds: Minds) -> None:
    strangers = [Shown("a", None), Shown("b", None)]

    assert minds.answer("T", strangers, 0) is None
    assert minds.answer("T", [*strangers, Shown("c", "U2"), Shown("d", "U2")], 0) in PEOPLE
    assert subject([*strangers, Shown("c", "U2"), Shown("d", "U2")]).person == "U2"


def test_the_same_is_seen_again_in_whatever_order_it_is_asked(minds: Minds) -> None:
    faces = [Shown(str(number), "U2") for number in range(MANY)]

    def said(order: list[Shown]) -> list[str | None]:
        answers = {face.key: minds.answer("T", [face], 0) for face in order}
        return [answers[face.key] for face in faces]

    assert said(faces) == said(faces[::-1])
    assert said(faces) != [minds.answer("T", [face], 1) for face in faces]


def request(payload: Json, *labels: str) -> Message:
    elements = [
        {"action_id": f"pick_{number}", "text": {"text": label}} for number, label in enumerate(labels, 1)
    ]
    return Message(
        "1.0",
        "C",
        "U",
        "",
        [{"elements": [*elements, {"action_id": "tag_person"}]}],
        {"event_type": "facetag_request", "event_payload": payload},
    )


def test_a_request_tells_its_faces_and_whom_it_offers() -> None:
    assert face_ids(request({"face_id": "a", "round": 1, "face_ids": ["a", "b"]})) == ["a", "b"]
    assert line_up(request({}, "Ann", "Ben")) == {"Ann": "pick_1", "Ben": "pick_2"}


@pytest.mark.ci
@pytest.mark.parametrize("program", [BOT, Path(grouping_bot.__file__)], ids=["one by one", "in blind groups"])
def test_a_crowd_labels_what_a_running_bot_asks(tmp_path: Path, stand_in: Slack, program: Path) -> None:
    source = tmp_path / "photos"
    source.mkdir()
    ids, people = photos(source, 8), stand_in.people
    faces = {face_id: Shown(str(number), people[number % 2]) for number, face_id in enumerate(ids)}
    named = {each: Somebody(each, people[number - 1]) for number, each in enumerate(people)}
    crowd = Crowd(stand_in, people, Minds(named, seed=3), faces)

    with running_bot(tmp_path / "data", stand_in, program, MAX_OPEN_REQUESTS="4") as bot:
        bot.command("add", str(source))
        crowd.label(bot, most_open=4)
        tagged = {row["face_id"]: row["person"]["slack_id"] for row in bot.export()}
        stats = json.loads(bot.command("stats", "--json").stdout)

    tally = crowd.tally
    assert tagged == {face_id: face.person for face_id, face in faces.items()}
    assert stats["answers"] == tally.answers
    if program == BOT:
        assert tally.answers == 2 * len(ids) + sum(map(len, tally.mistaken.values()))
        assert stats["clicks"] == tally.clicks == 2 * tally.answers
    else:
        assert tally.struck_out
        assert tally.answers < 2 * len(ids)
