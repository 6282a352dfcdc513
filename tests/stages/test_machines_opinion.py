"""The machine's opinion: the names that a request offers, and the vote that it may earn."""

import json
import uuid
from pathlib import Path

import pytest

from tagbot.consensus import Waiting
from tagbot.database.models import export_lines
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.guesses import Guess, outcome
from tagbot.database.models.merges import merge, unmerge
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import FaceReopened, FaceStored, FaceTagged, TrainingSent
from tagbot.recognition.earned_vote import is_audited
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Message
from tagbot.schedule.timed_jobs import mend
from tagbot.slack import words
from tagbot.stages.machines_opinion import note_opinion
from tagbot.stages.send_face_for_training import send_face_for_training
from tagbot.stages.store_face_tag_sql import store_face_tag_sql
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import MACHINE, SpecialAnswer
from tests.database.rows import photo_rows
from tests.maintenance.forgetting.scenes import forget
from tests.stages.grouping import grouping, let_in, waiting
from tests.stages.made_up_people import asked_about, known, learn, looks_like
from tests.stages.scenes import (
    MakeWorld,
    controls,
    drain_until,
    fresh,
    objects,
    person_of,
    say,
    seen,
    shown,
    votes,
)
from tests.world import World, a_world, request_of

EARNS = 381
"""Sure and right ones, of as many."""


@pytest.fixture(name="offering")
def _offering(make_world: MakeWorld) -> World:
    """A world that offers up to four names."""
    return make_world(LINE_UP="4")


@pytest.fixture(name="voting")
def _voting(make_world: MakeWorld) -> World:
    """A world whose machine may earn a vote."""
    return make_world(LINE_UP="4", MACHINE_VOTE="earned")


def four_people() -> list[Person]:
    """Whom the model knows, in no order."""
    return [known(number, name) for number, name in enumerate(["Dora", "anna", "Čeněk", "Ben"])]


def names_on(message: Message) -> list[tuple[str, str, str]]:
    """Of each offered name: the action id, what it says, and its value."""
    found = [each for each in objects(message.blocks) if str(each.get("action_id")).startswith("pick_")]
    return [(each["action_id"], each["text"]["text"], each["value"]) for each in found]


def earn(person: Person, *, right: int = EARNS, wrong: int = 0) -> None:
    """The machine was sure of so many faces that people alone decided."""
    photo, faces = photo_rows(*["tagged"] * (right + wrong))
    store_photo(photo, faces)
    of_all = {"round": 1, "person": person.id, "at": 1.0, "votes": False}
    with writing():
        for number, face in enumerate(faces):
            judged = {"was_right": number < right, "judged_at": float(number)}
            Guess.insert(face=face["id"], **of_all, **judged).execute()


def taken_for(face: Face) -> str | None:
    """Id of the person that the machine noted for the face."""
    guess = Guess.get_or_none((Guess.face == face.id) & (Guess.round == face.round))
    return guess.person.id if guess and guess.person else None


def tagged_as(face: Face) -> str | None:
    """Id of the person that the face was tagged as."""
    person = fresh(face).person
    return person.id if person else None


# --- The names --------------------------------------------------------------------------------------------


@pytest.mark.rule("line-up")
def test_the_nearest_people_stand_on_buttons_in_alphabetical_order(offering: World) -> None:
    dora, anna, cenek, ben = four_people()
    face = asked_about(offering, 2)
    message = shown(offering, face)
    assert names_on(message) == [
        ("pick_1", "anna", anna.id),
        ("pick_2", "Ben", ben.id),
        ("pick_3", "Dora", dora.id),
        ("pick_4", "Čeněk", cenek.id),
    ]
    assert controls(message) >= {"tag_person", "someone_else", "dont_know", "not_a_face"}
    assert [each["block_id"] for each in message.blocks if each["type"] == "actions"] == [f"face:{face.id}:1"]


@pytest.mark.rule("line-up")
def test_the_plain_text_says_only_how_many_are_offered(offering: World) -> None:
    people = four_people()
    text = shown(offering, asked_about(offering, 2)).text
    assert "4 names are offered as buttons." in text
    assert not [person.name for person in people if str(person.name) in text or person.id in text]


@pytest.mark.rule("merged-is-one", "line-up")
def test_of_merged_people_one_is_offered_also_while_the_model_has_them_apart(offering: World) -> None:
    dora, anna, cenek, ben = four_people()
    face = asked_about(offering, 2)
    merge(anna.id, dora.id, offering.services.opt_out_key, 1.0)
    assert [name for _, name, _ in names_on(shown(offering, face))] == ["Ben", "Dora", "Čeněk"]
    assert [name for _, name, _ in names_on(shown(offering, asked_about(offering, 2)))] == [
        "Ben",
        "Dora",
        "Čeněk",
    ]
    for other in (ben, cenek):
        merge(other.id, dora.id, offering.services.opt_out_key, 2.0)
    assert names_on(shown(offering, face)) == [], "one name alone would be the machine's guess"
    for other in (anna, ben, cenek):
        unmerge(other.id)
    assert len(names_on(shown(offering, face))) == 4


@pytest.mark.rule("line-up", "forget-all")
def test_where_one_offered_person_is_left_after_a_forgetting_nobody_is_offered(make_world: MakeWorld) -> None:
    world = make_world(LINE_UP="3")
    four_people()
    face = asked_about(world, 2)
    offered = [value for _, _, value in names_on(shown(world, face))]
    assert len(offered) == 3
    forget(world, offered[0])
    message = shown(world, face)
    assert [value for _, _, value in names_on(message)] == offered[1:]
    assert "2 names are offered as buttons." in message.text
    forget(world, offered[1])
    message = shown(world, face)
    assert names_on(message) == [], "one name alone would be the machine's guess"
    assert "offered" not in message.text
    assert request_of(fresh(face)).line_up == "[]"
    assert controls(message) >= {"tag_person", "someone_else", "dont_know", "not_a_face"}


@pytest.mark.rule("line-up")
def test_one_name_alone_is_not_shown_however_it_came_to_be_alone(offering: World) -> None:
    dora, anna, *_ = four_people()
    face = asked_about(offering, 2)
    for line_up in ([anna.id], [anna.id, str(uuid.UUID(int=5))]):  # as an earlier version left it
        Request.update(line_up=json.dumps(line_up), revision=Request.revision + 1).execute()
        message = shown(offering, face)
        assert (names_on(message), "offered" in message.text) == ([], False)
    Person.update(name=None).where(Person.id == dora.id).execute()
    Request.update(line_up=json.dumps([anna.id, dora.id]), revision=Request.revision + 1).execute()
    assert names_on(shown(offering, face)) == [], "a person whose name is not known is on no button"


@pytest.mark.rule("merged-is-one", "merge-model-follows")
def test_the_local_model_knows_one_person_once_it_has_followed(offering: World) -> None:
    dora, anna, *_ = four_people()
    vectors = {each.face_id: each.person_ref for each in TrainedVector.select()}
    merge(anna.id, dora.id, offering.services.opt_out_key, 1.0)
    offering.services.follow_merges()
    assert {each.person_ref for each in TrainedVector.select()} == {*vectors.values()} - {anna.id}
    offering.services.follow_merges()
    unmerge(anna.id)
    offering.services.follow_merges()
    assert {each.face_id: each.person_ref for each in TrainedVector.select()} == vectors


@pytest.mark.rule("line-up")
def test_no_more_names_are_offered_than_the_setting_says(make_world: MakeWorld) -> None:
    world = make_world(LINE_UP="2")
    people = four_people()
    offered = names_on(shown(world, asked_about(world, 2)))
    assert len(offered) == 2
    assert people[2].id in [value for _, _, value in offered]


@pytest.mark.rule("line-up")
def test_where_only_one_person_resembles_the_face_another_is_offered_beside(offering: World) -> None:
    known(0, "Dora")
    assert names_on(shown(offering, asked_about(offering, 0))) == [], "one name alone would tell"
    known(1, "Anna")
    assert [name for _, name, _ in names_on(shown(offering, asked_about(offering, 0)))] == ["Anna", "Dora"]


@pytest.mark.rule("line-up")
def test_a_face_of_whom_the_model_knows_nobody_or_without_a_vector_offers_nobody(offering: World) -> None:
    four_people()
    for face in (asked_about(offering, 99), offering.face(posted=True)):
        message = shown(offering, face)
        assert (names_on(message), "offered" in message.text) == ([], False)
        assert request_of(fresh(face)).line_up == "[]", "that, too, is decided"


@pytest.mark.rule("line-up")
def test_no_names_are_offered_and_nothing_is_noted_where_the_setting_is_none(world: World) -> None:
    four_people()
    face = asked_about(world, 2)
    assert names_on(shown(world, face)) == []
    assert Guess.select().count() == 0


@pytest.mark.rule("line-up")
def test_nobody_who_has_left_is_offered_and_others_take_their_place(offering: World) -> None:
    gone, here = offering.slack.people[:2]
    offering.slack.set_member(gone, deleted=True)
    people = [
        known(0, "Anna", slack_id=gone),
        known(1, "Ben", slack_id=here),
        known(2, "Nobody", slack_id="U0NOBODY99"),
        *(known(number, f"Person {number}") for number in range(3, 6)),
    ]
    offered = [value for _, _, value in names_on(shown(offering, asked_about(offering, 0)))]
    assert offered == [], "who is there does not resemble the face"
    offered = [value for _, _, value in names_on(shown(offering, asked_about(offering, 1)))]
    assert offered == [people[number].id for number in (1, 3, 4, 5)]


@pytest.mark.rule("line-up", "opted-out")
def test_nobody_who_opted_out_is_offered(offering: World) -> None:
    out, here = offering.slack.people[:2]
    known(0, "Anna", slack_id=out)
    people = [known(1, "Ben", slack_id=here), *(known(number, f"Person {number}") for number in (2, 3))]
    OptOut.keep_out(out, offering.services.opt_out_key, 1.0)
    offered = [value for _, _, value in names_on(shown(offering, asked_about(offering, 1)))]
    assert offered == [person.id for person in people]


@pytest.mark.rule("line-up")
def test_two_people_of_one_name_are_told_apart(offering: World) -> None:
    known(0, "Ben Low", email="ben@example.com")
    known(1, "ben low", slack_id=offering.slack.people[1])
    known(2, "Chiara", email="chiara@example.com")
    offered = [name for _, name, _ in names_on(shown(offering, asked_about(offering, 0)))]
    assert sorted(offered) == sorted(
        ["Ben Low (ben@example.com)", f"ben low ({offering.slack.people[1]})", "Chiara"]
    )


@pytest.mark.rule("line-up")
def test_the_names_are_decided_before_anybody_answers_and_stay_whatever_is_learned(offering: World) -> None:
    people = four_people()
    face = asked_about(offering, 2)
    before, line_up = names_on(shown(offering, face)), request_of(face).line_up
    newcomer = known(7, "Aaron")
    for number in range(3, 6):
        learn(newcomer, 2, number)
    note_opinion(request_of(face), [face], offering.services)
    say(offering, face, people[0].id, offering.slack.people[0])
    assert names_on(shown(offering, face)) == before
    assert request_of(face).line_up == line_up
    assert taken_for(face) == people[2].id
    assert newcomer.id in [value for _, _, value in names_on(shown(offering, asked_about(offering, 2)))]


@pytest.mark.rule("line-up", "crash-anywhere")
def test_a_request_that_was_not_posted_yet_offers_what_was_decided_the_first_time(offering: World) -> None:
    four_people()
    face = looks_like(offering.face(), 2)
    offering.slack.fail("chat.postMessage", error="channel_not_found", times=1)
    offering.publish(FaceStored(face_id=face.id))
    offering.drain()
    decided = request_of(fresh(face)).line_up
    assert decided is not None
    learn(known(7, "Aaron"), 2, 3)
    drain_until(offering, lambda: fresh(face).state == "open")
    assert request_of(fresh(face)).line_up == decided


@pytest.mark.rule("line-up")
def test_faces_that_share_a_request_are_offered_one_line_up(offering: World) -> None:
    four_people()
    faces = waiting(grouping(offering, 3), 3)
    for number, face in enumerate(faces):
        looks_like(face, 2, at=100 + number)
    let_in(offering)
    assert [name for _, name, _ in names_on(shown(offering, faces[0]))] == ["anna", "Ben", "Dora", "Čeněk"]
    assert {taken_for(face) for face in map(fresh, faces)} == {Person.get(Person.name == "Čeněk").id}


@pytest.mark.rule("line-up", "goes-on-without-machine")
def test_a_request_of_which_one_face_has_no_vector_offers_nobody(offering: World) -> None:
    four_people()
    faces = waiting(grouping(offering, 2), 2)
    looks_like(faces[0], 2)
    let_in(offering)
    assert names_on(shown(offering, faces[0])) == []
    assert [fresh(face).state for face in faces] == ["open", "open"]


@pytest.mark.rule("open-requests-limited")
def test_while_slack_does_not_tell_who_has_left_the_request_holds_no_place(make_world: MakeWorld) -> None:
    world = make_world(LINE_UP="4", MAX_OPEN_REQUESTS="1", MAX_ATTEMPTS="1")
    known(0, "Anna", slack_id=world.slack.people[0])
    known(1, "Ben", slack_id=world.slack.people[1])
    world.slack.fail("users.info", status=503)
    face = looks_like(world.face(), 0)
    world.publish(FaceStored(face_id=face.id))
    world.drain()
    assert fresh(face).state == "waiting"
    assert request_of(fresh(face)).posting_since is None
    world.slack.heal()
    other = world.face(posted=True)
    assert fresh(other).state == "open"


# --- A pick -----------------------------------------------------------------------------------------------


@pytest.mark.rule("pick-is-an-answer")
def test_to_pick_somebody_with_an_account_is_the_same_as_to_choose_them(offering: World) -> None:
    anna, ben, chiara, *_ = offering.slack.people
    person = known(0, "Chiara", slack_id=chiara)
    known(1, "Zoë")
    face = asked_about(offering, 0)
    say(offering, face, person.id, anna)
    assert votes(face) == {anna: chiara}
    say(offering, face, chiara, ben)
    assert (fresh(face).state, person_of(face)) == ("tagged", chiara)


@pytest.mark.rule("pick-is-an-answer")
def test_to_pick_somebody_without_an_account_is_the_same_as_to_write_their_name(offering: World) -> None:
    anna, ben, *_ = offering.slack.people
    person = known(0, "Zoë Nowak")
    known(1, "Chiara")
    face = asked_about(offering, 0)
    say(offering, face, person.id, anna)
    assert votes(face) == {anna: person.id}
    offering.publish(offering.answer(face, ben, "", name="zoë  NOWAK"))
    offering.drain()
    assert (fresh(face).state, tagged_as(face)) == ("tagged", person.id)
    assert shown(offering, face).text.startswith("Tagged as Zoë Nowak")


@pytest.mark.rule("pick-is-an-answer", "not-choosable")
def test_an_offered_person_who_has_left_meanwhile_cannot_be_picked(offering: World) -> None:
    anna, ben, *_ = offering.slack.people
    person, face = known(0, "Ben", slack_id=ben), offering.face(posted=True)
    offering.slack.set_member(ben, deleted=True)
    say(offering, face, person.id, anna)
    assert votes(face) == {}
    assert offering.told(anna) == [words.cannot_be_chosen(ben)]


@pytest.mark.rule("pick-is-an-answer", "not-choosable")
def test_a_pick_of_a_person_who_was_forgotten_meanwhile_is_told_and_stores_nothing(offering: World) -> None:
    four_people()
    face, anna = asked_about(offering, 2), offering.slack.people[0]
    say(offering, face, str(uuid.UUID(int=5)), anna)
    assert votes(face) == {}
    assert offering.told(anna) == [words.FORGOTTEN_MEANWHILE]


# --- The guess --------------------------------------------------------------------------------------------


@pytest.mark.rule("machine-noted-before")
def test_whom_the_machine_takes_a_face_for_is_noted_before_its_request_is_posted(offering: World) -> None:
    people = four_people()
    face = looks_like(offering.face(), 2)
    offering.slack.fail("chat.postMessage", error="channel_not_found", times=1)
    offering.publish(FaceStored(face_id=face.id))
    offering.drain()
    assert fresh(face).state == "waiting"
    guess = Guess.get()
    assert (guess.face, guess.round, taken_for(face)) == (face.id, 1, people[2].id)
    assert (bool(guess.votes), guess.was_right) == (False, None)


@pytest.mark.rule("machine-noted-before")
def test_a_guess_is_no_vote_no_tag_and_no_name(offering: World) -> None:
    four_people()
    face = asked_about(offering, 2)
    assert taken_for(face) is not None
    assert (votes(face), fresh(face).person, fresh(face).state) == ({}, None, "open")
    assert outcome(face.id, 1, offering.settings.rule) == Waiting()


@pytest.mark.rule("machine-record-of-people-alone")
@pytest.mark.parametrize("end", ["right", "wrong", "not_a_face", "unknown"])
def test_it_is_judged_by_what_people_agree_on(offering: World, end: str) -> None:
    people = four_people()
    face = asked_about(offering, 2)
    answers = {
        "right": people[2].id,
        "wrong": people[1].id,
        "not_a_face": "not_a_face",
        "unknown": "dont_know",
    }
    say(offering, face, answers[end], *offering.slack.people[:3])
    assert Guess.get().was_right == {"right": True, "wrong": False, "not_a_face": False, "unknown": None}[end]
    assert Guess.judged(10) == ([] if end == "unknown" else [end == "right"])


# --- The vote ---------------------------------------------------------------------------------------------


@pytest.mark.rule("machine-only-beside-people")
def test_with_an_earned_vote_one_person_is_enough_who_says_the_same(voting: World) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    face = asked_about(voting, 2)
    assert outcome(face.id, 1, voting.settings.rule) == Waiting(), "alone it counts for nothing"
    assert MACHINE not in votes(face)
    say(voting, face, people[2].id, tagger)
    assert (fresh(face).state, tagged_as(face)) == ("tagged", people[2].id)
    assert votes(face) == {tagger: people[2].id, MACHINE: people[2].id}
    message = shown(voting, face)
    assert f"Answered by {words.mention(tagger)}; the machine agreed." in message.text
    assert "; the machine agreed" in json.dumps(message.blocks)
    assert Guess.get(Guess.face == face.id).was_right, "it is judged, but this one does not count"
    assert len(Guess.judged(1000)) == EARNS


@pytest.mark.rule("guess-not-told")
def test_that_the_machine_agreed_is_told_once_the_face_is_tagged_and_not_while_it_is_learned(
    voting: World,
) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    face = asked_about(voting, 2)
    answer = voting.answer(face, tagger, people[2].id)
    for message in store_face_tag_sql(answer, voting.services):
        list(send_face_for_training(message, voting.services))
    assert (fresh(face).state, MACHINE in votes(face)) == ("training", True)
    assert "machine" not in seen(shown(voting, face))
    voting.publish(TrainingSent(face_id=face.id, round=1))
    voting.drain()
    assert "; the machine agreed" in shown(voting, face).text


@pytest.mark.rule("machine-only-beside-people")
def test_where_people_say_somebody_else_its_vote_is_no_opinion_and_is_not_told(voting: World) -> None:
    people, taggers = four_people(), voting.slack.people
    earn(people[0])
    face = asked_about(voting, 2)
    say(voting, face, people[1].id, taggers[0])
    assert fresh(face).state == "open"
    assert "do not agree" not in shown(voting, face).text, "one person cannot differ"
    assert outcome(face.id, 1, voting.settings.rule) == Waiting()
    assert MACHINE not in seen(shown(voting, face))
    say(voting, face, people[1].id, taggers[1])
    assert tagged_as(face) == people[1].id
    assert votes(face) == dict.fromkeys(taggers[:2], people[1].id)
    assert "machine" not in shown(voting, face).text


@pytest.mark.rule("machine-only-beside-people")
def test_it_never_counts_for_not_a_face_or_for_who_does_not_know(voting: World) -> None:
    people = four_people()
    earn(people[0])
    face = asked_about(voting, 2)
    say(voting, face, SpecialAnswer.NOT_A_FACE, voting.slack.people[0])
    say(voting, face, SpecialAnswer.DONT_KNOW, voting.slack.people[1])
    assert fresh(face).state == "open"


@pytest.mark.rule("machine-record-of-people-alone")
@pytest.mark.parametrize("case", ["off", "not earned", "few faces", "audited", "lost"])
def test_otherwise_two_people_have_to_agree(make_world: MakeWorld, case: str) -> None:
    world = make_world(LINE_UP="4", MACHINE_VOTE="off" if case == "off" else "earned")
    people = four_people()
    if case != "not earned":
        earn(people[0], wrong=4 if case == "lost" else 0)
    number = 2
    if case == "few faces":
        known(9, "Emil", faces=2)
        number = 9
    face = asked_about(world, number, audited=case == "audited")
    person = taken_for(face)
    assert person is not None, "it is noted all the same"
    say(world, face, person, world.slack.people[0])
    assert fresh(face).state == "open"
    say(world, face, person, world.slack.people[1])
    assert fresh(face).state == "tagged"
    assert MACHINE not in votes(face)
    assert "machine" not in shown(world, face).text


def assert_people_alone_decide(world: World, face: Face, person: Person) -> None:
    """About a face whose request was posted with the machine's vote, which it has no longer."""
    anna, ben = world.slack.people[:2]
    assert Guess.get(Guess.face == face.id).votes
    say(world, face, person.id, anna)
    assert (fresh(face).state, votes(face)) == ("open", {anna: person.id})
    world.offset += 3600.0
    mend(world.services)
    world.drain()
    assert fresh(face).state == "open"
    say(world, face, person.id, ben)
    assert tagged_as(face) == person.id
    assert MACHINE not in votes(face)
    assert "machine" not in shown(world, face).text
    assert not Guess.get(Guess.face == face.id).votes, "it counts in the record"


@pytest.mark.rule("machine-vote-now")
def test_once_its_record_fell_an_open_request_takes_two_people_and_what_was_decided_stays(
    voting: World,
) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    decided, face = asked_about(voting, 2), asked_about(voting, 2)
    say(voting, decided, people[2].id, tagger)
    earn(people[0], right=0, wrong=4)
    assert_people_alone_decide(voting, face, people[2])
    voting.publish(FaceTagged(face_id=decided.id, round=1, cause="again"))
    voting.drain()
    assert votes(decided) == {tagger: people[2].id, MACHINE: people[2].id}
    assert "; the machine agreed" in shown(voting, decided).text


@pytest.mark.rule("machine-vote-now")
def test_once_the_setting_is_off_an_open_request_takes_two_people(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, LINE_UP="4", MACHINE_VOTE="earned") as world:
        people = four_people()
        earn(people[0])
        face = asked_about(world, 2)
    with a_world(tmp_path, stand_in, recogniser, LINE_UP="4", MACHINE_VOTE="off") as world:
        assert_people_alone_decide(world, face, people[2])


def three_of_one_person(voting: World) -> list[Face]:
    """Faces that share a request which is open, and look like the third of the known people."""
    faces = waiting(grouping(voting, 3), 3)
    for number, face in enumerate(faces):
        looks_like(face, 2, at=100 + number)
    let_in(voting)
    return faces


@pytest.mark.rule("machine-vote-now")
def test_a_group_whose_first_face_was_closed_with_its_vote_is_closed_as_a_whole(voting: World) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    faces = three_of_one_person(voting)
    Guess.update(votes=True).where(Guess.face << [face.id for face in faces]).execute()  # not audited
    for face in faces:
        Vote.put(face_id=face.id, tagger=tagger, answer=people[2].id, round=1, at=voting.services.now())
    voting.publish(FaceTagged(face_id=faces[0].id, round=1, cause="first"))
    voting.drain()
    earn(people[0], right=0, wrong=4)  # and then the bot crashed, say
    for face in faces[1:]:
        voting.publish(FaceTagged(face_id=face.id, round=1, cause="mended"))
    voting.drain()
    assert [fresh(face).state for face in faces] == ["tagged"] * 3
    assert {MACHINE in votes(face) for face in faces} == {True}


@pytest.mark.rule("machine-only-beside-people")
def test_a_group_is_closed_by_one_person_and_the_machine_for_all_its_faces(voting: World) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    faces = three_of_one_person(voting)
    audited = is_audited(str(fresh(faces[0]).request_id))
    say(voting, faces[0], people[2].id, tagger)
    assert {fresh(face).state for face in faces} == {"open" if audited else "tagged"}
    if not audited:
        assert {MACHINE in votes(face) for face in faces} == {True}
        assert shown(voting, faces[0]).text.count("; the machine agreed") == 1


@pytest.mark.rule("machine-only-beside-people")
def test_about_a_group_of_two_people_it_has_no_opinion(voting: World) -> None:
    people = four_people()
    earn(people[0])
    faces = waiting(grouping(voting, 2), 2)
    for number, face in enumerate(faces):
        looks_like(face, number)
    let_in(voting)
    assert [taken_for(fresh(face)) for face in faces] == [None, None]


@pytest.mark.rule("machine-only-beside-people", "undo-forgets")
def test_a_reopened_face_loses_the_machines_vote_with_the_others(voting: World) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    face = asked_about(voting, 2)
    say(voting, face, people[2].id, tagger)
    assert MACHINE in votes(face)
    voting.publish(FaceReopened(face_id=face.id, round=1, by=tagger))
    voting.drain()
    assert (fresh(face).state, fresh(face).round, votes(face)) == ("open", 2, {})
    assert "machine" not in shown(voting, face).text


@pytest.mark.rule("machine-only-beside-people", "told-again-harmless")
def test_its_vote_is_stored_once_whoever_answers_late(voting: World) -> None:
    people, taggers = four_people(), voting.slack.people
    earn(people[0])
    face = asked_about(voting, 2)
    late = voting.answer(face, taggers[1], people[1].id)
    say(voting, face, people[2].id, taggers[0])
    voting.publish(late)
    voting.drain()
    assert votes(face) == {taggers[0]: people[2].id, MACHINE: people[2].id, taggers[1]: people[1].id}
    assert tagged_as(face) == people[2].id
    assert Vote.select().where(Vote.tagger == MACHINE).count() == 1


@pytest.mark.rule("machine-only-beside-people", "export-votes")
def test_the_export_has_the_machine_among_the_taggers(voting: World) -> None:
    people, tagger = four_people(), voting.slack.people[0]
    earn(people[0])
    face = asked_about(voting, 2)
    say(voting, face, people[2].id, tagger)
    [line] = [each for each in export_lines.lines() if each["face_id"] == face.id]
    assert [(vote["tagger"], vote["answer"]) for vote in line["votes"]] == [
        (MACHINE, people[2].id),
        (tagger, people[2].id),
    ], "oldest first: it was noted before anybody answered"
    assert all(vote["at"].endswith("Z") for vote in line["votes"])
