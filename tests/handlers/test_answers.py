"""FaceTag and SomeoneElse: an answer is on its queue before Slack is acknowledged."""

import time

import pytest

from tagbot.database.models.faces import Face
from tagbot.messages import AnswerGiven
from tagbot.queues import Counts
from tagbot.slack import words
from tagbot.vocabulary import ActionId
from tests.handlers.conftest import SLOW_DISK, Desk


def answers(desk: Desk) -> list[AnswerGiven]:
    """Take what is on the answers' queue, and see that nothing is on any other."""
    found = desk.world.messages("face-tagging")
    assert not any(any(vars_of(queue.counts())) for queue in desk.world.queues.values())
    assert all(isinstance(message, AnswerGiven) for message in found)
    return found  # type: ignore[return-value]  # as the line before says


def vars_of(counts: Counts) -> tuple[int, ...]:
    return (counts.ready, counts.delayed, counts.in_flight, counts.dead)


@pytest.mark.rule("answer-before-acknowledgement", "four-ways-to-answer")
@pytest.mark.parametrize("action", ["tag_person", "not_a_face", "dont_know"])
def test_each_way_to_answer_puts_one_answer_on_the_queue(desk: Desk, action: str) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    before = time.time()
    if action == "tag_person":
        act = desk.slack.choose(anna, face.message_ts or "", action, ben)
    else:
        act = desk.slack.click(anna, face.message_ts or "", action)
    assert (act.acknowledged, act.error) == (True, None)
    [answer] = answers(desk)
    assert (answer.face_id, answer.round, answer.tagger) == (face.id, 1, anna)
    assert answer.answer == (ben if action == "tag_person" else action)
    assert answer.message_ts == face.message_ts
    assert before <= answer.at <= time.time()
    assert before <= answer.received <= time.time()


@pytest.mark.rule("answer-before-acknowledgement")
def test_the_answer_is_stored_before_slack_is_acknowledged(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.disk_seconds = SLOW_DISK
    act = desk.slack.click(anna, face.message_ts or "", "not_a_face")
    [(_, stored_at)] = desk.stored
    assert stored_at <= (act.acknowledged_at or 0.0)


def test_a_change_of_mind_is_one_answer_more_and_a_later_one(desk: Desk) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    desk.slack.choose(anna, face.message_ts or "", "tag_person", ben)
    desk.slack.choose(anna, face.message_ts or "", "tag_person", anna)
    first, second = answers(desk)
    assert (first.answer, second.answer) == (ben, anna)
    assert first.at < second.at


def open_modal(desk: Desk, face: Face, member: str) -> str:
    act = desk.slack.click(member, face.message_ts or "", "someone_else")
    assert act.acknowledged
    return desk.slack.wait_for_view(member, lambda view: view.content["callback_id"] == "someone_else").id


@pytest.mark.rule("someone-else-modal")
def test_someone_else_opens_the_modal_at_once_and_is_no_answer_yet(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    started = time.monotonic()
    open_modal(desk, face, anna)
    assert time.monotonic() - started < 3.0  # a trigger lives so long
    assert answers(desk) == []


@pytest.mark.rule("submit-is-answer")
def test_what_the_modal_says_is_an_answer(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    view = open_modal(desk, face, anna)
    act = desk.slack.submit(anna, view, {"name": "  Zoë Ångström ", "email": "zoe@example.com"})
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.slack.views(anna) == []
    [answer] = answers(desk)
    assert (answer.face_id, answer.round, answer.tagger, answer.answer) == (face.id, 1, anna, "")
    assert (answer.name, answer.email) == ("Zoë Ångström", "zoe@example.com")
    assert answer.message_ts == face.message_ts


@pytest.mark.rule("someone-else-modal")
def test_an_email_is_optional(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.submit(anna, open_modal(desk, face, anna), {"name": "Zoë"})
    [answer] = answers(desk)
    assert (answer.name, answer.email) == ("Zoë", "")


@pytest.mark.rule("submit-is-answer")
@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"name": "   "}, {"name": words.NAME_MISSING}),
        ({"name": "Z" * 201}, {"name": words.NAME_TOO_LONG}),
        ({"name": "Zoë", "email": "zoe at example"}, {"email": words.EMAIL_WRONG}),
        ({"name": " ", "email": "@"}, {"name": words.NAME_MISSING, "email": words.EMAIL_WRONG}),
    ],
)
def test_what_cannot_be_is_shown_in_the_modal_and_can_be_mended(
    desk: Desk, typed: dict[str, str], errors: dict[str, str]
) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    view = open_modal(desk, face, anna)
    desk.slack.submit(anna, view, typed)
    [shown] = desk.slack.views(anna)
    assert shown.errors == errors
    assert answers(desk) == []
    desk.slack.submit(anna, view, {"name": "Zoë", "email": "zoe@example.com"})
    assert len(answers(desk)) == 1


@pytest.mark.rule("submit-is-answer")
def test_a_modal_that_is_cancelled_is_no_answer(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.close_view(anna, open_modal(desk, face, anna))
    assert answers(desk) == []


@pytest.mark.rule("answers-at-once")
def test_people_answer_at_once_and_each_answer_is_stored_once(desk: Desk) -> None:
    face = desk.request()
    acts = [
        desk.slack.click(member, face.message_ts or "", action, wait=False)
        for _ in range(20)
        for member in desk.slack.people
        for action in ("not_a_face", "dont_know")
    ]
    finished = [desk.slack.finished(act) for act in acts]
    assert len(finished) == 200
    assert all(act.acknowledged for act in finished)
    latencies = sorted(act.latency_ms or 0.0 for act in finished)
    assert latencies[int(0.99 * len(latencies))] < 3000
    stored = answers(desk)
    assert len(stored) == 200
    assert {(each.tagger, f"{each.at:.6f}", each.answer) for each in stored} == {
        (act.member, act.payload["actions"][0]["action_ts"], act.payload["actions"][0]["action_id"])
        for act in finished
    }


def test_a_control_that_belongs_to_no_face_is_acknowledged_and_no_answer(desk: Desk) -> None:
    anna, ben = desk.slack.people[:2]
    select = {"type": "users_select", "action_id": ActionId.TAG_PERSON}
    posted = desk.client.chat_postMessage(
        channel=desk.slack.channel,
        text="An old message",
        blocks=[{"type": "actions", "block_id": "face:of-yesterday", "elements": [select]}],
    )
    act = desk.slack.choose(anna, str(posted["ts"]), ActionId.TAG_PERSON, ben)
    assert act.acknowledged
    assert answers(desk) == []
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.UNKNOWN_ACT)
