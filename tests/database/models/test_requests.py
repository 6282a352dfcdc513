"""Requests: asking again, which are open, and which face is next."""

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.places import count_open_requests, waiting_faces
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.rounds import PastRound, ask_again
from tagbot.database.models.votes import Vote
from tagbot.messages import FaceStored
from tagbot.vocabulary import State
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


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
        "request",
        "person",
        "claimed_by",
        "face_ref",
        "closed_at",
    )
    assert [getattr(again, name) for name in (*empty, "tagged_at")] == [None] * 7
    assert (again.crop_file, again.context_file) == ("F1", "F2"), "the uploaded pictures serve all rounds"
    assert Vote.of(face.id) == []
    past = PastRound.get()
    assert (past.request.message_ts, past.round, past.reopened_by) == ("1.0", 1, "U1")
    assert stale_in_slack() == [past.request.id], "Slack does not show yet that it is over"


def test_a_face_that_was_never_posted_leaves_no_past_round() -> None:
    face = a_face(state=State.REJECTED, reason="too_small")
    assert ask_again(face.id, 1, State.REJECTED, None)
    assert PastRound.select().count() == 0


def test_a_place_is_taken_while_a_request_is_open_on_its_way_or_still_shows_its_controls() -> None:
    a_face()
    a_face(pending="m")
    assert count_open_requests() == 0
    a_face(state=State.OPEN, message_ts="1.0")
    a_face(posting_since=1.0, pending="m")
    a_face(state=State.TAGGED, message_ts="2.0", revision=2, shown_revision=1)
    assert count_open_requests() == 3
    a_face(state=State.TAGGED, message_ts="3.0", revision=2, shown_revision=2)
    a_face(state=State.REJECTED)
    assert count_open_requests() == 3


def test_the_oldest_waiting_are_next_without_those_that_have_a_message() -> None:
    newer, older = a_face(stored_at=2.0), a_face(stored_at=1.0)
    a_face(stored_at=0.5, pending="m")
    a_face(stored_at=0.1, state=State.OPEN)
    assert [face.id for face in waiting_faces(5)] == [older.id, newer.id]
    assert [face.id for face in waiting_faces(1)] == [older.id]


def test_only_what_slack_does_not_show_yet_is_stale() -> None:
    a_face(state=State.OPEN, message_ts="1.0", revision=2, shown_revision=2)
    a_face(state=State.REJECTED)  # never posted, so there is nothing to show
    behind = a_face(state=State.OPEN, message_ts="2.0", revision=2, shown_revision=1)
    past = a_face(state=State.OPEN, message_ts="0.5")
    assert ask_again(past.id, 1, State.OPEN, None)
    assert set(stale_in_slack()) == {behind.request_id, past.request_id}
