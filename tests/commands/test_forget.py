"""`python bot.py forget`: the person goes, whether or not the bot runs."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tagbot.database.models.consents import ConsentText
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.maintenance.forgetting.proof import setting_of_operator
from tagbot.sandbox.driver import Slack
from tagbot.slack.consent_question import text_of_today
from tagbot.slack.own_data import kept_of
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import StageName, State
from tests.clean_environment import clean_environment
from tests.commands.conftest import Run
from tests.database.rows import a_face
from tests.forked import BOT
from tests.maintenance.forgetting.scenes import of_person
from tests.maintenance.forgetting.traces import in_files, in_slack
from tests.stages.scenes import tagged
from tests.world import a_world, environment


@pytest.fixture(name="chiara")
def _chiara(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> str:
    """Her Slack id; she is tagged in two photos, and the bot has stopped since."""
    with a_world(tmp_path / "data", stand_in, recogniser) as world:
        anna, _, chiara, *_ = world.slack.people
        for number in range(2):
            tagged(world, chiara, size=100 + number)
        tagged(world, anna)
    return chiara


@pytest.mark.rule("forget-any-time", "forget-proof")
def test_a_person_is_forgotten_while_no_bot_runs_and_a_second_time_there_is_nothing(
    on_slack: Run, tmp_path: Path, stand_in: Slack, chiara: str
) -> None:
    with connected():
        wanted, name = of_person(chiara), Person.get(Person.slack_id == chiara).name
    ran = on_slack("forget", *name.upper().split())
    assert (ran.code, ran.err) == (0, "")
    assert "faces: 2" in ran.out
    assert "finished, in Slack too" in ran.out
    assert chiara not in ran.out
    assert name.casefold() not in ran.out.casefold()
    again = on_slack("forget", chiara)
    assert (again.code, again.out, again.err) == (0, "Nothing is kept of this person.\n", "")
    assert not list(in_files(tmp_path / "data", wanted))
    assert not list(in_slack(stand_in, wanted))
    with connected():
        assert Forgetting.select().count() == 1


@pytest.mark.ci
@pytest.mark.rule("forget-mentions", "forget-proof")
def test_an_admin_whom_the_text_of_a_consent_mentions_is_forgotten(
    on_slack: Run, tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, chiara: str
) -> None:
    with a_world(tmp_path / "data", stand_in, recogniser, ADMINS=chiara) as world:
        text = text_of_today(world.settings)
        kept_of(stand_in.people[0], world.services.opt_out_key, text, world.services.now())
        assert chiara in ConsentText.get().text
        wanted = of_person(chiara)
    ran = on_slack("forget", chiara, ADMINS=chiara)
    assert (ran.code, ran.err) == (0, "")
    assert "nothing found" in ran.out
    assert f"not searched: {setting_of_operator('ADMINS')}" in ran.out
    assert chiara not in ran.out
    assert not list(in_files(tmp_path / "data", wanted))
    assert on_slack("forget", chiara, ADMINS=chiara).out == "Nothing is kept of this person.\n"


@pytest.mark.rule("forget-any-time")
def test_without_the_slack_settings_all_else_goes_and_the_bot_does_the_rest(
    run: Run, tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, chiara: str
) -> None:
    with a_world(tmp_path / "data", stand_in, recogniser) as world:
        wanted = of_person(chiara)
        world.services.slack.direct.send_file(chiara, "my-data.zip", b"all of it", "Here is your data.")
    before = {file.id for file in stand_in.files() if not file.deleted}
    ran = run("forget", chiara)
    assert (ran.code, ran.err) == (0, "")
    assert "everything here searched, nothing found" in ran.out
    assert "What is in Slack is left to the bot" in ran.out
    assert not list(in_files(tmp_path / "data", wanted))
    assert list(in_slack(stand_in, wanted))
    assert {file.id for file in stand_in.files() if not file.deleted} == before
    assert run("forget", chiara).out == "Nothing is kept of this person.\n"
    with a_world(tmp_path / "data", stand_in, recogniser) as world:
        world.drain()
        assert not list(in_slack(stand_in, wanted))
        receipt = Forgetting.get()
        assert (receipt.finished_at is not None, receipt.sealed) == (True, None)
        assert stand_in.directs(chiara) == []
        assert [file.id for file in stand_in.files() if not file.deleted and file.name == "my-data.zip"] == []
        assert receipt.counted["Slack messages deleted"] == 1


@pytest.mark.process
@pytest.mark.rule("forget-any-time")
def test_a_bot_that_runs_does_it(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> None:
    """Its lock is held here, and its stage works in a thread, as it does there."""
    env = environment(tmp_path / "data", stand_in)
    with a_world(tmp_path / "data", stand_in, recogniser) as world:
        chiara, stop = world.slack.people[2], threading.Event()
        tagged(world, chiara)
        wanted = of_person(chiara)
        [worker] = [each for each in world.workers if each.stage.name == StageName.FORGET_PERSON]
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            command = [sys.executable, str(BOT), "forget", chiara]
            ran = subprocess.run(
                command, env=clean_environment(**env), capture_output=True, text=True, check=False
            )
        finally:
            stop.set()
            thread.join()
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "faces: 1" in ran.stdout
        assert not list(in_files(tmp_path / "data", wanted))


@pytest.mark.ci
@pytest.mark.rule("one-way-to-name-a-person")
@pytest.mark.parametrize("typed", ["<@UANN>", "WBEN"])
def test_a_member_with_a_short_id_is_forgotten_also_one_who_only_answered(on_slack: Run, typed: str) -> None:
    assert on_slack("people").code == 0
    with connected(), writing():
        Person.with_slack_id("UANN", 1.0)
        face = a_face(state=State.TAGGED)
        Vote.put(face_id=face.id, tagger="WBEN", answer="UANN", round=1, at=1.0)
    ran = on_slack("forget", typed)
    assert (ran.code, ran.err) == (0, "")
    assert "finished" in ran.out
    with connected():
        assert [each.slack_id for each in Person.select()] == (["UANN"] if typed == "WBEN" else [])
        assert not Vote.select().where(Vote.tagger == typed).exists()
    assert "Nothing is kept" in on_slack("forget", typed).out


@pytest.mark.rule("one-way-to-name-a-person")
def test_a_name_that_an_id_could_be_is_a_name(on_slack: Run) -> None:
    assert on_slack("people").code == 0
    with connected(), writing():
        Person.with_name("Ursula", None, 1.0)
    assert on_slack("forget", "URSULA").code == 0
    with connected():
        assert not Person.select().exists()


def test_never_again_keeps_the_account_out_and_needs_one(on_slack: Run, chiara: str) -> None:
    ran = on_slack("forget", chiara, "--never-again")
    assert ran.code == 0
    assert "kept out from now on" in ran.out
    with connected():
        assert OptOut.select().count() == 1
    ran = on_slack("forget", "Erika Mustermann", "--never-again")
    assert (ran.code, ran.out) == (1, "")
    assert "Mustermann" not in ran.err


def test_of_two_people_of_one_name_neither_goes(on_slack: Run, chiara: str) -> None:
    assert chiara
    with connected():
        for number in range(2):
            Person.with_name("Sam Lee", f"sam{number}@example.com", float(number))
    ran = on_slack("forget", "sam", "LEE")
    assert (ran.code, ran.out) == (1, "")
    assert "Several people have this name" in ran.err
    with connected():
        assert Person.select().where(Person.name == "Sam Lee").count() == 2


def test_somebody_who_was_only_named_in_votes_goes(
    on_slack: Run, tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path / "data", stand_in, recogniser) as world:
        face = world.face(posted=True)
        world.publish(
            world.answer(face, world.slack.people[0], "", name="Zoë Quist", email="zoe@example.com")
        )
        world.drain()
        assert Vote.select().count() == 1
    ran = on_slack("forget", "zoë quist")
    assert (ran.code, ran.err) == (0, "")
    assert "votes: 1" in ran.out
    left = in_files(tmp_path / "data", {"the name": ["Zoë Quist".encode(), b"Zo\\u00eb Quist"]})
    assert not list(left)
