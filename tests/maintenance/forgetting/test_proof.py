"""The proof of a forgetting: it finds what is left, trips over nothing else, and ends with the truth."""

from contextlib import suppress
from pathlib import Path

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.consents import ConsentStatement, ConsentText
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.marks import marks_of
from tagbot.database.models.merges import rename
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.errors import Retry
from tagbot.maintenance.forgetting import proof, receipt
from tagbot.maintenance.forgetting.steps import CLOSED_CONVERSATION, FILES, LASTS_SECONDS, begin, go_on
from tagbot.messages import ConsentChanged
from tagbot.monitoring.status_figures import collect
from tagbot.monitoring.status_words import in_words
from tagbot.queues import Counts
from tagbot.slack.consent_question import text_of_today
from tagbot.slack.own_data import kept_of
from tagbot.vocabulary import Consent, WayToForget
from tests.maintenance.forgetting.scenes import LATER, forget, of_person, put_ready_waiting_and_dead
from tests.maintenance.forgetting.traces import in_files, in_slack, on_server
from tests.stages.scenes import MakeWorld, fresh, person_of, say, seen, tagged, votes
from tests.world import World


@pytest.fixture(name="world")
def _world(make_world: MakeWorld) -> World:
    return make_world()


def open_own_data(world: World, member: str) -> None:
    """As Home and `/facetag me` do for a member who is tagged."""
    kept_of(member, world.services.opt_out_key, text_of_today(world.settings), world.services.now())


def said_by(person: str) -> list[ConsentStatement]:
    return ConsentStatement.of(Person.get(Person.slack_id == person).id)


def nothing_is_left(world: World, wanted: dict[str, set[bytes]]) -> bool:
    """In files, in the tables of a server, and in Slack."""
    wanted = {what: spellings for what, spellings in wanted.items() if what != "a vector"}  # others have it
    world.queues["person-forget"].tidy()
    url = world.settings.database_url
    tables = [] if url.startswith("sqlite:") else list(on_server(url, wanted))
    found = [*in_files(world.settings.data_dir, wanted), *in_slack(world.slack, wanted), *tables]
    assert not found
    return True


# --- What others have of them ------------------------------------------------------------------------------


@pytest.mark.ci
@pytest.mark.rule("forget-mentions", "forget-all", "forget-proof")
@pytest.mark.parametrize("consent", ["off", "required"])
def test_an_admin_whom_the_text_of_a_consent_mentions_is_forgotten(
    make_world: MakeWorld, people: list[str], consent: str
) -> None:
    _, ben, chiara, *_ = people
    world = make_world(CONSENT=consent, ADMINS=chiara)
    for each in (ben, chiara):
        tagged(world, each)
        open_own_data(world, each)
    wanted = of_person(chiara)
    if consent == "required":
        [asked] = [each for each in world.slack.directs(ben) if chiara in seen(each)]
        text = ConsentText.keep(text_of_today(world.settings), 1.0)
        world.publish(ConsentChanged(person=ben, said=Consent.GIVEN, at=5.0, text=text))
        world.drain()

    done = forget(world, chiara)

    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    assert nothing_is_left(world, wanted)
    assert proof.setting_of_operator("ADMINS") in done.not_searched
    if consent == "required":
        [said] = said_by(ben)
        assert "somebody can tell you more" in str(said.words)
        [asked] = [each for each in world.slack.directs(ben) if each.ts == asked.ts]
        assert "somebody can tell you more" in seen(asked)
        assert "You agreed on" in seen(asked)
    # The text is not kept anew, however often it is shown.
    open_own_data(world, ben)
    assert not [each for each in ConsentText.select() if chiara in str(each.text)]
    assert forget(world, chiara).found_nothing


@pytest.mark.rule("forget-mentions", "forget-proof")
def test_who_was_not_mentioned_yet_is_not_afterwards_either(make_world: MakeWorld, people: list[str]) -> None:
    _, ben, chiara, *_ = people
    world = make_world(ADMINS=chiara)
    for each in (ben, chiara):
        tagged(world, each)
    wanted = of_person(chiara)
    assert forget(world, chiara).finished_at is not None
    open_own_data(world, ben)
    world.drain()
    assert nothing_is_left(world, wanted)


@pytest.mark.rule("forget-mentions", "forget-all", "forget-proof")
def test_a_text_of_the_operators_that_names_them_says_somebody_where_it_is_kept(
    make_world: MakeWorld, people: list[str], tmp_path: Path
) -> None:
    _, ben, chiara, *_ = people
    text = tmp_path.parent / f"{tmp_path.name}.txt"
    text.write_text("This is run by Chiara De Luca (chiara@example.com). May we?")
    world = make_world(CONSENT="required", CONSENT_TEXT=str(text))
    for each in (ben, chiara):
        tagged(world, each)
    wanted = of_person(chiara)
    assert "This is run by Chiara De Luca" in seen(world.slack.directs(ben)[0])
    done = forget(world, chiara)
    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    assert nothing_is_left(world, wanted)
    assert [each.text for each in ConsentText.select()] == ["This is run by somebody (somebody). May we?"]
    assert "This is run by somebody" in seen(world.slack.directs(ben)[0])
    assert proof.setting_of_operator("CONSENT_TEXT") in done.not_searched
    # Who is asked from then on reads what the operator wrote.
    tagged(world, people[3])
    assert "This is run by Chiara De Luca" in seen(world.slack.directs(people[3])[0])


@pytest.mark.rule("forget-mentions", "forget-all", "forget-proof")
def test_the_way_of_anothers_consent_and_the_source_of_anothers_photo_name_them_no_more(world: World) -> None:
    _, ben, chiara, *_ = world.slack.people
    tagged(world, chiara)
    theirs, wanted = tagged(world, ben), of_person(chiara)
    Photo.update(source="Chiara De Luca's phone").where(Photo.sha256 == theirs.photo_id).execute()
    person, way = Person.get(Person.slack_id == ben).id, "on paper, witnessed by Chiara De Luca, in the safe"
    ConsentStatement.note(person, Consent.GIVEN, at=5.0, way=way, text_id=None)
    done = forget(world, chiara)
    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    assert nothing_is_left(world, wanted)
    [said] = said_by(ben)
    assert (said.said, said.at, said.way) == ("given", 5.0, "on paper, witnessed by somebody, in the safe")
    assert Photo.get_by_id(theirs.photo_id).source == "somebody's phone"
    assert done.counted["mentions"] == 2


# --- Names of one word -------------------------------------------------------------------------------------


def called(slack_id: str, name: str) -> None:
    """Give a person a name."""
    rename(Person.get(Person.slack_id == slack_id).id, name, 1.0)


@pytest.mark.rule("forget-mentions", "forget-proof")
def test_a_name_of_one_word_in_anothers_source_goes(world: World) -> None:
    _, ben, chiara, *_ = world.slack.people
    tagged(world, chiara)
    theirs, wanted = tagged(world, ben), of_person(chiara)
    Photo.update(source="Chiara's phone").where(Photo.sha256 == theirs.photo_id).execute()
    called(chiara, "Chiara")
    done = forget(world, chiara)
    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    assert nothing_is_left(world, wanted | {"the name": {b"Chiara", b"chiara"}})
    assert Photo.get_by_id(theirs.photo_id).source == "somebody's phone"
    assert proof.OTHER_WORDS not in done.not_searched


@pytest.mark.ci
@pytest.mark.rule("forget-ends", "forget-proof")
@pytest.mark.parametrize("name", ["Said", "Kind", "Ebba"])
def test_a_name_that_is_a_word_of_other_things_holds_up_nothing(world: World, name: str) -> None:
    _, ben, chiara, *_ = world.slack.people
    tagged(world, chiara)
    theirs, wanted = tagged(world, ben), of_person(chiara)
    Photo.update(source=f"He {name.lower()} so: {name}'s phone").execute()
    photo = {"width": 5, "height": 5, "faces_found": 0, "received_at": 1.0}
    Photo.create(sha256="ebba" * 16, **photo, force_insert=True)
    called(chiara, name)
    done = forget(world, chiara)
    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    wanted.pop("the name")
    assert nothing_is_left(world, wanted)
    assert Photo.get_by_id(theirs.photo_id).source == f"He {name.lower()} so: somebody's phone"
    assert done.found_since == {}
    assert proof.OTHER_WORDS in done.not_searched


@pytest.mark.rule("forget-ends")
def test_a_word_that_nobody_is_called_is_nobody_and_ends_at_once(world: World) -> None:
    for name in ("Person", "Said", "U0NOBODY11"):
        assert forget(world, name).found_nothing


@pytest.mark.rule("forget-ends")
def test_a_message_about_others_whose_error_has_the_word_stays(world: World) -> None:
    anna, ben, chiara, *_ = world.slack.people
    tagged(world, chiara)
    called(chiara, "Slack")
    face = world.face(posted=True)
    answer = world.answer(face, anna, ben)
    queue = world.queues[answer.QUEUE]
    queue.put(answer.id, answer.key, answer.to_json())
    delivery = queue.get(timeout=0)
    assert delivery is not None
    delivery.retry_after(LATER, "Slack does not answer")
    assert forget(world, chiara).finished_at is not None
    assert queue.counts() == Counts(delayed=1)
    world.offset += LATER + 1
    world.drain()
    assert votes(fresh(face)) == {anna: ben}


@pytest.mark.rule("forget-ends")
def test_a_dead_answer_about_another_of_the_same_name_stays_and_holds_up_nothing(world: World) -> None:
    anna, _, chiara, *_ = world.slack.people
    tagged(world, chiara)
    face, queue = world.face(posted=True), world.queues["face-tagging"]
    other = world.answer(face, anna, "", name="Chiara De Luca", email="another@example.com")
    queue.put(other.id, other.key, other.to_json())
    delivery = queue.get(timeout=0)
    assert delivery is not None
    delivery.bury("never")
    done = forget(world, chiara)
    assert done.finished_at is not None, (done.step, world.queues["person-forget"].troubles())
    assert queue.counts() == Counts(dead=1)


@pytest.mark.rule("forget-ends", "forget-stays")
def test_a_longer_id_that_begins_like_theirs_is_somebody_elses(world: World) -> None:
    anna, ben, *_ = world.slack.people
    short = ben[:-1]
    world.slack.set_member(short, name="shorty", real_name="Shorty Miller")
    tagged(world, short)
    of_ben, still_open = tagged(world, ben), world.face(posted=True)
    say(world, still_open, ben, anna)
    put_ready_waiting_and_dead(world, [world.answer(still_open, ben, anna)])
    done = begun(world, short)
    assert (done.finished_at is not None, done.found_since) == (True, {})
    assert world.queues["face-tagging"].counts() == Counts(ready=1, delayed=1, dead=1)
    assert (person_of(of_ben), votes(still_open)) == (ben, {anna: ben})


# --- What stays --------------------------------------------------------------------------------------------


def until_it_ends_or_is_to_be_tried_again(world: World, receipt_id: str) -> Forgetting:
    """One pass through all steps, however slow the machine is."""
    with suppress(Retry):
        while go_on(receipt_id, 1, world.services):
            pass
    return Forgetting.get_by_id(receipt_id)


def begun(world: World, person: str) -> Forgetting:
    """A forgetting after its first pass."""
    begin(
        "a-receipt",
        marks_of(person),
        world.services.opt_out_key,
        world.services.now(),
        way=WayToForget.BUTTON,
        never_again=False,
    )
    return until_it_ends_or_is_to_be_tried_again(world, "a-receipt")


@pytest.mark.rule("forget-ends", "forget-proof")
@pytest.mark.failure("forgotten-stays")
def test_what_is_found_again_and_again_is_named_in_the_receipt_and_in_status(here: World) -> None:
    """A program of somebody else's keeps notes in the same file."""
    chiara = here.slack.people[2]
    tagged(here, chiara)
    database.execute_sql("CREATE TABLE notes (text TEXT)")
    database.execute_sql("INSERT INTO notes VALUES (?)", (f"{chiara} likes tea",))
    done = begun(here, chiara)
    assert (done.finished_at, list(done.found_since)) == (None, [proof.BYTES]), "it may be on its way out"
    here.offset += LASTS_SECONDS + 1
    done = until_it_ends_or_is_to_be_tried_again(here, done.id)
    assert done.finished_at is not None
    assert (list(done.found_since), done.sealed) == ([proof.BYTES], None)
    told = list(receipt.in_words(done))
    assert f"stays: {proof.BYTES}" in told
    assert not [line for line in told if "nothing found" in line or chiara in line]
    status = in_words(collect(here.queues, here.services.inbox))
    assert f"something stays of a person who was forgotten (receipt {done.id})" in status
    assert chiara not in status
    # All else went, and nobody is kept from being named any more.
    assert not Face.select().where(Face.person.is_null(False)).exists()
    tagged(here, chiara)


@pytest.mark.rule("forget-ends")
def test_what_was_found_once_and_went_is_named_nowhere(here: World) -> None:
    chiara = here.slack.people[2]
    tagged(here, chiara)
    database.execute_sql("CREATE TABLE notes (text TEXT)")
    database.execute_sql("INSERT INTO notes VALUES (?)", (f"{chiara} likes tea",))
    done = begun(here, chiara)
    assert list(done.found_since) == [proof.BYTES]
    database.execute_sql("DELETE FROM notes")
    here.offset += LASTS_SECONDS + 1
    done = until_it_ends_or_is_to_be_tried_again(here, done.id)
    assert (done.finished_at is not None, done.found_since) == (True, {})
    assert [line for line in receipt.in_words(done) if "nothing found" in line]


@pytest.mark.rule("forget-ends", "forget-proof")
def test_the_receipt_of_who_left_says_that_slack_opens_no_conversation_with_them(world: World) -> None:
    chiara = world.slack.people[2]
    tagged(world, chiara)
    world.slack.set_member(chiara, deleted=True)
    done = begun(world, chiara)
    assert done.finished_at is not None
    assert f"not searched: {CLOSED_CONVERSATION}" in receipt.in_words(done)


@pytest.mark.rule("forget-proof")
def test_a_column_of_ours_that_has_their_id_is_named(world: World) -> None:
    _, ben, chiara, *_ = world.slack.people
    tagged(world, chiara)
    other = tagged(world, ben)
    # Where nobody looks for it.
    Photo.update(taken_at=chiara).where(Photo.sha256 == other.photo_id).execute()
    done = begun(world, chiara)
    assert list(done.found_since) == ["the database (photo.taken_at)"]


@pytest.mark.rule("forget-ends")
def test_a_receipt_says_what_stays_once_nothing_is_tried_any_more() -> None:
    done = Forgetting(id="r", way="button", never_again=False, asked_at=1.0, found=f'{{"{FILES}": 1.0}}')
    assert f"stays: {FILES}" not in list(receipt.in_words(done)), "as long as it is tried"
    done.searched_at = done.finished_at = 30.0
    assert f"stays: {FILES}" in list(receipt.in_words(done))
