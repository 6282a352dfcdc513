"""Mentions of a person: what is one, what only looks alike, and what stays of the text."""

import pytest

from tagbot.lib.mentions import Mentions

CHIARA = Mentions(
    ["U0CHIARA1", "0f8fad5b-d9cb-469f-a165-70867728950e"],
    ["chiara@example.com"],
    ["Chiara De Luca", "chiara de luca"],
)


@pytest.mark.rule("forget-mentions")
@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Ask <@U0CHIARA1> or <@U0BEN>.", "Ask somebody or <@U0BEN>."),
        ("Ask <@U0CHIARA1|chiara>.", "Ask somebody."),
        ("of 0f8fad5b-d9cb-469f-a165-70867728950e", "of somebody"),
        ("on paper, witnessed by CHIARA  De\nLuca's aunt", "on paper, witnessed by somebody's aunt"),
        ("Run by Chiara De Luca, Chiara@Example.com.", "Run by somebody, somebody."),
        ("(chiara@example.com)", "(somebody)"),
        ("not.chiara@example.com, chiara@example.com.au", "not.chiara@example.com, chiara@example.com.au"),
        ("XU0CHIARA12", "XU0CHIARA12"),
        ("Chiara De Lucas", "Chiara De Lucas"),
        ("De Luca, Chiara", "De Luca, Chiara"),
        ("", ""),
    ],
)
def test_ids_addresses_and_names_of_several_words(text: str, without: str) -> None:
    assert CHIARA.without(text, "somebody") == without
    assert CHIARA.are_in(text) == (text != without)


@pytest.mark.rule("forget-mentions")
@pytest.mark.parametrize(
    ("name", "text", "without"),
    [
        ("Chiara", "Chiara's phone", "somebody's phone"),
        ("Chiara", "IMG_Chiara_01, CHIARA", "IMG_somebody_01, somebody"),
        ("chiara", "Chiara and chiara", "somebody and somebody"),
        ("Said", "He said yes; Said was there", "He said yes; somebody was there"),
        ("Kind", "a kind of form, Kindergarten", "a kind of form, Kindergarten"),
        ("Ann", "Hannah, Anna, Ann2", "Hannah, Anna, Ann2"),
        ("D’Arcy", "D'Arcy's phone", "somebody's phone"),
        ("राम", "रामा, राम", "रामा, somebody"),
        ("田中太郎", "田中太郎のカメラ", "somebodyのカメラ"),
        ("林", "森林と 林", "森林と somebody"),
        ("I", "I agreed", "I agreed"),
        ("", "anything", "anything"),
    ],
)
def test_a_name_of_one_word_is_one_only_as_it_is_spelled_and_by_itself(
    name: str, text: str, without: str
) -> None:
    assert Mentions([], [], [name]).without(text, "somebody") == without


@pytest.mark.rule("forget-mentions")
def test_a_name_that_is_a_part_of_another_persons_is_theirs_alone() -> None:
    mentions = Mentions([], [], ["Chiara"], ["Chiara Rossi"])
    text = "Chiara, CHIARA ROSSI and Chiara Bianchi"
    assert mentions.without(text, "somebody") == "somebody, CHIARA ROSSI and somebody Bianchi"
    assert not mentions.are_in("by Chiara Rossi")


def test_without_anything_to_look_for_nothing_changes() -> None:
    assert Mentions([], [], []).without("any text", "somebody") == "any text"
