"""Somebody is found by what is typed of a name or address, also of one who was merged into them."""

from pathlib import Path

import pytest

from tagbot.database.models.merges import merge, unmerge
from tagbot.database.models.people import Person
from tagbot.database.models.people_search import people_like
from tagbot.lib.keyed_hash import KeyedHash
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

MOST = 10


@pytest.fixture
def key(tmp_path: Path) -> KeyedHash:
    return KeyedHash.in_file(tmp_path / "opt-out.key")


def named(name: str, email: str | None = None) -> Person:
    return Person.with_name(name, email, now=1.0)


def found(typed: str, *, with_account: bool = True) -> list[tuple[str | None, str]]:
    """The names, and by whose they were found."""
    return [(each.name, each.found_by) for each in people_like(typed, MOST, with_account=with_account)]


@pytest.mark.rule("people-at-home", "known-people")
def test_one_who_was_merged_leads_to_the_person_that_they_are_until_they_are_parted(key: KeyedHash) -> None:
    ann, lee = named("Ann Smith", "ann@example.com"), named("Ann Lee", "lee@example.com")
    named("Ben Bell")
    merge(ann.id, lee.id, key, now=2.0)
    assert found("smith") == found("ann@") == [("Ann Lee", "Ann Smith")]
    assert found("ann") == [("Ann Lee", "")], "found once, and by their own name where that fits"
    assert found("") == [("Ann Lee", ""), ("Ben Bell", "")]
    unmerge(ann.id)
    assert found("smith") == [("Ann Smith", "")]


@pytest.mark.rule("people-at-home", "known-people")
def test_a_chain_of_merges_leads_to_its_end(key: KeyedHash) -> None:
    first, second, third = named("First Name"), named("Second Name"), named("Third Name")
    merge(first.id, second.id, key, now=2.0)
    merge(second.id, third.id, key, now=3.0)
    assert found("first") == [("Third Name", "First Name")]
    assert people_like("first", MOST, without=[third.id]) == []


@pytest.mark.rule("known-people")
def test_one_without_an_account_who_is_a_member_by_now_is_not_among_those_without(key: KeyedHash) -> None:
    zoe, member = named("Zoë Moon"), Person.with_slack_id("U0ZOE00000", now=1.0)
    Person.update(name="Zoë Neale").where(Person.id == member.id).execute()
    merge(zoe.id, member.id, key, now=2.0)
    assert found("moon", with_account=False) == []
    assert found("moon") == [("Zoë Neale", "Zoë Moon")]


def test_names_that_begin_with_it_come_first_by_name() -> None:
    for name in ("Zora Ann", "Anna", "Ann"):
        named(name)
    assert [name for name, _ in found("ann")] == ["Ann", "Anna", "Zora Ann"]
    assert len(people_like("ann", 2)) == 2
