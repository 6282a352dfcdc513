"""Merging people is one transaction, and exactly undone; a name that an admin gave stays."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tagbot.consensus import Agreed, PeopleDiffer, Rule
from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.consents import ConsentStatement, may_be_learned, standing
from tagbot.database.models.different_people import who_may_share
from tagbot.database.models.export_lines import lines
from tagbot.database.models.faces import Face, known_accounts, unseen_people
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.guesses import Guess, outcome
from tagbot.database.models.kept import answers_of, known_people, own_data, people_called
from tagbot.database.models.labelled_faces import last_labelled
from tagbot.database.models.marks import ids_of, marks_of
from tagbot.database.models.merges import PeopleUnchanged, WhyUnchanged, merge, merged_into, rename, unmerge
from tagbot.database.models.named_faces import NamedFace
from tagbot.database.models.named_people import agreed_person, person_meant
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.own_answers import stamp
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.votes import Vote
from tagbot.database.tables import TABLES
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.lib.names import email_key, name_key
from tagbot.vocabulary import Consent
from tests.database.rows import a_face, an_earned_vote
from tests.examples import examples
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

RULE = Rule(2, 3)

_times = itertools.count(1000.0)


@pytest.fixture
def key(tmp_path: Path) -> KeyedHash:
    return KeyedHash.in_file(tmp_path / "opt-out.key")


def an_account(slack_id: str, name: str | None = None) -> Person:
    person = Person.with_slack_id(slack_id, next(_times))
    Person.update(name=name or slack_id.title(), enriched_at=1.0).where(Person.id == person.id).execute()
    return Person.get_by_id(person.id)


def tagged(person: Person, **changes: object) -> Face:
    at = next(_times)
    row = {"state": "tagged", "person": person.id, "tagged_at": at, "closed_at": at, "message_ts": str(at)}
    return a_face(**{**row, "channel": "C1", **changes})


def asked(*answers: str, **changes: object) -> Face:
    """A face that is asked about, with a vote for each of these answers."""
    face = a_face(state="open", **{"message_ts": str(next(_times)), "channel": "C1", **changes})
    for number, answer in enumerate(answers):
        Vote.put(face_id=face.id, tagger=f"UT{number}", answer=answer, round=1, at=next(_times))
    return face


def whose(face: Face) -> str | None:
    person = Face.get_by_id(face.id).person
    return person.id if person else None


def everything() -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, but what counts how often messages are to be shown."""
    with database.bind_ctx(TABLES):
        rows: dict[str, Any] = {table._meta.table_name: list(table.select().dicts()) for table in TABLES}
    for request in rows["request"]:
        del request["revision"]
    return {name: sorted(some_rows, key=repr) for name, some_rows in rows.items()}


def refusal(attempt: Callable[[], object]) -> WhyUnchanged | None:
    try:
        attempt()
    except PeopleUnchanged as unchanged:
        return unchanged.why
    return None


@pytest.mark.rule("merge-faces-and-votes")
def test_faces_and_votes_are_the_others_from_now_on(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    ours, theirs = tagged(anna), tagged(ben)
    face = asked("UANNA", "UBEN")
    assert outcome(face.id, 1, RULE) == PeopleDiffer()
    facts = merge(anna.id, ben.id, key, 5.0)
    assert (whose(ours), whose(theirs)) == (ben.id, ben.id)
    assert outcome(face.id, 1, RULE) == Agreed("UBEN")
    assert [(fact.face_id, fact.round) for fact in facts] == [(face.id, 1)], "people agree on it by this"
    assert {line["person"]["slack_id"] for line in lines()} == {"UBEN"}
    assert [known.person.id for known in known_people()] == [ben.id]
    assert [known.faces for known in known_people()] == [2]
    assert set(stale_in_slack()) == {ours.request_id, face.request_id}, "what names them is shown anew"


@pytest.mark.rule("unmerge-exact")
def test_an_unmerge_leaves_every_row_as_it_was(key: KeyedHash) -> None:
    anna, zoe = an_account("UANNA"), Person.with_name("Zoë Nowak", "zoe@example.com", 1.0)
    tagged(anna, training_backend="local", person_ref=anna.id, face_ref="f1")
    for person in (anna, zoe):
        tagged(person)
        asked(person.as_answer, "UOTHER")
        Guess.create(face=asked().id, round=1, person=person.id, at=0.5, votes=True)
        ConsentStatement.note(person.id, Consent.GIVEN, at=next(_times), way="Slack", text_id=None)
    ConsentStatement.note(zoe.id, Consent.REFUSED, at=next(_times), way="Slack", text_id=None)
    before = everything()
    for source, target in ((anna, zoe), (zoe, anna)):
        merge(source.id, target.id, key, 9e9)
        assert everything() != before
        unmerge(source.id)
        assert everything() == before


@pytest.mark.rule("unmerge-exact")
def test_faces_that_were_given_to_the_other_since_stay_with_them(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    came = tagged(anna)
    merge(anna.id, ben.id, key, 5.0)
    face = asked("UANNA", "UBEN")
    agreed = outcome(face.id, 1, RULE)
    assert isinstance(agreed, Agreed)
    with writing():
        person = agreed_person(face.id, agreed, 6.0)
        Face.update(person=person, state="tagged", tagged_at=6.0).where(Face.id == face.id).execute()
    assert person.id == ben.id
    unmerge(anna.id)
    assert (whose(came), whose(face)) == (anna.id, ben.id)
    assert {vote.answer for vote in Vote.of(face.id)} == {"UBEN"}, "people gave it to the one who was both"


@pytest.mark.rule("unmerge-exact")
def test_a_chain_is_undone_in_any_order(key: KeyedHash) -> None:
    people = [an_account(f"U{number}") for number in range(3)]
    faces = [tagged(person) for person in people]
    for order in itertools.permutations((0, 1)):
        merge(people[0].id, people[1].id, key, 5.0)
        merge(people[1].id, people[2].id, key, 6.0)
        assert {whose(face) for face in faces} == {people[2].id}
        assert [each.id for each in merged_into(people[2].id)] == [people[1].id, people[0].id]
        first, second = order
        unmerge(people[first].id)
        alone = {people[0].id} if first == 0 else {people[0].id, people[1].id}
        assert whose(faces[0]) == (people[0].id if first == 0 else people[1].id), alone
        unmerge(people[second].id)
        assert [whose(face) for face in faces] == [person.id for person in people]


Step = tuple[str, int, int]


@pytest.mark.ci
@pytest.mark.rule("unmerge-exact")
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=some.lists(
        some.tuples(
            some.sampled_from(["tag", "undo", "merge", "unmerge"]), some.integers(0, 3), some.integers(0, 3)
        ),
        max_size=25,
    )
)
def test_whatever_is_merged_tagged_undone_and_parted_each_face_is_whose_people_gave_it_to(
    key: KeyedHash, steps: list[Step]
) -> None:
    people = [Person.with_name(f"P{next(_times)}", None, 1.0).id for _ in range(4)]
    faces = [a_face(state="open", message_ts="1.0", channel="C1") for _ in range(4)]
    into: dict[str, str] = {}
    given_to: dict[str, str] = {}

    def root(person: str) -> str:
        return root(into[person]) if person in into else person

    for what, one, other in steps:
        face, person, target = faces[one], people[one], people[other]
        fresh = Face.get_by_id(face.id)
        match what:
            case "tag" if face.id not in given_to:
                Vote.put(face_id=face.id, tagger="U1", answer=target, round=fresh.round, at=next(_times))
                agreed = outcome(face.id, fresh.round, Rule(1, 3))
                assert isinstance(agreed, Agreed)
                found = agreed_person(face.id, agreed, 1.0)
                Face.update(person=found, state="tagged", tagged_at=1.0).where(Face.id == face.id).execute()
                given_to[face.id] = root(target)
            case "undo" if face.id in given_to:
                assert ask_again(face.id, fresh.round, "tagged", by="U2")
                Face.update(state="open").where(Face.id == face.id).execute()
                del given_to[face.id]
            case "merge":
                why = refusal(partial(merge, person, target, key, next(_times)))
                if why is None:
                    into[person] = target
                assert (why is None) == (person in into and into[person] == target) or why == "same"
            case "unmerge":
                why = refusal(partial(unmerge, person))
                assert (why is None) == (into.pop(person, None) is not None)
        for each in faces:
            assert whose(each) == (root(given_to[each.id]) if each.id in given_to else None)


@pytest.mark.rule("merge-refused")
def test_what_cannot_be_merged_is_refused_and_changes_nothing(key: KeyedHash) -> None:
    anna, ben, chris = (an_account(each) for each in ("UANNA", "UBEN", "UCHRIS"))
    merge(anna.id, ben.id, key, 5.0)
    before = everything()
    for source, target, why in (
        (chris.id, chris.id, WhyUnchanged.SAME),
        (anna.id, ben.id, WhyUnchanged.SAME),
        (ben.id, anna.id, WhyUnchanged.SAME),
        (anna.id, chris.id, WhyUnchanged.ALREADY_MERGED),
        (chris.id, anna.id, WhyUnchanged.INTO_MERGED),
        ("nobody", anna.id, WhyUnchanged.UNKNOWN),
        (chris.id, "nobody", WhyUnchanged.UNKNOWN),
    ):
        assert refusal(partial(merge, source, target, key, 6.0)) == why
    assert refusal(lambda: unmerge(ben.id)) == WhyUnchanged.NOT_MERGED
    assert refusal(lambda: unmerge("nobody")) == WhyUnchanged.UNKNOWN
    assert everything() == before


@pytest.mark.rule("merge-refused")
def test_nobody_is_merged_with_one_who_opted_out_or_is_being_forgotten(key: KeyedHash) -> None:
    anna, ben, chris = (an_account(each) for each in ("UANNA", "UBEN", "UCHRIS"))
    OptOut.keep_out("UANNA", key, 1.0)
    Forgetting.begin("receipt", marks_of("UBEN"), way="command", never_again=False, now=1.0)
    for source, target, why in (
        (anna, chris, WhyUnchanged.OPTED_OUT),
        (chris, anna, WhyUnchanged.OPTED_OUT),
        (ben, chris, WhyUnchanged.BEING_FORGOTTEN),
        (chris, ben, WhyUnchanged.BEING_FORGOTTEN),
    ):
        assert refusal(partial(merge, source.id, target.id, key, 6.0)) == why
    assert refusal(lambda: rename(ben.id, "Benedict", 6.0)) == WhyUnchanged.BEING_FORGOTTEN


@pytest.mark.rule("merged-is-one")
def test_either_account_and_either_name_means_the_one_person(key: KeyedHash) -> None:
    anna, zoe = an_account("UANNA", "Anna Lee"), Person.with_name("Zoë Nowak", None, 1.0)
    merge(anna.id, zoe.id, key, 5.0)
    for text in ("UANNA", anna.id, zoe.id, "anna lee", "Zoë Nowak"):
        assert [each.id for each in people_called(text)] == [zoe.id]
        assert Person.answered("UANNA", 1.0).id == zoe.id
    assert person_meant(name_key("Zoë Nowak"), email_key(""), a_face().id) == zoe.id
    face = asked("UANNA")
    Vote.put(face_id=face.id, tagger="UT9", answer=zoe.id, round=1, at=next(_times), name="zoë nowak")
    agreed = outcome(face.id, 1, RULE)
    assert isinstance(agreed, Agreed)
    with writing():
        assert agreed_person(face.id, agreed, 6.0).id == zoe.id
    assert Person.get_by_id(zoe.id).name == "Zoë Nowak"


@pytest.mark.rule("merged-is-one")
def test_a_typed_name_of_one_who_was_merged_means_the_other_and_does_not_rename_them(key: KeyedHash) -> None:
    bob, robert = Person.with_name("Bob", None, 1.0), Person.with_name("Robert", None, 1.0)
    Person.with_name("Robert", "another@example.com", 0.5)
    merge(bob.id, robert.id, key, 5.0)
    face = asked()
    for tagger in ("U1", "U2"):
        answer = person_meant(name_key("bob"), "", face.id)
        Vote.put(face_id=face.id, tagger=tagger, answer=answer, round=1, at=next(_times), name="bob")
    agreed = outcome(face.id, 1, RULE)
    assert isinstance(agreed, Agreed)
    with writing():
        assert agreed_person(face.id, agreed, 6.0).id == robert.id
    assert Person.get_by_id(robert.id).name == "Robert"


@pytest.mark.rule("merged-is-one")
def test_the_machine_names_one_person_and_was_right_about_either(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    voting, judged = asked("UBEN"), asked()
    for face in (voting, judged):
        Guess.create(face=face.id, round=1, person=anna.id, at=0.5, votes=face is voting)
    an_earned_vote(anna)
    merge(anna.id, ben.id, key, 5.0)
    assert outcome(voting.id, 1, replace(RULE, machine_votes=True)) == Agreed("UBEN")
    before = Guess.record().right
    Guess.judge(judged.id, 1, ben, 6.0, had_vote=False)
    assert Guess.record().right == before + 1


@pytest.mark.rule("merged-is-one")
def test_a_name_in_a_photo_means_the_one_person(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA", "Anna Lee"), an_account("UBEN", "Ben Lee")
    face = a_face()
    NamedFace.note([(face.id, "Anna Lee"), (face.id, "Ben Lee")], key)
    merge(anna.id, ben.id, key, 5.0)
    assert NamedFace.people([face], key) == [ben.id]


@pytest.mark.rule("merge-shares")
def test_faces_told_apart_as_the_two_may_share_a_request_until_the_unmerge(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    faces = [tagged(anna), tagged(ben)]
    for face in faces:
        assert ask_again(face.id, 1, "tagged", by="U1")
    waiting = [Face.get_by_id(face.id) for face in faces]
    assert len(who_may_share(waiting)) == 1
    merge(anna.id, ben.id, key, 5.0)
    assert len(who_may_share(waiting)) == 2
    unmerge(anna.id)
    assert len(who_may_share(waiting)) == 1


@pytest.mark.rule("merge-shares")
def test_a_face_undone_while_they_are_one_is_remembered_as_whose_people_gave_it_to(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    faces = [tagged(anna), tagged(ben)]
    merge(anna.id, ben.id, key, 5.0)
    for face in faces:
        assert ask_again(face.id, 1, "tagged", by="U1")
    waiting = [Face.get_by_id(face.id) for face in faces]
    assert len(who_may_share(waiting)) == 2
    unmerge(anna.id)
    assert len(who_may_share(waiting)) == 1


@pytest.mark.rule("merge-stats-stay")
def test_what_people_said_before_counts_for_the_figures_as_they_said_it(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    face = tagged(anna)
    for number, answer in enumerate(("UANNA", "UBEN", "UANNA")):
        Vote.put(face_id=face.id, tagger=f"UT{number}", answer=answer, round=1, at=next(_times))
    Effort.add_answer(1)
    before = list(last_labelled(9)), Effort.counts()
    merge(anna.id, ben.id, key, 5.0)
    assert (list(last_labelled(9)), Effort.counts()) == before


CONSENTS = [Consent.NONE, Consent.GIVEN, Consent.REFUSED]


@pytest.mark.rule("merge-stricter-consent")
@pytest.mark.parametrize("first", CONSENTS)
@pytest.mark.parametrize("second", CONSENTS)
def test_the_stricter_of_two_consents_holds_until_they_say_otherwise(
    key: KeyedHash, first: Consent, second: Consent
) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    for person, said in ((anna, first), (ben, second)):
        if said != Consent.NONE:
            ConsentStatement.note(person.id, said, at=next(_times), way="Slack", text_id=None)
    merge(anna.id, ben.id, key, next(_times))
    if Consent.REFUSED in (first, second):
        assert standing(ben.id) == Consent.REFUSED
        assert not may_be_learned(ben.id, required=False)
    else:
        both = first == second == Consent.GIVEN
        assert may_be_learned(ben.id, required=True) == both
        assert may_be_learned(ben.id, required=False)
    ConsentStatement.note(anna.id, Consent.GIVEN, at=next(_times), way="Slack", text_id=None)
    assert standing(ben.id) == Consent.GIVEN, "the person who is both has said so now"
    unmerge(anna.id)
    assert (standing(anna.id), standing(ben.id)) == (Consent.GIVEN, second)


@pytest.mark.rule("merge-stricter-consent")
def test_a_no_that_was_said_before_the_merge_and_arrives_after_it_holds(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    for person in (anna, ben):
        ConsentStatement.note(person.id, Consent.GIVEN, at=10.0, way="Slack", text_id=None)
    merge(anna.id, ben.id, key, 20.0)
    assert standing(ben.id) == Consent.GIVEN
    ConsentStatement.note(anna.id, Consent.REFUSED, at=15.0, way="Slack", text_id=None)
    assert standing(ben.id) == Consent.WITHDRAWN
    unmerge(anna.id)
    assert (standing(anna.id), standing(ben.id)) == (Consent.WITHDRAWN, Consent.GIVEN)


@pytest.mark.rule("forgets-both-halves")
def test_by_either_half_both_are_meant_to_be_forgotten(key: KeyedHash) -> None:
    anna, zoe = an_account("UANNA", "Anna Lee"), Person.with_name("Zoë Nowak", "zoe@example.com", 1.0)
    merge(anna.id, zoe.id, key, 5.0)
    for text in ("UANNA", anna.id, zoe.id):
        marks = marks_of(text)
        assert set(marks.ids) == {"UANNA", anna.id, zoe.id}
        assert set(marks.names) == {"Anna Lee", "Zoë Nowak"}
    assert ids_of("anna lee") == ids_of("zoë nowak") == {zoe.id}


@pytest.mark.rule("forgets-both-halves")
def test_one_who_was_merged_is_seen_where_the_other_is_and_has_not_left_with_an_old_account(
    key: KeyedHash,
) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    tagged(ben, stored_at=9e9)
    merge(anna.id, ben.id, key, 5.0)
    assert unseen_people(8e9) == []
    assert known_accounts() == ["UBEN"]


@pytest.mark.rule("merged-is-one", "own-rights")
def test_own_data_has_both_halves(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA", "Anna Lee"), an_account("UBEN")
    faces = [tagged(anna), tagged(ben)]
    for account in ("UANNA", "UBEN"):
        Vote.put(face_id=faces[0].id, tagger=account, answer="UANNA", round=1, at=next(_times))
    ConsentStatement.note(anna.id, Consent.GIVEN, at=1.0, way="Slack", text_id=None)
    merge(anna.id, ben.id, key, 5.0)
    data = own_data(Person.of_account("UANNA"), "UANNA")
    assert {line["face_id"] for line in data["faces"]} == {face.id for face in faces}
    assert data["person"]["slack_id"] == "UBEN"
    assert [each["name"] for each in data["merged"]] == ["Anna Lee"]
    assert (len(data["answers"]), len(data["consents"])) == (2, 1)
    assert {answers_of(account) for account in ("UANNA", "UBEN")} == {2}, "and so many are told of"


@pytest.mark.rule("rename")
def test_a_name_that_an_admin_gave_stays_whatever_people_type(key: KeyedHash) -> None:
    zoe = Person.with_name("Zoe Novak", None, 1.0)
    face, open_face = tagged(zoe), asked(zoe.id)
    Vote.put(face_id=open_face.id, tagger="U2", answer=zoe.id, round=1, at=2.0, name="Zoe Novak")
    stamps = {stamp()}
    assert rename(zoe.id, "  Zoë  Nowak ", 5.0) == "Zoë Nowak"
    stamps.add(stamp())
    assert len(stamps) == 2, "Homes are drawn anew"
    assert set(stale_in_slack()) == {face.request_id, open_face.request_id}
    agreed = outcome(open_face.id, 1, RULE)
    assert isinstance(agreed, Agreed), "the one who was typed and the one who was picked are the same still"
    with writing():
        assert agreed_person(open_face.id, agreed, 6.0).id == zoe.id
    assert Person.get_by_id(zoe.id).name == "Zoë Nowak"
    assert person_meant(name_key("zoë nowak"), "", a_face().id) == zoe.id
    assert person_meant(name_key("zoe novak"), "", a_face().id) != zoe.id, "that may be somebody else now"
    ben = an_account("UBEN")
    merge(ben.id, zoe.id, key, 7.0)
    rename(ben.id, "Zoë", 8.0)
    assert (Person.get_by_id(zoe.id).name, Person.get_by_id(ben.id).name) == ("Zoë", "Uben")


@pytest.mark.rule("rename")
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", WhyUnchanged.NO_NAME),
        (" \u3164\u202e ", WhyUnchanged.NO_NAME),
        ("x" * 201, WhyUnchanged.NAME_TOO_LONG),
    ],
)
def test_a_name_that_cannot_be_seen_or_is_too_long_is_refused(name: str, why: WhyUnchanged) -> None:
    anna = an_account("UANNA", "Anna Lee")
    assert refusal(lambda: rename(anna.id, name, 5.0)) == why
    assert refusal(lambda: rename("nobody", "Anna", 5.0)) == WhyUnchanged.UNKNOWN
    assert Person.get_by_id(anna.id).name == "Anna Lee"


def test_a_request_that_offers_one_of_them_is_shown_anew(key: KeyedHash) -> None:
    anna, ben = an_account("UANNA"), an_account("UBEN")
    face = asked()
    Request.note(str(face.request_id), line_up=f'["{ben.id}"]')
    other = asked()
    merge(anna.id, ben.id, key, 5.0)
    assert stale_in_slack() == [face.request_id] != [other.request_id]
