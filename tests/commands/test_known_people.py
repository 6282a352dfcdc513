"""`people` and `consent`: who is known, and what they said of being learned."""

import json
from functools import partial
from pathlib import Path

import pytest

from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.marks import marks_of
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash
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
    for name in ("Zoë", "Nobody Special", " ", "Ursula"):
        ran = run("consent", name, "--refused")
        assert (ran.code, ran.out) == (1, "")
        assert not name.strip() or name not in ran.err
    assert run("consent", anna, "--given", " ").code == 1
    assert consents(run) == {
        "Anna Lindqvist": ("none", False),
        "Zoë": ("none", False),
        "zoë": ("none", False),
    }


@pytest.mark.rule("one-way-to-name-a-person")
@pytest.mark.parametrize(
    "typed", ["U0ANNA", "u0anna", "<@U0ANNA>", "<@u0anna|anna>", "'U0ANNA'", "`anna lindqvist`"]
)
def test_a_person_is_meant_by_their_account_however_it_is_written(run: Run, anna: str, typed: str) -> None:
    assert run("consent", typed, "--given", "form 12").code == 0
    assert consents(run)["Anna Lindqvist"] == ("given", True)
    assert run("people", "rename", typed, "Anna Lee").code == 0
    line = json.loads(run("export", "--person", typed.replace("lindqvist", "lee")).out)
    assert line["person"]["id"] == anna


@pytest.mark.rule("one-way-to-name-a-person")
@pytest.mark.parametrize("typed", ["UANN", "U1", "u1"])
def test_an_id_that_is_known_may_be_as_short_as_it_is(run: Run, anna: str, typed: str) -> None:
    with connected(), writing():
        Person.update(slack_id=typed.upper()).where(Person.id == anna).execute()
    assert run("consent", typed, "--refused").code == 0
    assert consents(run)["Anna Lindqvist"] == ("refused", True)


@pytest.mark.rule("people-and-consent")
@pytest.mark.parametrize("said", [["--given", "form 12"], ["--refused"]])
def test_a_word_of_a_member_who_was_never_tagged_is_noted(run: Run, anna: str, said: list[str]) -> None:
    assert anna
    for typed in ("U0BEN00001", "<@u0ben00001>"):
        ran = run("consent", typed, *said)
        assert (ran.code, ran.err) == (0, "")
    with connected():
        [ben] = Person.select().where(Person.slack_id == "U0BEN00001")
    [known] = [each for each in json.loads(run("people", "--json").out) if each["id"] == ben.id]
    assert (known["slack_id"], known["name"], known["faces"]) == ("U0BEN00001", None, 0)
    assert known["consent"] == ("given" if "--given" in said else "refused")


@pytest.mark.rule("people-and-consent", "opted-out")
def test_of_a_member_who_opted_out_or_is_being_forgotten_no_word_is_noted(
    run: Run, anna: str, tmp_path: Path
) -> None:
    assert anna
    with connected():
        OptOut.keep_out("U0BEN00001", KeyedHash.in_file(tmp_path / "data/opt-out.key"), 1.0)
        Forgetting.begin("receipt", marks_of("U0CHRIS001"), way="command", never_again=False, now=1.0)
    for account, why in (("U0BEN00001", "not to be tagged"), ("U0CHRIS001", "being forgotten just now")):
        ran = run("consent", account, "--given", "form 12")
        assert (ran.code, ran.out) == (1, "")
        assert why in ran.err
        assert account not in ran.err
    with connected():
        assert not Person.select().where(Person.slack_id << ["U0BEN00001", "U0CHRIS001"]).exists()
