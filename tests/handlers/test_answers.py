"""FaceTag and SomeoneElse: an answer is on its queue before Slack is acknowledged."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.handlers.someone_else import parse
from tagbot.messages import AnswerGiven
from tagbot.queues import Counts
from tagbot.sandbox.driver import Slack
from tagbot.slack import people_words, words
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened, someone_else_modal
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import ActionId
from tests.handlers.conftest import SLOW_DISK, Desk, connected_desk
from tests.stages.made_up_people import asked_about, known
from tests.world import a_world, ts_of


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
        act = desk.slack.choose(anna, ts_of(face), action, ben)
    else:
        act = desk.slack.click(anna, ts_of(face), action)
    assert (act.acknowledged, act.error) == (True, None)
    [answer] = answers(desk)
    assert (answer.face_id, answer.round, answer.tagger) == (face.id, 1, anna)
    assert answer.answer == (ben if action == "tag_person" else action)
    assert answer.clicks == (2 if action == "tag_person" else 1), "a list is opened first"
    assert answer.message_ts == ts_of(face)
    assert before <= answer.at <= time.time()
    assert before <= answer.received <= time.time()


@pytest.mark.rule("answer-before-acknowledgement")
def test_the_answer_is_stored_before_slack_is_acknowledged(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.disk_seconds = SLOW_DISK
    act = desk.slack.click(anna, ts_of(face), "not_a_face")
    [(_, stored_at)] = desk.stored
    assert stored_at <= (act.acknowledged_at or 0.0)


def test_a_change_of_mind_is_one_answer_more_and_a_later_one(desk: Desk) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    desk.slack.choose(anna, ts_of(face), "tag_person", ben)
    desk.slack.choose(anna, ts_of(face), "tag_person", anna)
    first, second = answers(desk)
    assert (first.answer, second.answer) == (ben, anna)
    assert first.at < second.at


def open_modal(desk: Desk, face: Face, member: str) -> str:
    act = desk.slack.click(member, ts_of(face), "someone_else")
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
    assert answer.clicks == 4, "opened, two fields, submitted"
    assert answer.message_ts == ts_of(face)


@pytest.mark.rule("someone-else-modal")
def test_an_email_is_optional(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.submit(anna, open_modal(desk, face, anna), {"name": "Zoë"})
    [answer] = answers(desk)
    assert (answer.name, answer.email, answer.clicks) == ("Zoë", "", 3)


@pytest.mark.rule("answers-by-slacks-clock")
@pytest.mark.parametrize("ahead", [-3600.0, -30.0, 0.0, 30.0, 3600.0])
def test_the_last_of_picks_and_typed_names_is_the_latest_whatever_the_machines_clock_says(
    desk: Desk, ahead: float
) -> None:
    desk.world.offset = ahead
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    desk.slack.choose(anna, ts_of(face), "tag_person", ben)
    view = open_modal(desk, face, anna)
    desk.slack.choose(anna, ts_of(face), "tag_person", anna)  # beside the open modal
    desk.slack.submit(anna, view, {"name": "Zoë"})
    desk.slack.choose(anna, ts_of(face), "tag_person", ben)
    given = answers(desk)
    assert [each.name or each.answer for each in sorted(given, key=lambda each: each.at)] == [
        ben,
        anna,
        "Zoë",
        ben,
    ]
    assert all(abs(each.received - desk.world.services.now()) < 60 for each in given)


@pytest.mark.rule("answers-by-slacks-clock")
def test_a_modal_counts_after_the_click_that_opened_it_also_when_our_clock_is_set_back_meanwhile(
    desk: Desk,
) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    desk.slack.choose(anna, ts_of(face), "tag_person", ben)
    view = open_modal(desk, face, anna)
    desk.world.offset = -3600.0
    desk.slack.submit(anna, view, {"name": "Zoë"})
    pick, typed = answers(desk)
    assert pick.at < typed.at


def test_a_modal_that_an_older_version_opened_is_an_answer(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    asked = {"face_id": face.id, "round": 1, "message_ts": ts_of(face)}
    values = {field: {field: {"value": field}} for field in ("name", "email")}
    values["email"]["email"]["value"] = ""
    body = {
        "user": {"id": anna},
        "view": {"private_metadata": json.dumps(asked), "state": {"values": values}},
    }
    answer = parse(body, 5.0)
    assert isinstance(answer, AnswerGiven)
    assert (answer.name, answer.at, answer.received) == ("name", 5.0, 5.0)


@pytest.mark.rule("names-turn-nothing")
def test_what_turns_text_is_taken_out_of_a_name(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    typed = {"name": "\u202eZoë\u2066 Moon\u200b", "email": "\u200ezoe@example.com"}
    desk.slack.submit(anna, open_modal(desk, face, anna), typed)
    [answer] = answers(desk)
    assert (answer.name, answer.email) == ("Zoë Moon", "zoe@example.com")


@pytest.mark.rule("submit-is-answer")
@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"name": "   "}, {"name": people_words.NAME_OR_KNOWN_MISSING}),
        ({"name": "Z" * 201}, {"name": words.NAME_TOO_LONG}),
        ({"name": "Zoë", "email": "zoe at example"}, {"email": words.EMAIL_WRONG}),
        ({"name": "\u3164"}, {"name": people_words.NAME_OR_KNOWN_MISSING}),
        ({"name": "\u2800 \u200b\u202e"}, {"name": people_words.NAME_OR_KNOWN_MISSING}),
        (
            {"name": " ", "email": "@"},
            {"name": people_words.NAME_OR_KNOWN_MISSING, "email": words.EMAIL_WRONG},
        ),
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
        desk.slack.click(member, ts_of(face), action, wait=False)
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


# --- In a channel that tags no more ------------------------------------------------------------------------


@pytest.fixture(name="old_desk")
def _old_desk(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> Iterator[tuple[Desk, Face]]:
    """A bot that has another channel now, and a face whose request is in the old one."""
    stand_in.set_channel("C0NEW00001", name="new", members=[stand_in.people[0], stand_in.bot_user])
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = world.face(posted=True)
    with (
        a_world(tmp_path, stand_in, recogniser, SLACK_CHANNEL="C0NEW00001") as world,
        connected_desk(world) as desk,
    ):
        yield desk, face


@pytest.mark.rule("clicks-where-asked")
@pytest.mark.failure("channel-changed", shows="who is told")
@pytest.mark.parametrize("is_bot_there", [True, False])
@pytest.mark.parametrize("action", ["not_a_face", "dont_know", "someone_else"])
def test_who_clicks_there_is_told_so_and_it_does_not_count(
    old_desk: tuple[Desk, Face], action: str, is_bot_there: bool
) -> None:
    (desk, face), (anna, *people) = old_desk, old_desk[0].slack.people
    if not is_bot_there:
        desk.slack.set_channel(members=[anna, *people])
    act = desk.slack.click(anna, ts_of(face), action)
    assert (act.acknowledged, act.error) == (True, None)
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ASKED_ELSEWHERE)
    assert desk.slack.views(anna) == []
    desk.world.drain()
    assert Vote.of(face.id) == []


@pytest.mark.rule("clicks-where-asked")
def test_a_form_that_was_opened_there_says_so_and_nothing_is_stored(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    view = someone_else_modal(RequestId(face.id, 1), Opened(ts_of(face), "C0OLD00001", 1.0, 1.0))
    act = desk.slack.click(anna, ts_of(face), "someone_else")
    shown = desk.slack.wait_for_view(anna)
    desk.client.views_update(view_id=shown.id, view=view)
    act = desk.slack.submit(anna, shown.id, {"name": "Zora Neale"})
    assert act.acknowledged
    [open_view] = desk.slack.views(anna)
    assert open_view.errors == {"name": words.ASKED_ELSEWHERE}
    assert answers(desk) == []


@pytest.mark.rule("pick-is-an-answer", "answer-before-acknowledgement")
def test_a_click_on_an_offered_name_is_the_answer_of_its_value_in_one_click(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, LINE_UP="4") as world, connected_desk(world) as desk:
        people = [known(number, name) for number, name in enumerate(["Dora", "Anna"])]
        face = asked_about(world, 0)
        act = stand_in.click(stand_in.people[0], ts_of(face), "pick_2")
        assert (act.acknowledged, act.error) == (True, None)
        [answer] = answers(desk)
        assert (answer.face_id, answer.round, answer.tagger) == (face.id, 1, stand_in.people[0])
        assert (answer.answer, answer.clicks) == (people[0].id, 1)
