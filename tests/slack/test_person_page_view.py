"""The page of a person."""

from typing import Any

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack import people_words as words
from tagbot.slack.person_page_view import (
    MOST_FACES,
    MOST_MERGED,
    FaceOnPage,
    MergedOnPage,
    PersonOnPage,
    people_modal,
)
from tagbot.slack.request_id import RequestId
from tagbot.vocabulary import Consent

Blocks = list[dict[str, Any]]


def a_face(number: int, *, in_group: int = 0) -> FaceOnPage:
    face_id = f"{number:08}-0000-4000-8000-000000000000"
    return FaceOnPage(id=RequestId(face_id, 1), date="2026-11-30", link="", picture="F1", number=in_group)


def page(*faces: FaceOnPage, **changes: Any) -> Blocks:
    person = PersonOnPage(
        id="p1", name="Ann Lee", slack_id=None, email=None, faces=len(faces), photos=1, learned=0,
        consent=Consent.NONE, consent_date="", shown=faces, **changes,
    )  # fmt: skip
    view = people_modal(person)
    assert block_kit.inspect_view(view, lambda _: True)
    return list(view["blocks"])


@pytest.mark.rule("people-at-home")
def test_a_face_of_a_group_is_shown_with_the_whole_picture_and_its_number() -> None:
    *_, told, picture, controls = page(a_face(1, in_group=3))
    assert told["text"]["text"].startswith("Number 3 in the picture below.")
    assert (picture["type"], picture["alt_text"]) == ("image", words.numbered_alt(3))
    assert controls["elements"][0]["action_id"] == "wrong_person"


@pytest.mark.rule("people-at-home")
def test_a_face_by_itself_has_its_picture_beside_it() -> None:
    *_, told, _ = page(a_face(1))
    assert told["accessory"]["alt_text"] == words.FACE_ALT


@pytest.mark.rule("people-at-home")
def test_the_fullest_page_is_one_that_slack_takes() -> None:
    faces = [a_face(number, in_group=9) for number in range(MOST_FACES)]
    merged = [MergedOnPage(f"m{number}", "Ann", "2026-11-30") for number in range(MOST_MERGED)]
    assert len(page(*faces, merged=merged, parts=3, part=1, can_be_forgotten=True)) <= 100
