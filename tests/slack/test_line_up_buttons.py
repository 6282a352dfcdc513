"""The offered names, as buttons of a request about one face or several."""

import uuid
from collections.abc import Callable, Sequence

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack import words
from tagbot.slack.blocks import LONGEST_LABEL, Offered, Rendered
from tagbot.slack.group_message import FaceShown, GroupShown, group_message
from tagbot.slack.request_message import RequestShown, request_message

FACES = [str(uuid.UUID(int=number)) for number in range(1, 4)]
NAMES = [Offered(f"P{number}", f"Person {number}") for number in range(15)]
MOST_ELEMENTS = 25
"""In one block of controls: Slack's limit."""


def about_one(offered: Sequence[Offered], state: str = "open") -> Rendered:
    return request_message(
        RequestShown(
            face_id=FACES[0],
            round=1,
            state=state,
            crop_file="F0CROP",
            context_file="F0CONTEXT",
            required_votes=2,
            offered=offered,
        )
    )


def about_three(offered: Sequence[Offered], state: str = "open") -> Rendered:
    faces = [FaceShown(id=each, round=1, number=number, state=state) for number, each in enumerate(FACES, 1)]
    return group_message(GroupShown(faces=faces, grid_file="F0GRID", required_votes=2, offered=offered))


on_each = pytest.mark.parametrize("rendered", [about_one, about_three])
Render = Callable[..., Rendered]


def elements(rendered: Rendered) -> list[tuple[str, str, str | None]]:
    """Of the one block of controls: action id, what it says, and its value."""
    [controls] = [block for block in rendered.blocks if block["type"] == "actions"]
    return [
        (each["action_id"], (each.get("text") or each["placeholder"])["text"], each.get("value"))
        for each in controls["elements"]
    ]


@pytest.mark.rule("line-up")
@on_each
def test_the_names_stand_first_in_their_order_beside_all_other_ways_to_answer(rendered: Render) -> None:
    first, second, third, *others = elements(rendered(NAMES[:2]))
    assert [first, second] == [("pick_1", "Person 0", "P0"), ("pick_2", "Person 1", "P1")]
    assert third[0] == "tag_person"
    assert [each for each, _, _ in others][:3] == ["someone_else", "dont_know", "not_a_face"]


@pytest.mark.rule("line-up")
@on_each
def test_as_many_as_the_setting_allows_fit_into_one_block(rendered: Render) -> None:
    found = elements(rendered(NAMES))
    assert [each for each, _, _ in found[:15]] == [f"pick_{number}" for number in range(1, 16)]
    assert len(found) <= MOST_ELEMENTS


@pytest.mark.rule("line-up", "text-says-all")
@on_each
def test_the_text_says_how_many_names_and_none_of_them(rendered: Render) -> None:
    text = rendered(NAMES[:3]).text
    assert words.offered(3) in text
    assert not [each for each in NAMES[:3] if each.name in text or each.person_id in text]
    assert "offered" not in rendered([]).text


@pytest.mark.rule("guess-not-told")
@on_each
def test_what_differs_between_two_line_ups_is_their_buttons_alone(rendered: Render) -> None:
    one, other = rendered(NAMES[:3]), rendered(NAMES[3:6])
    assert (one.text, one.payload) == (other.text, other.payload)
    assert [block for block in one.blocks if block["type"] != "actions"] == [
        block for block in other.blocks if block["type"] != "actions"
    ]
    buttons = [
        each for each in block_kit.objects(one.blocks) if each.get("action_id") in ("pick_1", "pick_2")
    ]
    assert {frozenset(each) for each in buttons} == {frozenset({"type", "action_id", "text", "value"})}, (
        "no style marks one of them"
    )


@on_each
def test_a_name_stands_there_letter_by_letter(rendered: Render) -> None:
    offered = [Offered("P1", "Ann :cat: <@U0> *Lee*"), Offered("P2", "Ben")]
    [first, *_] = [each for each in block_kit.objects(rendered(offered).blocks) if "pick_1" in each.values()]
    assert first["text"] == {"type": "plain_text", "text": "Ann :cat: <@U0> *Lee*", "emoji": False}


@on_each
@pytest.mark.parametrize("state", ["training", "tagged", "rejected"])
def test_a_closed_request_offers_nobody(rendered: Render, state: str) -> None:
    shown = rendered(NAMES[:3], state)
    assert "pick_" not in str(shown.blocks)
    assert "offered" not in shown.text


@pytest.mark.parametrize(
    ("name", "hint", "label"),
    [
        ("Ann Lee", "", "Ann Lee"),
        ("Ann Lee", "ann@example.com", "Ann Lee (ann@example.com)"),
        ("N" * 75, "", "N" * 75),
        ("N" * 76, "", "N" * 74 + "…"),
        ("N" * 200, "ann@example.com", "N" * 56 + "… (ann@example.com)"),
        ("Ann", "h" * 254, "Ann (" + "h" * 36 + "…)"),
    ],
)
def test_a_long_name_is_cut_and_what_tells_two_of_one_name_apart_stays(
    name: str, hint: str, label: str
) -> None:
    assert Offered("P", name, hint).label == label
    assert len(label) <= LONGEST_LABEL


def test_two_long_names_that_are_the_same_can_be_told_apart() -> None:
    labels = {Offered("P", "N" * 200, f"{who}@example.com").label for who in ("ann", "ben")}
    assert len(labels) == 2


@pytest.mark.parametrize(
    ("taggers", "machine", "said"),
    [
        (0, False, ""),
        (1, False, "Answered by <@U0>."),
        (1, True, "Answered by <@U0>; the machine agreed."),
        (2, True, "Answered by <@U0>, <@U1>; the machine agreed."),
    ],
)
def test_it_says_that_the_machine_agreed_and_nothing_where_it_did_not(
    taggers: int, machine: bool, said: str
) -> None:
    assert words.answered_by([f"U{number}" for number in range(taggers)], machine_agreed=machine) == said
