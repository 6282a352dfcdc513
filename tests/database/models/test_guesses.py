"""What the machine was sure of, and its record."""

import pytest

from tagbot.consensus import Agreed, Rule, Waiting
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import LAST, Guess, outcome
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.vocabulary import MACHINE
from tests.database.rows import a_face, an_earned_vote
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

RULE = Rule(2, 3, machine_votes=True)


def guess(face: Face, person: Person, *, votes: bool) -> None:
    Guess.create(face=face.id, round=face.round, person=person.id, at=0.5, votes=votes)


@pytest.mark.rule("machine-only-beside-people")
def test_where_it_has_a_vote_one_person_more_is_enough() -> None:
    face, anna = a_face(), Person.with_slack_id("UANNA", 1.0)
    an_earned_vote(anna)
    guess(face, anna, votes=True)
    assert outcome(face.id, 1, RULE) == Waiting()
    Vote.put(face_id=face.id, tagger="U1", answer="UANNA", round=1, at=1.0)
    assert outcome(face.id, 1, RULE) == Agreed("UANNA")
    assert outcome(face.id, 2, RULE) == Waiting(), "it has no vote in another round"


def test_it_votes_for_a_person_without_an_account_whatever_the_spelling() -> None:
    face, person = a_face(), Person.with_name("Zoë Nowak", None, 1.0)
    an_earned_vote(person)
    guess(face, person, votes=True)
    Vote.put(face_id=face.id, tagger="U1", answer="new", round=1, at=1.0, name="zoë  nowak")
    assert isinstance(outcome(face.id, 1, RULE), Agreed)


def test_without_a_vote_it_changes_nothing() -> None:
    face, anna = a_face(), Person.with_slack_id("UANNA", 1.0)
    an_earned_vote(anna)
    guess(face, anna, votes=False)
    Vote.put(face_id=face.id, tagger="U1", answer="UANNA", round=1, at=1.0)
    assert outcome(face.id, 1, RULE) == Waiting()


def wrong_once(person: Person) -> None:
    """About a face that people alone decided."""
    face = a_face()
    guess(face, person, votes=False)
    Guess.judge(face.id, 1, None, 9.0, had_vote=False)


@pytest.mark.rule("machine-vote-now")
@pytest.mark.parametrize("case", ["off", "record fell", "faces unlearned"])
def test_a_vote_that_it_had_when_the_request_was_posted_is_lost_with_what_earned_it(case: str) -> None:
    face, anna = a_face(state="open", message_ts="1.0"), Person.with_slack_id("UANNA", 1.0)
    an_earned_vote(anna)
    guess(face, anna, votes=True)
    Vote.put(face_id=face.id, tagger="U1", answer="UANNA", round=1, at=1.0)
    rule = RULE if case != "off" else Rule(2, 3)
    if case == "record fell":
        wrong_once(anna)
    elif case == "faces unlearned":
        Face.update(face_ref=None).where(Face.id == Face.get(Face.face_ref == "f").id).execute()
    assert outcome(face.id, 1, rule) == Waiting()
    Vote.put(face_id=face.id, tagger="U2", answer="UANNA", round=1, at=2.0)
    assert outcome(face.id, 1, rule) == Agreed("UANNA")
    Guess.judge(face.id, 1, anna, 10.0, had_vote=False)
    assert Guess.judged(1) == [True], "people alone decided"


@pytest.mark.rule("machine-vote-now")
def test_of_a_request_in_which_its_vote_counted_it_counts_for_the_other_faces_too() -> None:
    first, anna = a_face(state="open", message_ts="1.0"), Person.with_slack_id("UANNA", 1.0)
    second, elsewhere = a_face(state="open", request=first.request_id), a_face(state="open", message_ts="2.0")
    an_earned_vote(anna)
    for face in (first, second, elsewhere):
        guess(face, anna, votes=True)
        Vote.put(face_id=face.id, tagger="U1", answer="UANNA", round=1, at=1.0)
    Vote.put(face_id=first.id, tagger=MACHINE, answer="UANNA", round=1, at=1.0)  # the first was decided so
    wrong_once(anna)
    assert outcome(second.id, 1, RULE) == Agreed("UANNA"), "their message is closed"
    assert outcome(second.id, 1, Rule(2, 3)) == Agreed("UANNA")
    assert outcome(elsewhere.id, 1, RULE) == Waiting()


@pytest.mark.rule("machine-record-of-people-alone")
def test_its_record_is_made_of_what_people_alone_decided_the_newest_first() -> None:
    anna, ben = Person.with_slack_id("UANNA", 1.0), Person.with_slack_id("UBEN", 1.0)
    for number, (decided, votes) in enumerate([(anna, False), (ben, False), (None, False), (ben, True)]):
        face = a_face()
        guess(face, anna, votes=votes)
        Guess.judge(face.id, face.round, decided, float(number), had_vote=votes)
    assert Guess.judged(10) == [False, False, True]
    assert Guess.judged(2) == [False, False]


def test_the_record_is_about_the_last_thousand_and_the_vote_is_lost_and_earned_anew() -> None:
    anna = Person.with_slack_id("UANNA", 1.0)

    face = a_face()

    def decided(person: Person, at: float) -> None:
        face.round += 1  # as if it had been undone and asked about again
        guess(face, anna, votes=False)
        Guess.judge(face.id, face.round, person, at, had_vote=False)

    with writing():  # one transaction is written to the disk once
        for number in range(381):
            decided(anna, float(number))
    assert Guess.record().earns_vote
    decided(Person.with_slack_id("UBEN", 1.0), 1000.0)
    assert not Guess.record().earns_vote
    with writing():
        for number in range(LAST):
            decided(anna, 2000.0 + number)
    assert (Guess.record().sure, Guess.record().right) == (LAST, LAST)


def test_a_guess_is_judged_once() -> None:
    face, anna = a_face(), Person.with_slack_id("UANNA", 1.0)
    guess(face, anna, votes=False)
    Guess.judge(face.id, face.round, anna, 1.0, had_vote=False)
    Guess.judge(face.id, face.round, None, 2.0, had_vote=False)
    assert Guess.judged(10) == [True]
