"""People: which accounts are the same person."""

import pytest

from tagbot.database.models.people import Person
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


def test_a_slack_account_is_one_person_however_often_it_is_chosen() -> None:
    first, again = Person.with_slack_id("U1", 1.0), Person.with_slack_id("U1", 2.0)
    assert first.id == again.id
    assert again.added_at == 1.0


def test_a_vote_means_a_slack_account_or_a_person_of_our_own() -> None:
    zoe = Person.with_name("Zoë", None, 1.0)
    assert Person.answered(zoe.id, 2.0).id == zoe.id
    assert Person.answered("U1", 2.0).slack_id == "U1"
