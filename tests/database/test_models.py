"""The tables' own rules: who is the same person, which vote stays, how a face moves, who is next."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.database.connection import connected, open_database
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person, name_key
from tagbot.database.models.requests import (
    PastRequest,
    ask_again,
    count_open_requests,
    next_waiting,
    stale_in_slack,
)
from tagbot.database.models.votes import Vote
from tagbot.messages import FaceStored
from tagbot.vocabulary import State
from tests.postgresql import on_every_database

pytestmark = on_every_database


@pytest.fixture(autouse=True)
def _database(database_url: str) -> Iterator[None]:
    open_database(database_url)
    with connected():
        yield


def a_face(**changes: object) -> Face:
    face_id, sha256 = str(uuid.uuid4()), uuid.uuid4().hex * 2
    photo = {"sha256": sha256, "width": 512, "height": 512, "faces_found": 1, "received_at": 1.0}
    row = {"id": face_id, "photo": sha256, "left": 1, "top": 2, "width": 90, "height": 91, "stored_at": 1.0}
    store_photo(photo, [row | changes])
    return Face.get_by_id(face_id)


# --- people ------------------------------------------------------------------------------------------------


def test_a_slack_account_is_one_person_however_often_it_is_chosen() -> None:
    first, again = Person.with_slack_id("U1", 1.0), Person.with_slack_id("U1", 2.0)
    assert first.id == again.id
    assert again.added_at == 1.0


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize(
    "name", ["zoë ångström", "  ZOË   Ångström ", "Zoe\u0308 A\u030angstro\u0308m", "Zoë\u00a0Ångström"]
)
def test_the_same_name_in_whatever_case_and_spacing_is_the_same_person(name: str) -> None:
    zoe = Person.with_name("Zoë Ångström", None, 1.0)
    assert Person.with_name(name, "zoe@example.com", 2.0).id == zoe.id
    assert Person.select().count() == 1


def test_an_email_is_kept_once_it_is_known_and_makes_nobody_another_person() -> None:
    Person.with_name("Zoë", None, 1.0)
    assert Person.with_name("zoë", "zoe@example.com", 2.0).email == "zoe@example.com"
    assert Person.with_name("ZOË", "other@example.com", 3.0).email == "zoe@example.com"


def test_another_name_is_another_person() -> None:
    assert Person.with_name("Zoë", None, 1.0).id != Person.with_name("Zoe", None, 1.0).id


def test_a_vote_means_a_slack_account_or_a_person_of_our_own() -> None:
    zoe = Person.with_name("Zoë", None, 1.0)
    assert Person.answered(zoe.id, 2.0).id == zoe.id
    assert Person.answered("U1", 2.0).slack_id == "U1"


@given(st.text(max_size=20))
def test_a_name_is_the_same_as_itself_written_otherwise(name: str) -> None:
    assert name_key(name) == name_key(f"  {name} ") == name_key(name_key(name))
    assert name_key(name) == name_key(name.casefold())


# --- votes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [(1.0, 2.0), (2.0, 1.0), (1.0, 2.0, 1.0, 2.0)])
def test_the_later_answer_of_a_tagger_stays_whichever_is_stored_first(times: tuple[float, ...]) -> None:
    face = a_face()
    for at in times:
        Vote.put(face_id=face.id, tagger="U1", answer=f"at {at}", round=1, at=at)
    assert [vote.answer for vote in Vote.of(face.id)] == ["at 2.0"]


def test_votes_come_in_the_order_in_which_they_were_given() -> None:
    face = a_face()
    for tagger, at in (("U3", 3.0), ("U1", 1.0), ("U2", 2.0)):
        Vote.put(face_id=face.id, tagger=tagger, answer="U9", round=1, at=at)
    assert [vote.tagger for vote in Vote.of(face.id)] == ["U1", "U2", "U3"]


# --- the states of a face ----------------------------------------------------------------------------------


@pytest.mark.rule("five-states")
def test_a_face_moves_once_and_only_from_the_state_and_round_that_was_seen() -> None:
    face = a_face()
    assert not Face.move(face.id, 2, State.WAITING, State.OPEN)
    assert not Face.move(face.id, 1, State.OPEN, State.TAGGED)
    assert Face.move(face.id, 1, State.WAITING, State.OPEN)
    assert not Face.move(face.id, 1, State.WAITING, State.OPEN)
    assert Face.get_by_id(face.id).revision == 1


@pytest.mark.rule("answers-of-their-round")
def test_asking_again_begins_a_round_without_anything_of_the_last_one() -> None:
    person = Person.with_slack_id("U9", 1.0)
    told = {
        "message_ts": "1.0",
        "person": person.id,
        "face_ref": "f",
        "crop_file": "F1",
        "context_file": "F2",
    }
    face = a_face(
        state=State.TAGGED, tagged_at=1.0, closed_at=1.0, claimed_by="m", reason="person_full", **told
    )
    Vote.put(face_id=face.id, tagger="U1", answer="U9", round=1, at=1.0)
    assert ask_again(face.id, 1, State.TAGGED, "U1")
    assert not ask_again(face.id, 1, State.TAGGED, "U2")
    again = Face.get_by_id(face.id)
    assert (again.state, again.round, again.pending) == (
        State.WAITING,
        2,
        FaceStored(face_id=face.id, round=2).id,
    )
    empty = (
        "reason",
        "posting_since",
        "message_ts",
        "posted_at",
        "person",
        "claimed_by",
        "face_ref",
        "closed_at",
    )
    assert [getattr(again, name) for name in (*empty, "tagged_at")] == [None] * 9
    assert (again.crop_file, again.context_file) == ("F1", "F2"), "the uploaded pictures serve all rounds"
    assert Vote.of(face.id) == []
    past = PastRequest.get()
    assert (past.message_ts, past.round, past.reopened_by, past.shown) == ("1.0", 1, "U1", False)


def test_a_face_that_was_never_posted_leaves_no_past_request() -> None:
    face = a_face(state=State.REJECTED, reason="too_small")
    assert ask_again(face.id, 1, State.REJECTED, None)
    assert PastRequest.select().count() == 0


def test_every_state_is_counted_also_where_there_is_none() -> None:
    a_face(state=State.OPEN)
    a_face(state=State.OPEN)
    a_face(state=State.REJECTED)
    assert Face.counts() == dict.fromkeys(State, 0) | {State.OPEN: 2, State.REJECTED: 1}


# --- places in the channel ---------------------------------------------------------------------------------


def test_a_place_is_taken_while_a_request_is_open_on_its_way_or_still_shows_its_controls() -> None:
    a_face()
    a_face(pending="m")
    assert count_open_requests() == 0
    a_face(state=State.OPEN, message_ts="1.0")
    a_face(posting_since=1.0, pending="m")
    a_face(state=State.TAGGED, message_ts="2.0", revision=2, shown_revision=1)
    assert count_open_requests() == 3
    a_face(state=State.TAGGED, message_ts="3.0", revision=2, shown_revision=2)
    a_face(state=State.REJECTED, revision=2)
    assert count_open_requests() == 3


def test_the_oldest_waiting_are_next_without_those_that_have_a_message() -> None:
    newer, older = a_face(stored_at=2.0), a_face(stored_at=1.0)
    a_face(stored_at=0.5, pending="m")
    a_face(stored_at=0.1, state=State.OPEN)
    assert [face.id for face in next_waiting(5)] == [older.id, newer.id]
    assert [face.id for face in next_waiting(1)] == [older.id]


def test_only_what_slack_does_not_show_yet_is_stale() -> None:
    a_face(state=State.OPEN, message_ts="1.0", revision=2, shown_revision=2)
    a_face(state=State.REJECTED, revision=1)  # never posted, so there is nothing to show
    behind = a_face(state=State.OPEN, message_ts="2.0", revision=2, shown_revision=1)
    past = a_face(round=2)
    PastRequest.insert(face=past.id, round=1, message_ts="0.5").execute()
    assert set(stale_in_slack()) == {behind.id, past.id}


def test_of_a_persons_faces_those_in_the_model_or_on_their_way_there_count() -> None:
    person = Person.with_slack_id("U9", 1.0)
    ours = a_face(state=State.OPEN)
    a_face(state=State.TAGGED, person=person.id, face_ref="f")
    a_face(state="training", person=person.id)
    a_face(state=State.TAGGED, person=person.id, reason="person_full")
    a_face(state="training", person=person.id, reason="person_full")
    a_face(state=State.TAGGED, person=Person.with_slack_id("U8", 1.0).id, face_ref="g")
    assert ours.in_model_of(person) == 2
