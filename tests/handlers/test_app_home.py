"""The app's Home: drawn when it is opened, up to date while somebody looks, and a place to answer."""

import json
from functools import partial

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import ask_again
from tagbot.database.write_lock import writing
from tagbot.messages import AnswerGiven, FaceStored
from tagbot.queues import Counts
from tagbot.sandbox.state import Json, View
from tagbot.slack import home_words, person_words, sent_photo_words, words
from tagbot.slack.home_order import HELD_SECONDS
from tagbot.slack.home_view import MOST_ASKED
from tests.handlers.conftest import Desk
from tests.handlers.test_fallbacks import fill
from tests.handlers.test_wrong_person import tagged
from tests.stages.scenes import objects, say, votes
from tests.world import ts_of


def said(view: View) -> str:
    return json.dumps(view.content, ensure_ascii=False)


def controls(view: View) -> list[tuple[str, str]]:
    """What can be pressed: block and action."""
    return [
        (block["block_id"], element["action_id"])
        for block in view.content["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id")
    ]


def block_of(face: Face) -> str:
    return f"face:{face.id}:{face.round}"


@pytest.mark.rule("home")
def test_home_shows_what_waits_for_me_with_the_controls_of_the_message_and_a_link(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    message = desk.slack.message(ts_of(face))
    [wanted] = [block for block in message.blocks if block["type"] == "actions"]
    [asked] = [block for block in home.content["blocks"] if block["block_id"] == block_of(face)]
    assert asked == wanted
    assert [block["slack_file"] for block in home.content["blocks"] if block["type"] == "image"] == [
        {"id": face.crop_file}, {"id": face.context_file},
    ]  # fmt: skip
    link = desk.client.chat_getPermalink(channel=desk.slack.channel, message_ts=message.ts)["permalink"]
    assert f"<{link}|" in said(home)
    assert "0 of 1 face is done." in said(home)


@pytest.mark.rule("home", "answer-before-acknowledgement")
def test_an_answer_at_home_is_the_same_message_on_the_same_queue_and_home_follows(desk: Desk) -> None:
    face, anna, chiara = desk.request(), desk.slack.people[0], desk.slack.people[2]
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    act = desk.slack.choose(anna, home.id, "tag_person", chiara, block_id=block_of(face))
    assert act.acknowledged
    [(answer, _)] = desk.stored
    assert isinstance(answer, AnswerGiven)
    assert (answer.face_id, answer.tagger, answer.answer) == (face.id, anna, chiara)
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: home_words.NOTHING_WAITS in said(home))
    assert home_words.you_said(f"<@{chiara}>", 1) in said(home)
    assert "1 lacks one more answer." in said(home)
    assert (block_of(face), "change_answer") in controls(home)


@pytest.mark.rule("home")
def test_a_guest_is_asked_nothing_and_told_why_and_has_the_own_buttons(desk: Desk) -> None:
    desk.request()
    anna = desk.slack.people[0]
    desk.slack.set_member(anna, is_restricted=True)
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    assert home_words.NO_SAY in said(home)
    assert {block for block, _ in controls(home)} == {f"person:{anna}"}


@pytest.mark.rule("home")
def test_home_changes_while_somebody_looks_and_not_for_who_never_opened_it(desk: Desk) -> None:
    anna, ben, chiara, *_ = desk.slack.people
    desk.slack.open_home(anna)
    desk.slack.wait_for_home(anna, lambda home: home_words.NOTHING_WAITS in said(home))
    face = desk.request()
    desk.slack.wait_for_home(anna, lambda home: block_of(face) in said(home))
    say(desk.world, face, chiara, ben, desk.slack.people[3])
    desk.slack.wait_for_home(anna, lambda home: "1 of 1 face is done." in said(home))
    assert desk.slack.home(ben) is None


def files_of(view: View) -> list[Json]:
    return [each["slack_file"] for each in objects(view.content["blocks"]) if "slack_file" in each]


@pytest.mark.rule("home")
def test_a_picture_that_was_deleted_keeps_nothing_else_from_home(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.client.files_delete(file=str(face.crop_file))
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    assert block_of(face) in said(home)
    assert words.QUESTION in said(home)
    assert files_of(home) == []


@pytest.mark.rule("home")
def test_an_open_answer_can_be_changed_in_a_modal(desk: Desk) -> None:
    face = desk.request()
    anna, ben, chiara, *_ = desk.slack.people
    say(desk.world, face, chiara, anna)
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    assert desk.slack.click(anna, home.id, "change_answer", block_id=block_of(face)).acknowledged
    modal = desk.slack.wait_for_view(anna)
    assert {"tag_person", "not_a_face", "dont_know", "someone_else"} == {each for _, each in controls(modal)}
    assert desk.slack.choose(anna, modal.id, "tag_person", ben, block_id=block_of(face)).acknowledged
    desk.slack.wait_for_view(anna, lambda view: home_words.CHANGED in said(view))
    desk.world.drain()
    assert votes(face) == {anna: ben}
    assert desk.slack.close_view(anna, modal.id).error is None
    desk.slack.wait_for_home(anna, lambda home: f"<@{ben}>" in said(home))


@pytest.mark.rule("home")
def test_a_name_typed_above_the_modal_closes_both(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    say(desk.world, face, "dont_know", anna)
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    desk.slack.click(anna, home.id, "change_answer", block_id=block_of(face))
    modal = desk.slack.wait_for_view(anna)
    desk.slack.click(anna, modal.id, "someone_else", block_id=block_of(face))
    form = desk.slack.wait_for_view(anna, lambda view: view.content["callback_id"] == "someone_else")
    act = desk.slack.submit(anna, form.id, {"name": "Grandma *Rose*"})
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.slack.views(anna) == []
    desk.world.drain()
    desk.slack.wait_for_home(anna, lambda home: "Grandma *Rose*" in said(home))


@pytest.mark.rule("home")
def test_what_has_closed_meanwhile_opens_no_controls(desk: Desk) -> None:
    anna = desk.slack.people[0]
    element = {
        "type": "button",
        "action_id": "change_answer",
        "text": {"type": "plain_text", "text": "Change"},
    }
    block = {"type": "actions", "block_id": block_of(tagged(desk.world)), "elements": [element]}
    posted = desk.client.chat_postMessage(channel=desk.slack.channel, text="Change", blocks=[block])
    desk.slack.click(anna, str(posted["ts"]), "change_answer")
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.CLOSED)
    assert desk.slack.views(anna) == []


@pytest.mark.rule("home", "own-rights")
def test_own_buttons_answer_at_home(desk: Desk) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    desk.slack.open_home(person)
    home = desk.slack.wait_for_home(person)
    assert "1 face in 1 photo is tagged as you." in said(home)
    assert desk.slack.click(person, home.id, "consent_yes").acknowledged
    notice = desk.slack.wait_for_view(person, lambda view: person_words.HEARD["consent_yes"] in said(view))
    desk.world.drain()
    desk.slack.wait_for_home(person, lambda home: "You agreed on" in said(home))
    desk.slack.close_view(person, notice.id)
    desk.slack.fail("conversations.open", error="user_not_visible")
    assert desk.slack.click(person, home.id, "send_my_data").acknowledged
    desk.slack.wait_for_view(person, lambda view: person_words.NOT_WRITTEN_TO[:40] in said(view))


@pytest.mark.rule("home", "answer-not-stored-is-told")
def test_an_answer_at_home_that_cannot_be_stored_is_told(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    fill(desk, "face-tagging")
    assert desk.slack.click(anna, home.id, "dont_know", block_id=block_of(face)).acknowledged
    desk.slack.wait_for_view(anna, lambda view: words.NOT_STORED in said(view))


@pytest.mark.rule("namesakes-told-apart")
def test_two_of_one_name_are_told_apart_in_my_last_answers(desk: Desk) -> None:
    anna, ben = desk.slack.people[:2]
    for email in ("one@example.com", "other@example.com"):
        face = desk.request()
        for member in (anna, ben):
            desk.world.publish(desk.world.answer(face, member, "", name="Ann Lee", email=email))
        desk.world.drain()
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: "2 of 2 faces are done." in said(home))
    for email in ("one@example.com", "other@example.com"):
        assert f"You said: Ann Lee ({email})." in said(home)
        assert f"Tagged as Ann Lee ({email})." in said(home)


@pytest.mark.rule("home")
def test_a_name_that_ends_in_a_full_stop_gets_no_second_one(desk: Desk) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    for member in (anna, ben):
        desk.world.publish(desk.world.answer(face, member, "", name="Nora Y."))
    desk.world.drain()
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: "1 of 1 face is done." in said(home))
    assert "You said: Nora Y. Tagged as Nora Y." in said(home)
    assert ".." not in said(home)


def selects(view: View, face: Face) -> list[str]:
    """The blocks in which a person can be picked for a face."""
    return [
        block
        for block, action in controls(view)
        if action == "tag_person" and block.startswith(f"face:{face.id}")
    ]


def has_block(block_id: str, view: View) -> bool:
    return any(block == block_id for block, _ in controls(view))


@pytest.mark.rule("refused-at-home")
def test_a_pick_that_cannot_be_chosen_is_told_beside_its_question_until_the_next_answer(desk: Desk) -> None:
    other, face = desk.request(), desk.request()
    anna, ben, chiara, *_ = desk.slack.people
    bot = desk.slack.other_bot
    for each in (anna, ben):
        desk.slack.open_home(each)
        desk.slack.wait_for_home(each, lambda home: len(controls(home)) > 8)
    home = desk.slack.home(anna)
    assert home is not None
    for number in (1, 2):  # the second time as the first
        [block] = selects(home, face)
        assert desk.slack.choose(anna, home.id, "tag_person", bot, block_id=block).acknowledged
        desk.world.drain()
        again = f"{block_of(face)}:{number}"
        home = desk.slack.wait_for_home(anna, partial(has_block, again))
        rows = home.content["blocks"]
        [place] = [at for at, row in enumerate(rows) if words.cannot_be_chosen(bot) in json.dumps(row)]
        assert rows[place + 1]["block_id"] == again
        assert selects(home, other) == [block_of(other)]
    [block] = selects(home, face)
    assert desk.slack.choose(anna, home.id, "tag_person", chiara, block_id=block).acknowledged
    desk.world.drain()
    assert votes(face) == {anna: chiara}
    home = desk.slack.wait_for_home(anna, lambda home: "cannot be chosen" not in said(home))
    assert selects(home, face) == []
    others = desk.slack.home(ben)
    assert others is not None
    assert "cannot be chosen" not in said(others)


@pytest.mark.rule("refused-at-home")
def test_an_answer_to_what_closed_meanwhile_is_told_at_home_until_it_is_opened_again(desk: Desk) -> None:
    face = desk.request()
    anna, ben, chiara, *_ = desk.slack.people
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    desk.slack.fail("views.publish", error="ratelimited", retry_after=1)  # it still shows the question
    say(desk.world, face, chiara, ben, desk.slack.people[3])
    assert desk.slack.choose(anna, home.id, "tag_person", chiara, block_id=block_of(face)).acknowledged
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: words.CLOSED in said(home))
    assert selects(home, face) == []
    desk.slack.open_home(anna)
    desk.slack.wait_for_home(anna, lambda home: words.CLOSED not in said(home))


@pytest.mark.rule("refused-at-home")
def test_a_change_of_what_is_asked_anew_is_told_beside_the_new_question(desk: Desk) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    say(desk.world, face, ben, anna)
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: "change_answer" in said(home))
    desk.slack.click(anna, home.id, "change_answer", block_id=block_of(face))
    modal = desk.slack.wait_for_view(anna)
    with writing():
        assert ask_again(face.id, face.round, "open", by=ben, struck_out=True)
    desk.world.publish(FaceStored(face_id=face.id, round=2))
    desk.world.drain()
    assert desk.slack.choose(anna, modal.id, "tag_person", ben, block_id=block_of(face)).acknowledged
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: home_words.ASKED_ANEW in said(home))
    assert selects(home, face) == [f"face:{face.id}:2:1"]


@pytest.mark.rule("refused-at-home")
def test_an_answer_about_a_face_that_was_forgotten_meanwhile_is_told_at_home(desk: Desk) -> None:
    face, (anna, ben, *_) = desk.request(), desk.slack.people
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna)
    face.delete_instance(recursive=True)
    desk.slack.choose(anna, home.id, "tag_person", ben, block_id=block_of(face))
    desk.world.drain()
    assert desk.world.queues["face-tagging"].counts() == Counts()
    desk.slack.wait_for_home(anna, lambda home: words.FACE_GONE in said(home))


def questions(view: View) -> list[list[Json]]:
    """The blocks of each question, done or not, in its place."""
    parts: list[list[Json]] = [[]]
    for block in view.content["blocks"]:
        parts[-1].append(block)
        if block["type"] == "divider" or home_words.WAITS in json.dumps(block):
            parts.append([])
    return parts[1:-1]


def tap(desk: Desk, member: str, place: int) -> Json | None:
    """Touch the spot where the question in this place has “I don't know”: what stood there, if anything."""
    home = desk.slack.home(member)
    assert home is not None
    for block in questions(home)[place]:
        for element in block.get("elements", ()):
            if element.get("action_id") == "dont_know":
                act = desk.slack.click(member, home.id, "dont_know", block_id=block["block_id"])
                assert act.acknowledged, act.error
                return block
    return None


def waiting(view: View) -> list[str]:
    """The block of the controls in each place, empty where there are none."""
    found = [[block["block_id"] for block in each if block["type"] == "actions"] for each in questions(view)]
    return ["".join(each) for each in found]


@pytest.mark.rule("places-at-home", "home-in-time")
def test_a_second_tap_on_the_same_spot_answers_no_other_question(desk: Desk) -> None:
    faces, anna = [desk.request() for _ in range(MOST_ASKED + 1)], desk.slack.people[0]
    blocks = [block_of(face) for face in faces]
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: home_words.more_wait(1) in said(home))
    assert waiting(home) == blocks[:MOST_ASKED]
    pictures = [block for block in questions(home)[1] if block["type"] == "image"]

    assert tap(desk, anna, 1) is not None
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: home_words.LAST_ANSWERS in said(home))
    assert tap(desk, anna, 1) is None
    assert waiting(home) == [blocks[0], "", *blocks[2:MOST_ASKED]]
    assert home_words.more_wait(1) in said(home)
    there = questions(home)[1]
    assert [block["slack_file"] for block in there if block["type"] == "image"] == [
        block["slack_file"] for block in pictures
    ]
    assert home_words.heard(home_words.you_said(words.DONT_KNOW, 1)) in json.dumps(there)

    home = desk.slack.wait_for_home(anna, partial(has_block, blocks[-1]))
    assert waiting(home) == [blocks[0], blocks[-1], *blocks[2:MOST_ASKED]]
    assert home_words.more_wait(1) not in said(home)
    *_, done_shown, next_shown = (call.at for call in desk.slack.calls("views.publish"))
    assert next_shown - done_shown >= HELD_SECONDS
    assert [votes(face) for face in faces] == [
        {anna: "dont_know"} if face is faces[1] else {} for face in faces
    ]


@pytest.mark.rule("places-at-home")
def test_what_others_finished_keeps_its_place_until_home_is_opened_anew(desk: Desk) -> None:
    first, second, third = (desk.request() for _ in range(3))
    anna, ben, chiara, *_ = desk.slack.people
    desk.slack.open_home(anna)
    desk.slack.wait_for_home(anna, lambda home: len(waiting(home)) == 3)
    say(desk.world, second, chiara, ben, desk.slack.people[3])
    home = desk.slack.wait_for_home(anna, lambda home: home_words.FINISHED in said(home))
    assert waiting(home) == [block_of(first), "", block_of(third)]
    assert {"id": second.crop_file} in files_of(home)
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: home_words.FINISHED not in said(home))
    assert waiting(home) == [block_of(first), block_of(third)]


@pytest.mark.rule("places-at-home")
def test_of_what_is_not_asked_there_any_more_no_picture_is_kept(desk: Desk) -> None:
    face, other = desk.request(), desk.request()
    anna, ben, *_ = desk.slack.people
    desk.slack.open_home(anna)
    desk.slack.wait_for_home(anna, lambda home: len(waiting(home)) == 2)
    with writing():
        assert ask_again(face.id, face.round, "open", by=ben, struck_out=True)
    home = desk.slack.wait_for_home(anna, lambda home: home_words.MOVED in said(home))
    assert waiting(home) == ["", block_of(other)]
    assert files_of(home) == [{"id": other.crop_file}, {"id": other.context_file}]


@pytest.mark.rule("places-at-home")
def test_a_picture_that_went_with_a_question_that_is_done_takes_no_other_with_it(desk: Desk) -> None:
    face, other = desk.request(), desk.request()
    anna, ben, chiara, *_ = desk.slack.people
    desk.slack.open_home(anna)
    desk.slack.wait_for_home(anna, lambda home: len(waiting(home)) == 2)
    assert tap(desk, anna, 0) is not None
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: home_words.LAST_ANSWERS in said(home))
    assert {"id": face.context_file} in files_of(home)
    desk.client.files_delete(file=str(face.context_file))
    say(desk.world, other, chiara, ben)
    home = desk.slack.wait_for_home(anna, lambda home: "1 lacks one more answer." in said(home))
    assert waiting(home) == ["", block_of(other)]
    assert home_words.heard(home_words.you_said(words.DONT_KNOW, 1)) in said(home)
    assert {"id": face.context_file} not in files_of(home)
    assert {"id": other.context_file} in files_of(home)


@pytest.mark.rule("places-at-home", "refused-at-home")
def test_why_an_answer_to_a_closed_question_did_not_count_stands_in_its_place(desk: Desk) -> None:
    face, other = desk.request(), desk.request()
    anna, ben, chiara, *_ = desk.slack.people
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda home: len(waiting(home)) == 2)
    desk.slack.fail("views.publish", error="ratelimited", retry_after=3)  # it still shows the question
    say(desk.world, face, chiara, ben, desk.slack.people[3])
    assert tap(desk, anna, 0) is not None
    desk.world.drain()
    home = desk.slack.wait_for_home(anna, lambda home: words.CLOSED in said(home))
    assert waiting(home) == ["", block_of(other)]
    assert words.CLOSED in json.dumps(questions(home)[0])


@pytest.mark.rule("refused-at-home", "photos-with-me")
def test_a_guest_who_cannot_be_written_to_hears_at_home_that_no_photos_come(desk: Desk) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    desk.slack.set_member(person, is_restricted=True)
    desk.slack.set_channel(
        members=[each for each in desk.slack.people if each != person] + [desk.slack.bot_user]
    )
    desk.slack.fail("conversations.open", error="user_not_visible", times=None)
    desk.slack.open_home(person)
    home = desk.slack.wait_for_home(person)
    assert desk.slack.click(person, home.id, "photos_with_me").acknowledged
    desk.world.drain()
    desk.slack.wait_for_home(person, lambda home: sent_photo_words.NOT_WRITTEN_TO[:40] in said(home))
