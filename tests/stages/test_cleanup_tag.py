"""CleanupTag: a face that cannot be tagged is closed, and its request says why."""

from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored, FaceTagged, TrainingRefused
from tagbot.slack import words
from tagbot.stages.cleanup_tag import cleanup_tag
from tagbot.stages.send_face_for_training import send_face_for_training
from tagbot.vocabulary import SpecialAnswer
from tests.stages.scenes import (
    MakeWorld,
    agreed,
    blur,
    controls,
    drain_until,
    fresh,
    requests,
    say,
    seen,
    shown,
    votes,
    words_of,
)
from tests.world import World, request_of


def refused(face: Face, reason: str = "too_blurred") -> TrainingRefused:
    """That the backend, or people, refused the face."""
    return TrainingRefused(face_id=face.id, round=face.round, reason=reason)


def work(world: World, message: TrainingRefused) -> list[FaceStored]:
    """The stage alone, on one message."""
    return list(cleanup_tag(message, world.services))


def claimed(world: World, answer: str) -> Face:
    """A face in training, of which the backend has yet to say something."""
    face = agreed(world, answer)
    assert Face.move(face.id, face.round, "open", "training", closed_at=world.services.now())
    return fresh(face)


@pytest.mark.rule("rejection-reason")
@pytest.mark.failure("readme-face-blurred", "face-unusable")
def test_a_picture_that_is_too_blurred_ends_as_a_rejected_face(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    blur(world, face)
    say(world, face, people[2], *people[:2])
    row = fresh(face)
    assert (row.state, row.reason, row.person) == ("rejected", "too_blurred", None)
    assert votes(face) == {}
    assert TrainedVector.select().count() == 0
    message = shown(world, face)
    assert words.REJECTED["too_blurred"] in message.text
    assert words.REJECTED["too_blurred"] in words_of(message)
    assert controls(message) == set()
    assert people[2] not in seen(message), "whom people chose is gone with the votes"


@pytest.mark.rule("votes-after-rejection")
@pytest.mark.parametrize("reason", ["no_face", "too_blurred", "not_an_image", "unanswered"])
def test_votes_go_where_people_are_not_the_reason(world: World, people: list[str], reason: str) -> None:
    face = claimed(world, people[2]) if reason != "unanswered" else world.face(posted=True)
    if reason == "unanswered":
        say(world, face, people[2], people[0])
    work(world, refused(face, reason))
    assert (fresh(face).state, fresh(face).reason) == ("rejected", reason)
    assert votes(face) == {}
    assert words.REJECTED[reason] in shown(world, face).text


@pytest.mark.rule("votes-after-rejection", "not-a-face")
@pytest.mark.parametrize(
    ("reason", "answer"), [("not_a_face", SpecialAnswer.NOT_A_FACE), ("unknown", SpecialAnswer.DONT_KNOW)]
)
def test_votes_stay_where_people_are_the_reason(
    world: World, people: list[str], reason: str, answer: str
) -> None:
    face = world.face(posted=True)
    say(world, face, answer, *people[:3])
    assert (fresh(face).state, fresh(face).reason) == ("rejected", reason)
    assert set(votes(face).values()) == {answer}
    message = shown(world, face)
    assert words.REJECTED[reason] in message.text
    assert words.mention(people[0]) in message.text
    assert controls(message) == set()


@pytest.mark.rule("rejection-reason")
@pytest.mark.parametrize("reason", [*words.REJECTED, "a_reason_of_a_later_version"])
def test_every_reason_is_said_in_plain_words(world: World, people: list[str], reason: str) -> None:
    face = claimed(world, people[2])
    assert Face.move(face.id, face.round, face.state, "rejected", reason=reason)
    message = shown(world, face)
    (headline, *_) = words_of(message)
    assert headline in message.text
    assert "_" not in headline
    assert headline.endswith((".", ")."))


@pytest.mark.rule("open-requests-limited")
def test_the_next_face_that_waits_is_let_in(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face = world.face(posted=True)
    next_one = world.face(posted=True)
    assert next_one.state == "waiting"
    say(world, face, SpecialAnswer.NOT_A_FACE, *world.slack.people[:2])
    assert fresh(next_one).state == "open"
    assert len(requests(world)) == 2


# --- Nobody answered ------------------------------------------------------------------------------------


@pytest.mark.rule("unanswered-expires")
def test_a_request_that_people_finish_meanwhile_is_theirs(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    work(world, refused(face, "unanswered"))
    assert fresh(face).state == "open"
    assert len(votes(face)) == 2
    list(send_face_for_training(FaceTagged(face_id=face.id, cause="U1:1.0"), world.services))
    work(world, refused(face, "unanswered"))
    assert fresh(face).state == "training"


@pytest.mark.rule("click-on-closed-face")
def test_an_answer_too_late_for_a_request_that_went_unanswered_is_told_so(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    work(world, refused(face, "unanswered"))
    world.publish(world.answer(face, people[0], people[1]))
    world.drain()
    assert votes(face) == {}
    assert world.told(people[0]) == [words.CLOSED]


# --- Twice is harmless ----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["too_blurred", "not_a_face"])
def test_twice_is_harmless(world: World, people: list[str], reason: str) -> None:
    face = claimed(world, people[2])
    work(world, refused(face, reason))
    row, left, updates = fresh(face), votes(face), len(world.slack.calls("chat.update"))
    assert work(world, refused(face, reason)) == []
    again = fresh(face)
    assert (again.state, again.reason, request_of(again).revision) == (
        row.state,
        row.reason,
        request_of(row).revision,
    )
    assert votes(face) == left
    assert len(world.slack.calls("chat.update")) == updates


def test_a_message_of_an_earlier_round_changes_nothing(world: World, people: list[str]) -> None:
    face = claimed(world, people[2])
    work(world, TrainingRefused(face_id=face.id, round=0, reason="no_face"))
    assert fresh(face).state == "training"
    assert len(votes(face)) == 2


@pytest.mark.rule("told-again-harmless")
def test_votes_of_a_new_round_are_not_touched(world: World, people: list[str]) -> None:
    face = claimed(world, people[2])
    work(world, refused(face))
    assert ask_again(face.id, 1, "rejected", by=None)
    Vote.put(face_id=face.id, tagger=people[0], answer=people[1], round=2, at=1.0)
    work(world, refused(face))
    assert votes(face) == {people[0]: people[1]}


# --- Retry and Reject -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 6}, 6.0),
        ({"status": 500}, None),
        ({"reset": True, "effect": True}, None),
        ({"error": "account_inactive"}, None),
    ],
    ids=str,
)
def test_a_closed_face_is_shown_later_when_slack_cannot_show_it_now(
    world: World, people: list[str], fault: dict[str, Any], after: float | None
) -> None:
    face = claimed(world, people[2])
    world.slack.fail("chat.update", **fault)
    with pytest.raises(Retry) as why:
        work(world, refused(face))
    assert why.value.after == after
    assert fresh(face).state == "rejected"
    world.publish(refused(face))
    if after is None:
        drain_until(world, lambda: words.REJECTED["too_blurred"] in shown(world, face).text)


def test_an_update_that_slack_will_never_take_is_rejected_and_the_face_stays_closed(
    world: World, people: list[str]
) -> None:
    face = claimed(world, people[2])
    world.slack.fail("chat.update", error="msg_blocks_too_long")
    with pytest.raises(Reject):
        work(world, refused(face))
    assert fresh(face).state == "rejected"
