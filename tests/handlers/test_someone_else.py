"""SomeoneElse: the people without an account who were named before, offered as one types."""

import json
import time
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.marks import marks_of
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.votes import Vote
from tagbot.handlers.someone_else import parse
from tagbot.messages import AnswerGiven
from tagbot.slack import people_words, words
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened, someone_else_modal
from tagbot.vocabulary import Field, State
from tests.handlers.conftest import Desk
from tests.maintenance.forgetting.scenes import forget
from tests.stages.made_up_people import known
from tests.stages.scenes import say
from tests.world import ts_of


def opened(desk: Desk, face: Face, member: str) -> str:
    assert desk.slack.click(member, ts_of(face), "someone_else").acknowledged
    return desk.slack.wait_for_view(member).id


def offered(desk: Desk, view: str, typed: str, member: str = "") -> list[dict[str, Any]]:
    act = desk.slack.suggest(member or desk.slack.people[0], view, Field.KNOWN, typed)
    assert (act.acknowledged, act.error) == (True, None)
    return act.options


def texts(options: list[dict[str, Any]]) -> list[str]:
    return [option["text"]["text"] for option in options]


def the_answer(desk: Desk) -> AnswerGiven:
    [answer] = desk.world.messages("face-tagging")
    assert isinstance(answer, AnswerGiven)
    return answer


@pytest.fixture(name="anna")
def _anna(desk: Desk) -> str:
    return desk.slack.people[0]


@pytest.mark.rule("known-people", "submit-is-answer")
def test_a_person_who_was_named_before_is_the_answer(desk: Desk, anna: str) -> None:
    face, zoe = desk.request(), known(1, "Zoë Moon", email="zoe@example.com", faces=2)
    view = opened(desk, face, anna)
    [option] = offered(desk, view, "z")
    assert option["text"]["text"] == "Zoë Moon"
    assert option["description"]["text"] == "zoe@example.com, 2 faces"
    act = desk.slack.submit(anna, view, {Field.KNOWN: option["value"]})
    assert (act.acknowledged, act.error, desk.slack.views(anna)) == (True, None, [])
    answer = the_answer(desk)
    assert (answer.face_id, answer.round, answer.tagger) == (face.id, 1, anna)
    assert (answer.answer, answer.name, answer.email, answer.clicks) == (zoe.id, "", "", 3)
    assert answer.opened > 0, "so that an answer about somebody forgotten meanwhile can be told"


@pytest.mark.rule("known-people")
def test_where_both_are_filled_the_known_person_wins_whatever_was_typed(desk: Desk, anna: str) -> None:
    zoe = known(1, "Zoë Moon")
    view = opened(desk, desk.request(), anna)
    offered(desk, view, "Zoe")
    typed: dict[str, Any] = {Field.KNOWN: zoe.id, Field.NAME: "Somebody New", Field.EMAIL: "no address"}
    desk.slack.submit(anna, view, typed)
    assert desk.slack.views(anna) == []
    answer = the_answer(desk)
    assert (answer.answer, answer.name, answer.email, answer.clicks) == (zoe.id, "", "", 5)


@pytest.mark.rule("known-people")
def test_where_both_are_empty_the_modal_says_so_and_stays(desk: Desk, anna: str) -> None:
    view = opened(desk, desk.request(), anna)
    desk.slack.submit(anna, view, {})
    [shown] = desk.slack.views(anna)
    assert shown.errors == {Field.NAME: people_words.NAME_OR_KNOWN_MISSING}
    desk.slack.submit(anna, view, {Field.NAME: "Zoë"})
    assert the_answer(desk).name == "Zoë"


@pytest.mark.rule("known-people", "namesakes-told-apart")
def test_people_of_one_name_have_different_texts(desk: Desk, anna: str) -> None:
    known(1, "Ann Lee", email="ann@example.com")
    known(2, "ann  lee", email="other@example.com")
    known(3, "Bo Li", faces=1)
    known(4, "Bo Li", faces=2)
    for number in (5, 6):
        known(number, "Cy Fu", faces=1)
    view = opened(desk, desk.request(), anna)
    ann = sorted(texts(offered(desk, view, "ann")))
    assert ann == ["Ann Lee (ann@example.com)", "ann  lee (other@example.com)"]
    assert sorted(texts(offered(desk, view, "bo"))) == ["Bo Li (1 face)", "Bo Li (2 faces)"]
    small = [option["description"]["text"] for option in offered(desk, view, "ann")]
    assert small == ["3 faces"] * 2, "what stands beside the name is not said twice"
    assert all("description" not in option for option in offered(desk, view, "bo"))
    one, other = texts(offered(desk, view, "cy"))
    assert one != other
    assert len(texts(offered(desk, view, "e"))) == len(set(texts(offered(desk, view, "e"))))


@pytest.mark.rule("known-people")
@pytest.mark.parametrize("typed", ["zoe", "ZOË", "moon z", " o'brien", "obr", "@example.c"])
def test_a_name_is_found_by_any_part_of_it_without_its_accents_and_by_the_address(
    desk: Desk, anna: str, typed: str
) -> None:
    known(1, "Zoë Moon O’Brien", email="Zoe@Example.com")
    known(2, "Somebody Else")
    found = texts(offered(desk, opened(desk, desk.request(), anna), typed))
    assert found == ([] if typed == "obr" else ["Zoë Moon O’Brien"])


@pytest.mark.rule("known-people")
def test_slacks_limits_are_kept_with_many_and_long_names(desk: Desk, anna: str) -> None:
    for number in range(120):
        name, email = f"{'Wolfeschlegel' * 8} {number:03}", f"{'w' * 90}{number}@example.com"
        Person.with_name(name, email, 1.0)
    view = opened(desk, desk.request(), anna)
    assert len(offered(desk, view, "wolf")) == 100
    assert len(offered(desk, view, "119")) == 1


@pytest.mark.rule("known-people")
def test_members_and_names_that_nobody_agreed_on_are_not_offered(desk: Desk, anna: str) -> None:
    known(1, "Anna Asks", slack_id="U0SOMEBODY")
    face = desk.request()
    desk.world.publish(desk.world.answer(face, anna, "", name="Anton Only Typed"))
    desk.world.drain()
    assert offered(desk, opened(desk, face, anna), "an") == []


@pytest.mark.rule("known-people", "opted-out")
def test_who_opted_out_or_is_being_forgotten_is_not_offered(desk: Desk, anna: str) -> None:
    chiara, key = desk.slack.people[2], desk.world.services.opt_out_key
    known(1, "chiara de luca")
    gone = known(2, "Chiara Gone")
    known(3, "Chiara Stays")
    OptOut.keep_out(chiara, key, 1.0)
    Forgetting.begin("receipt", marks_of(gone.id), way="command", never_again=False, now=1.0)
    assert texts(offered(desk, opened(desk, desk.request(), anna), "chiara")) == ["Chiara Stays"]


@pytest.mark.rule("known-people", "who-has-a-say")
@pytest.mark.parametrize("what", [{"is_restricted": True}, {"is_stranger": True}, {"deleted": False}])
def test_who_has_no_say_gets_no_names(desk: Desk, what: dict[str, bool]) -> None:
    face, guest = desk.request(), desk.slack.set_member("U0GUEST001", **what).id
    desk.slack.set_channel(members=[*desk.slack.people, desk.slack.bot_user, guest])
    known(1, "Zoë Moon")
    act = desk.slack.slash(guest, "/facetag", "help")
    view = someone_else_modal(RequestId(face.id, 1), Opened(ts_of(face), desk.slack.channel, 1.0, 1.0))
    shown = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=view)["view"]["id"]
    assert len(offered(desk, str(shown), "zoe", guest)) == (1 if "deleted" in what else 0)


@pytest.mark.rule("known-people")
def test_while_slack_does_not_say_who_somebody_is_they_are_answered_in_time(desk: Desk, anna: str) -> None:
    known(1, "Zoë Moon")
    act = desk.slack.slash(anna, "/facetag", "help")
    view = someone_else_modal(RequestId(desk.request().id, 1), Opened("", desk.slack.channel, 1.0, 1.0))
    shown = str(desk.client.views_open(trigger_id=act.payload["trigger_id"], view=view)["view"]["id"])
    desk.slack.fail("users.info", delay=4.0, times=None)
    asked_at = time.monotonic()
    assert offered(desk, shown, "zoe") == []
    assert time.monotonic() - asked_at < 3.0, "Slack waits no longer"
    desk.slack.heal()


@pytest.mark.rule("opted-out")
def test_a_known_person_of_the_name_of_somebody_who_opted_out_is_refused(desk: Desk, anna: str) -> None:
    chiara, key = desk.slack.people[2], desk.world.services.opt_out_key
    person, face = known(1, "Chiara de Luca"), desk.request()
    OptOut.keep_out(chiara, key, 1.0)
    desk.world.publish(desk.world.answer(face, anna, person.id))
    desk.world.drain()
    assert Vote.of(face.id) == []
    assert len(desk.world.told(anna)) == 1


@pytest.mark.rule("someone-else-modal", "every-interaction-acknowledged")
@pytest.mark.parametrize("left_out", ["known", "name", "email"])
def test_a_submission_that_leaves_out_an_empty_field_is_the_same(
    desk: Desk, anna: str, left_out: str
) -> None:
    zoe = known(1, "Zoë Moon")
    view = opened(desk, desk.request(), anna)
    offered(desk, view, "z")
    typed: dict[str, Any] = {Field.KNOWN: zoe.id} if left_out == Field.NAME else {Field.NAME: "Zora"}
    sent: dict[str, Any] = desk.slack.submit(anna, view, typed).payload
    whole = parse(sent, 5.0)
    assert isinstance(whole, AnswerGiven)
    del sent["view"]["state"]["values"][left_out]
    assert parse(sent, 5.0) == whole


@pytest.mark.rule("someone-else-modal", "every-interaction-acknowledged")
@pytest.mark.parametrize("state", [{"values": {}}, {}, None])
def test_a_submission_without_any_field_is_told_what_is_missing(state: dict[str, Any] | None) -> None:
    body = {"user": {"id": "U1"}, "view": {"private_metadata": "{}", "state": state}}
    assert parse(body, 5.0) == {Field.NAME: people_words.NAME_OR_KNOWN_MISSING}


@pytest.mark.rule("click-on-closed-face")
def test_on_a_closed_face_the_member_is_told_so_and_no_form_opens(desk: Desk, anna: str) -> None:
    face, (_, ben, chiara, *_) = desk.request(), desk.slack.people
    with desk.shown_too_long(ts_of(face)):
        say(desk.world, face, chiara, anna, ben)
    assert desk.slack.click(chiara, ts_of(face), "someone_else").acknowledged
    desk.slack.wait_for_ephemeral(chiara, lambda message: message.text == words.CLOSED)
    assert desk.slack.views(chiara) == []


@pytest.mark.rule("click-on-closed-face")
def test_where_the_face_is_asked_about_in_another_message_the_member_is_told_so(
    desk: Desk, anna: str
) -> None:
    face = desk.request()
    where = ts_of(face)
    assert ask_again(face.id, 1, State.OPEN, by=None)
    assert desk.slack.click(anna, where, "someone_else").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ASKED_ELSEWHERE)
    assert desk.slack.views(anna) == []


@pytest.mark.rule("click-on-closed-face", "forget-stays")
def test_where_the_person_was_forgotten_the_member_is_told_so(desk: Desk, anna: str) -> None:
    face, (_, ben, chiara, *_) = desk.request(), desk.slack.people
    where = ts_of(face)
    with desk.shown_too_long(where):
        say(desk.world, face, chiara, anna, ben)
        forget(desk.world, chiara)
    desk.slack.click(anna, where, "someone_else")
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.FORGOTTEN)
    assert desk.slack.views(anna) == []


@pytest.mark.rule("click-on-closed-face", "home")
def test_at_home_a_modal_tells_that_the_face_is_closed(desk: Desk, anna: str) -> None:
    face, (_, ben, chiara, *_) = desk.request(), desk.slack.people
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: face.id in json.dumps(home.content))
    desk.slack.fail("views.publish", status=503, times=None)
    say(desk.world, face, chiara, ben, chiara)
    assert desk.slack.click(anna, home.id, "someone_else", block_id=f"face:{face.id}:1").acknowledged
    notice = desk.slack.wait_for_view(anna)
    assert (notice.content["callback_id"], words.CLOSED in json.dumps(notice.content)) == ("notice", True)


@pytest.mark.rule("someone-else-modal")
def test_the_form_opens_also_before_it_is_noted_that_the_request_is_posted(desk: Desk, anna: str) -> None:
    face = desk.request()
    where = ts_of(face)
    Face.update(state=State.WAITING).where(Face.id == face.id).execute()
    Request.update(message_ts=None, posting_since=1.0).execute()
    desk.slack.click(anna, where, "someone_else")
    assert desk.slack.wait_for_view(anna).content["callback_id"] == "someone_else"


@pytest.mark.parametrize("value", ["not_a_face", "U0ANNA0001", "", "x" * 36])
def test_what_is_no_id_of_ours_is_not_taken_for_one(desk: Desk, anna: str, value: str) -> None:
    view = opened(desk, desk.request(), anna)
    forged: dict[str, Any] = desk.slack.submit(anna, view, {Field.NAME: "Zoë"}).payload
    del desk.world.messages("face-tagging")[:]
    option = {"text": {"type": "plain_text", "text": "Zoë"}, "value": value}
    values = forged["view"]["state"]["values"]
    values[Field.KNOWN][Field.KNOWN]["selected_option"] = option
    answer = parse(forged, 5.0)
    assert isinstance(answer, AnswerGiven)
    assert (answer.answer, answer.name) == ("", "Zoë")


def test_the_words_of_the_modal_say_both_ways(desk: Desk, anna: str) -> None:
    opened(desk, desk.request(), anna)
    [view] = desk.slack.views(anna)
    labels = [block["label"]["text"] for block in view.content["blocks"]]
    assert labels == [people_words.KNOWN, words.MODAL_NAME, words.MODAL_EMAIL]
