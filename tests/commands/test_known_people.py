"""`people` and `consent`: who is known, and what they said of being learned."""

import json
from functools import partial

import pytest

from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText
from tagbot.database.models.people import Person
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tests.commands.conftest import Run
from tests.commands.test_export import anna as anna
from tests.postgresql import on_every_database

pytestmark = on_every_database


@pytest.fixture(name="run")
def _run(run: Run, database_url: str) -> Run:
    """On every database."""
    return partial(run, DATABASE_URL=database_url)


def consents(run: Run) -> dict[str, tuple[str, bool]]:
    """Of each name: the consent, and whether its time is known."""
    listed = json.loads(run("people", "--json").out)
    return {each["name"]: (each["consent"], each["consent_at"] is not None) for each in listed}


@pytest.mark.rule("people-and-consent")
def test_people_are_listed_as_the_contract_says(run: Run, anna: str) -> None:
    listed = json.loads(run("people", "--json").out)
    assert listed[0] == {
        "id": anna,
        "slack_id": "U0ANNA",
        "name": "Anna Lindqvist",
        "email": "anna@example.com",
        "faces": 1,
        "learned": 1,
        "consent": "none",
        "consent_at": None,
    }
    assert [(each["name"], each["slack_id"], each["faces"], each["learned"]) for each in listed] == [
        ("Anna Lindqvist", "U0ANNA", 1, 1),
        ("Zoë", None, 1, 0),
    ]


@pytest.mark.rule("people-and-consent")
def test_a_yes_given_elsewhere_and_a_no_are_noted_with_date_way_and_text(run: Run, anna: str) -> None:
    with connected():
        text = ConsentText.keep("May we?", 1.0)
        ConsentQuestion.put(anna, text=text, message_ts="1.2", asked_at=1_800_000_000.0)
    assert consents(run)["Anna Lindqvist"] == ("asked", True)
    assert run("consent", "U0ANNA", "--refused").code == 0
    assert consents(run)["Anna Lindqvist"] == ("refused", True)
    assert run("consent", "zoë", "--given", "form 12, in the safe").code == 0
    assert consents(run)["Zoë"] == ("given", True)
    assert run("consent", "ZOË", "--refused").code == 0
    assert consents(run)["Zoë"] == ("withdrawn", True)
    with connected():
        ConsentStatement.note(anna, "given", at=2e9, way="Slack", text_id=text)
        zoe = Person.get(Person.name == "Zoë")
        assert [(each.said, each.way) for each in ConsentStatement.of(zoe.id)] == [
            ("given", "form 12, in the safe"),
            ("withdrawn", "outside Slack"),
        ]
    table = run("people").out
    for told in ("given", "by Slack, to text 1", "withdrawn", "by outside Slack", "Text 1:", "May we?"):
        assert told in table


@pytest.mark.rule("people-and-consent")
def test_whom_the_command_cannot_tell_it_does_not_name(run: Run, anna: str) -> None:
    with connected(), writing():
        Person.with_name("zoë", "other@example.com", 2.0)
    for name in ("Zoë", "Nobody Special", " ", "U0NOBODY99"):
        ran = run("consent", name, "--refused")
        assert (ran.code, ran.out) == (1, "")
        assert not name.strip() or name not in ran.err
    assert run("consent", anna, "--given", " ").code == 1
    assert consents(run) == {
        "Anna Lindqvist": ("none", False),
        "Zoë": ("none", False),
        "zoë": ("none", False),
    }
