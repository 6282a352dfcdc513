"""Names: what is kept of one, and which are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.names import (
    Typed,
    clean_email,
    clean_name,
    email_key,
    name_key,
    only_email,
    search_key,
    spelling,
)
from tagbot.lib.unseen import CONTROL, TURNING

UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2800\u3164\ufe0f\ufeff\uffa0\U000e0061\U000e0101"
)


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize(
    "name",
    [
        "zoë ångström",
        "  ZOË   Ångström ",
        "Zoe\u0308 A\u030angstro\u0308m",
        "Zoë\u00a0Ångström",
        "Zoë\nÅngström",
    ],
)
def test_a_name_in_whatever_case_and_spacing_is_the_same(name: str) -> None:
    assert name_key(name) == name_key("Zoë Ångström")


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize("spelled", ["Işık", "IŞIK", "ışık", "İpek Işık", "ipek ışık", "İPEK IŞIK"])
def test_a_turkish_name_in_whatever_case_is_the_same(spelled: str) -> None:
    assert name_key(spelled) in (name_key("Işık"), name_key("İpek Işık"))
    assert name_key(spelled) == name_key(spelled.upper()) == name_key(spelled.lower())


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize("apostrophe", "’‘‛ʼʻʹ′`´＇՚׳ꞌ")
def test_a_name_with_whatever_kind_of_apostrophe_is_the_same(apostrophe: str) -> None:
    assert name_key(f"O{apostrophe}Brien") == name_key(f"O{apostrophe} brien") == name_key("O'Brien")


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize("hyphen", "‐‑‒–—―−﹣－⁃֊־﹘˗⸗")
def test_a_name_with_whatever_kind_of_hyphen_is_the_same(hyphen: str) -> None:
    assert name_key(f"Jean{hyphen}Luc") == name_key(f"jean {hyphen} luc") == name_key("Jean-Luc")


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize("letter", [*UNSEEN, "\u202e", "\u2066", "\u200f", "\0", "\x1b"])
def test_a_name_with_what_cannot_be_seen_is_the_same(letter: str) -> None:
    assert name_key(f"{letter}Zo{letter}ë Moon{letter}") == name_key("Zoë Moon")


@pytest.mark.parametrize("other", ["Zoe", "Zo ë", "Zoëy", "Zoë'", "Zoé"])
def test_another_name_is_another(other: str) -> None:
    assert name_key(other) != name_key("Zoë")


@given(st.text(max_size=20))
def test_a_name_is_the_same_as_itself_written_otherwise(name: str) -> None:
    assert name_key(name) == name_key(f"  {name} ") == name_key(name_key(name))
    assert name_key(name) == name_key(name.casefold())


@pytest.mark.rule("names-turn-nothing")
@given(
    st.text(
        st.sampled_from("ab \u202e\u202c\u200f\u061c\u2067\u206a\x1b\n\x85\u2028\u3164\u200b\ud800é'"),
        max_size=20,
    )
)
def test_what_is_kept_of_a_name_turns_no_direction_and_moves_no_cursor(name: str) -> None:
    kept = clean_name(name)
    assert not TURNING.search(kept)
    assert not CONTROL.search(kept)
    assert kept == clean_name(kept)
    assert name_key(kept) == name_key(name)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Zoë \t Moon ", "Zoë Moon"),
        ("Moon\u202eëoZ\u202c", "MoonëoZ"),
        ("\u2800Zoë\u3164Moon\u3164 ", "Zoë\u3164Moon"),
        ("Zo\u00adë\ufeff", "Zoë"),
        ("نرگس\u200cخانم", "نرگس\u200cخانم"),  # the letters would join
        ("O’Brien", "O’Brien"),
    ],
)
def test_the_rest_of_a_name_is_kept_as_typed(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


def test_an_address_is_kept_without_what_cannot_be_seen() -> None:
    assert clean_email(" \u202ezoe\u200b@example.com\u3164 ") == "zoe@example.com"
    assert email_key("ZOE@example.com") == email_key("zoe@Example.com")
    assert email_key(None) == ""


@pytest.mark.rule("most-used-spelling")
def test_the_spelling_is_the_one_that_most_use_now_and_of_equals_the_first() -> None:
    def typed(*each: str) -> list[Typed]:
        return [Typed(said[0], said[1:], None) for said in each]

    assert spelling(typed("1zoë", "2Zoë", "3Zoë")) == "Zoë"
    assert spelling(typed("1zoë", "2Zoë")) == "zoë"
    assert spelling(typed("1Zoë", "2Zoë", "3ZOË", "3ZOË", "3ZOË")) == "Zoë"
    assert spelling(typed("1Zoë", "2ZOË", "1ZOË")) == "ZOË"


@pytest.mark.rule("most-used-spelling")
def test_an_address_is_taken_where_nobody_gave_another() -> None:
    assert only_email([Typed("1", "Zoë", None), Typed("2", "Zoë", "z@x.org")]) == "z@x.org"
    assert only_email([Typed("1", "Zoë", "Z@x.org"), Typed("2", "Zoë", "z@x.org")]) == "Z@x.org"
    assert only_email([Typed("1", "Zoë", "z@x.org"), Typed("2", "Zoë", "y@x.org")]) is None
    assert only_email([Typed("1", "Zoë", None)]) is None


@pytest.mark.rule("known-people")
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Paweł Łódź", "pawel lodz"), ("Søren Bjørk", "soren"), ("Đorđe", "dorde"), ("Þór", "thor"),
        ("Ægir Œuf", "aegir oeuf"), ("Yıldız", "yildiz"), ("Groß", "gross"), ("Zoë", "zoe"),
    ],
)  # fmt: skip
def test_a_name_is_looked_for_without_the_accents_and_strokes_of_its_letters(name: str, typed: str) -> None:
    assert typed in search_key(name)
    assert search_key(name) in search_key(name.upper())
