"""`people merge`, `unmerge` and `rename`, whether or not the bot runs."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.merges import merged_into
from tagbot.database.models.people import Person
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.sandbox.driver import Slack
from tagbot.training.merged_faces import left_to_follow
from tests.commands.conftest import Ran, Run
from tests.commands.test_export import anna as anna
from tests.commands.test_reconcile import SETTINGS, beside_the_bot
from tests.postgresql import on_every_database
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.training.amazon import Amazon, assert_is_in_the_model_once, on_amazon

pytestmark = on_every_database


@pytest.fixture(name="run")
def _run(run: Run, database_url: str) -> Run:
    """On every database."""
    return partial(run, DATABASE_URL=database_url)


def faces_of(run: Run) -> dict[str, int]:
    """How many of each person in the list."""
    return {each["name"]: each["faces"] for each in json.loads(run("people", "--json").out)}


def zoe_id() -> str:
    with connected():
        return str(Person.get((Person.name == "Zoë") & Person.email.is_null()).id)


@pytest.mark.rule("merge-commands", "merge-faces-and-votes")
@pytest.mark.parametrize("into", ["into", "INTO"])
@pytest.mark.parametrize("source", ["zoë", "the id"])
def test_two_people_are_made_one_and_parted_again(run: Run, anna: str, into: str, source: str) -> None:
    named = zoe_id() if source == "the id" else source
    before = run("export").out
    ran = run("people", "merge", named, into, "Anna", "Lindqvist")
    assert (ran.code, ran.err) == (0, "")
    assert f"people unmerge {zoe_id()}" in ran.out
    assert faces_of(run) == {"Anna Lindqvist": 2}
    lines = [json.loads(line) for line in run("export").out.splitlines()]
    assert {line["person"]["id"] for line in lines} == {anna}
    assert len(run("export", "--person", named).out.splitlines()) == 2, "by either name"
    assert f"({zoe_id()})" in run("people").out, "the list tells who is a part of whom"
    again = run("people", "merge", zoe_id(), into, anna)
    assert (again.code, again.err) == (0, "")
    parted = run("people", "unmerge", named)
    assert (parted.code, parted.err) == (0, "")
    assert run("export").out == before


@pytest.mark.rule("merge-commands", "merge-refused")
def test_what_cannot_be_done_is_said_and_changes_nothing(run: Run, anna: str) -> None:
    with connected(), writing():
        Person.with_name("Zoë", "zoe@example.com", 2.0)
        other = Person.with_name("Somebody Else", None, 3.0).id
    for words, said in (
        (("merge", anna, "into", "U0ANNA"), "one person already"),
        (("merge", "nobody at all", "into", anna), "Nobody is known"),
        (("merge", "zoë", "into", anna), "2 people have that name"),
        (("unmerge", anna), "a part of nobody"),
        (("unmerge", "nobody at all"), "Nobody is known"),
        (("rename", anna, " \u3164 "), "Nothing can be seen"),
        (("rename", anna, "x" * 201), "too long"),
        (("rename", "nobody", "Anna"), "Nobody is known"),
    ):
        ran = run("people", *words)
        assert (ran.code, ran.out) == (1, ""), words
        assert said in ran.err
        assert "nobody at all" not in ran.err, "what was typed is not repeated"
    apart = run("people", "merge", "ZOË", "into", anna).err
    assert "zoe@example.com, 0 faces" in apart
    assert f"{zoe_id()}, 1 face" in apart, "what tells them apart"
    assert run("people", "merge", other, "into", anna).code == 0
    for words, said in (
        (("merge", other, "into", zoe_id()), "unmerge them first"),
        (("merge", zoe_id(), "into", other), "name that person"),
        (("merge", anna, "into", other), "one person already"),
    ):
        ran = run("people", *words)
        assert (ran.code, ran.out) == (1, ""), words
        assert said in ran.err
    with connected():
        assert [each.id for each in merged_into(anna)] == [other]


@pytest.mark.parametrize(
    "words", [("merge", "a", "b"), ("merge",), ("merge", "into", "b"), ("unmerge",), ("rename", "a"), ("x",)]
)
def test_what_makes_no_sense_is_answered_with_how_it_goes(
    run: Run, anna: str, words: tuple[str, ...]
) -> None:
    assert anna
    ran = run("people", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "people merge A into B" in ran.err


def test_a_name_with_the_word_into_is_no_trouble(run: Run, anna: str) -> None:
    with connected(), writing():
        person = Person.with_name("Into The Wild", None, 1.0).id
        other = Person.with_name("Wild Into Woods", None, 1.0).id
    assert run("people", "merge", "wild", "into", "woods", "into", "into", "the", "wild").code == 0
    with connected():
        assert [each.id for each in merged_into(person)] == [other]
    assert anna


@pytest.mark.rule("rename", "merge-commands")
def test_a_person_is_renamed(run: Run, anna: str) -> None:
    ran = run("people", "rename", "Anna", "Lindqvist", "Anna  Berg")
    assert (ran.code, ran.err) == (0, "")
    assert run("people", "rename", "zoë", "Zoë", "Nowak").code == 0
    assert faces_of(run) == {"Anna Berg": 1, "Zoë Nowak": 1}
    assert anna in run("people").out


@pytest.mark.rule("merge-commands")
def test_votes_that_agree_by_a_merge_are_told_to_the_bot(run: Run, anna: str) -> None:
    with connected(), writing():
        face = Face.select().first()
        Face.update(state="open").where(Face.id == face.id).execute()
        Vote.put(face_id=face.id, tagger="U9", answer="U0ANNA", round=face.round, at=9.0)
    assert run("people", "merge", anna, "into", "zoë").code == 0
    queues = json.loads(run("status", "--json").out)["queues"]
    assert queues["face-tagged"]["ready"] == 1


@pytest.fixture(name="amazon")
def _amazon(tmp_path: Path, stand_in: Slack, database_url: str) -> Iterator[Amazon]:
    """A bot, which runs: it holds its lock."""
    with (
        running_rekognition() as service,
        on_amazon(tmp_path / "data", stand_in, service, DATABASE_URL=database_url) as amazon,
    ):
        amazon.world.services.updates.show("nothing")  # its thread is connected from then on
        yield amazon


@pytest.mark.rule("merge-commands", "commands-beside-bot")
def test_beside_a_running_bot_the_model_is_left_to_it(
    run: Run, amazon: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagbot.commands.merge_and_rename.LONGEST", 0.0)
    one, other = amazon.person(), amazon.person()
    face = amazon.tagged(one)
    with beside_the_bot():
        ran = run("people", "merge", one.id, "into", other.id, **SETTINGS, **amazon.service.environment())
    assert (ran.code, ran.err) == (0, "")
    assert "1 face will follow" in ran.out
    assert left_to_follow("rekognition") == 1
    amazon.world.services.follow_merges()
    assert_is_in_the_model_once(amazon, face)
    assert amazon.users()[other.id]
    amazon.world.show()
    assert not stale_in_slack()


Stopped = tuple[Rekognition, str, str, dict[str, str]]


@pytest.fixture(name="stopped")
def _stopped(tmp_path: Path, stand_in: Slack, database_url: str) -> Iterator[Stopped]:
    """Amazon, and two people of whom the first was learned by a bot that has stopped since."""
    with running_rekognition() as service:
        with on_amazon(tmp_path / "data", stand_in, service, DATABASE_URL=database_url) as amazon:
            one, other = amazon.person(), amazon.person()
            amazon.tagged(one)
        yield service, one.id, other.id, {**SETTINGS, **service.environment()}


@pytest.mark.rule("merge-commands", "merge-model-follows")
def test_while_no_bot_runs_the_command_has_the_model_follow(run: Run, stopped: Stopped) -> None:
    service, one, other, settings = stopped
    before = service.users()
    assert before[one]
    ran = run("people", "merge", one, "into", other, **settings)
    assert (ran.code, ran.err) == (0, "")
    assert service.users()[other] == before[one]
    assert "at the bot's next start" in ran.out
    assert run("reconcile", **settings).code == 0
    assert run("people", "unmerge", one, **settings).code == 0
    assert {person: faces for person, faces in service.users().items() if faces} == {one: before[one]}


@pytest.mark.rule("merge-commands")
@pytest.mark.failure("merge-not-followed", shows="who is told")
def test_what_amazon_does_not_let_it_do_is_the_bots_and_told(run: Run, stopped: Stopped) -> None:
    service, one, other, settings = stopped
    service.deny("rekognition:AssociateFaces")
    ran = run("people", "merge", one, "into", other, **settings)
    assert ran.code == 0, "they are one person"
    assert "AWS denies rekognition:AssociateFaces" in ran.out
    assert "1 face will follow: the bot does so by itself when it runs" in ran.out
    assert run("reconcile", **settings).code == 1
    service.allow("rekognition:AssociateFaces")
    again: Ran = run("people", "merge", one, "into", other, **settings)
    assert again.code == 0
    assert service.users()[other]
    assert run("reconcile", **settings).code == 0


def test_a_person_who_was_merged_by_then_is_found_under_their_own_name(run: Run, anna: str) -> None:
    assert run("people", "merge", "zoë", "into", anna).code == 0
    with connected(), writing():
        Person.with_name("Zoë", "other@example.com", 9.0)
    assert run("people", "unmerge", "zoë").code == 0, "the other one was never merged"
    with connected():
        assert merged_into(anna) == []
