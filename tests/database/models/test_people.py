"""People: which names and accounts are the same person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.database.models.people import Person, name_key
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


def test_a_slack_account_is_one_person_however_often_it_is_chosen() -> None:
    first, again = Person.with_slack_id("U1", 1.0), Person.with_slack_id("U1", 2.0)
    assert first.id == again.id
    assert again.added_at == 1.0


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize(
    "name", ["zoë ångström", "  ZOË   Ångström ", "Zoe\u0308 A\u030angstro\u0308m", "Zoë\u00a0Ångström"]
)
def test_the_same_name_in_whatever_case_and_spacing_is_the_same_person(name: str) -> None:
    zoe = Person.with_name("Zoë Ångström", None, 1.0)
    assert Person.with_name(name, "zoe@example.com", 2.0).id == zoe.id
    assert Person.select().count() == 1


def test_an_email_is_kept_once_it_is_known_and_makes_nobody_another_person() -> None:
    Person.with_name("Zoë", None, 1.0)
    assert Person.with_name("zoë", "zoe@example.com", 2.0).email == "zoe@example.com"
    assert Person.with_name("ZOË", "other@example.com", 3.0).email == "zoe@example.com"


def test_another_name_is_another_person() -> None:
    assert Person.with_name("Zoë", None, 1.0).id != Person.with_name("Zoe", None, 1.0).id


def test_a_vote_means_a_slack_account_or_a_person_of_our_own() -> None:
    zoe = Person.with_name("Zoë", None, 1.0)
    assert Person.answered(zoe.id, 2.0).id == zoe.id
    assert Person.answered("U1", 2.0).slack_id == "U1"


@given(st.text(max_size=20))
def test_a_name_is_the_same_as_itself_written_otherwise(name: str) -> None:
    assert name_key(name) == name_key(f"  {name} ") == name_key(name_key(name))
    assert name_key(name) == name_key(name.casefold())
