"""A person's own buttons: they answer at once, for oneself alone, and for guests as for all others."""

import io
import json
import zipfile

import pytest

from tagbot.database.models.consents import ConsentText
from tagbot.database.models.opt_outs import OptOut
from tagbot.messages import ConsentChanged
from tagbot.sandbox.state import Message
from tagbot.slack import person_words
from tests.handlers.conftest import Desk
from tests.handlers.test_wrong_person import tagged
from tests.maintenance.forgetting.scenes import forget
from tests.stages.scenes import controls


def me(desk: Desk, member: str) -> Message:
    """What they are shown of themselves."""
    before = len(desk.slack.ephemerals(member))
    act = desk.slack.slash(member, "/facetag", "me")
    assert (act.acknowledged, act.error) == (True, None)
    return desk.slack.wait_for(lambda: next(iter(desk.slack.ephemerals(member)[before:]), None), "the reply")


def press(desk: Desk, member: str, message: Message, action: str) -> str:
    """Click, and what the member is told."""
    before = len(desk.slack.ephemerals(member))
    act = desk.slack.click(member, message.ts, action)
    assert (act.acknowledged, act.error) == (True, None)
    told = desk.slack.wait_for(lambda: next(iter(desk.slack.ephemerals(member)[before:]), None), "an answer")
    return told.text


@pytest.mark.rule("own-rights")
def test_me_says_what_is_kept_with_the_buttons(desk: Desk) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    desk.slack.set_member(person, is_restricted=True)
    shown = me(desk, person)
    assert "1 face in 1 photo is tagged as you. It is learned." in shown.text
    assert "chiara@example.com" in shown.text
    own = {"photos_with_me", "send_my_data", "do_not_tag_me", "forget_me"}
    assert controls(shown) == {"consent_yes", "consent_no", *own}
    assert {each["block_id"] for each in shown.blocks if each["type"] == "actions"} == {f"person:{person}"}
    confirmed = {
        each["action_id"] for block in shown.blocks for each in block.get("elements", ()) if "confirm" in each
    }
    assert confirmed == {"do_not_tag_me", "forget_me"}


@pytest.mark.rule("own-rights")
def test_me_of_who_was_never_tagged(desk: Desk) -> None:
    shown = me(desk, desk.slack.people[4])
    assert person_words.KEPT_NOTHING in shown.text
    assert controls(shown) == {"photos_with_me", "send_my_data", "do_not_tag_me", "forget_me"}


@pytest.mark.rule("own-rights")
def test_a_yes_is_on_its_queue_before_slack_hears_that_it_arrived(desk: Desk) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    shown = me(desk, person)
    desk.stored.clear()
    desk.disk_seconds = 0.1
    assert press(desk, person, shown, "consent_yes") == person_words.HEARD["consent_yes"]
    [(stored, at)] = desk.stored
    assert isinstance(stored, ConsentChanged)
    assert (stored.person, stored.said, stored.text) == (person, "given", ConsentText.get().id)
    act = desk.slack.acts()[-1]
    assert act.acknowledged_at is not None
    assert act.acknowledged_at >= at


@pytest.mark.rule("own-rights")
@pytest.mark.parametrize("action", ["consent_yes", "consent_no"])
def test_a_button_of_before_they_were_forgotten_says_that_the_answer_is_not_kept(
    desk: Desk, action: str
) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    shown = me(desk, person)
    forget(desk.world, person)
    assert press(desk, person, shown, action) == person_words.NOBODY_YET


@pytest.mark.rule("own-rights")
@pytest.mark.parametrize(
    "action", ["consent_yes", "consent_no", "tag_me_again", "send_my_data", "do_not_tag_me", "forget_me"]
)
def test_somebody_elses_buttons_change_nothing_and_say_so(desk: Desk, action: str) -> None:
    anna, ben, *_ = desk.slack.people
    element = {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": "Press"}}
    forged = {"type": "actions", "block_id": f"person:{anna}", "elements": [element]}
    posted = desk.client.chat_postMessage(channel=desk.slack.channel, text="Press", blocks=[forged])
    OptOut.keep_out(anna, desk.world.services.opt_out_key, 1.0)
    before = desk.slack.directs(anna), desk.slack.directs(ben)
    assert press(desk, ben, desk.slack.message(str(posted["ts"])), action) == person_words.NOT_YOURS
    assert desk.stored == []
    assert OptOut.has(anna, desk.world.services.opt_out_key)
    assert (desk.slack.directs(anna), desk.slack.directs(ben)) == before


@pytest.mark.rule("own-rights")
def test_who_opted_out_can_come_back(desk: Desk) -> None:
    anna = desk.slack.people[0]
    OptOut.keep_out(anna, desk.world.services.opt_out_key, 1.0)
    shown = me(desk, anna)
    assert person_words.OPTED_OUT in shown.text
    assert controls(shown) == {"tag_me_again"}
    assert press(desk, anna, shown, "tag_me_again") == person_words.HEARD["tag_me_again"]
    assert not OptOut.has(anna, desk.world.services.opt_out_key)
    assert "tag_me_again" not in controls(me(desk, anna))


@pytest.mark.rule("own-rights")
def test_their_data_comes_as_a_file_by_direct_message(desk: Desk) -> None:
    face = tagged(desk.world)
    person = str(face.person and face.person.slack_id)
    assert press(desk, person, me(desk, person), "send_my_data") == person_words.HEARD["send_my_data"]
    sent = desk.slack.wait_for_direct(person, lambda message: bool(message.files))
    archive = zipfile.ZipFile(io.BytesIO(desk.slack.contents(sent.files[0])))
    assert set(archive.namelist()) == {"README.txt", "data.json", f"crops/{face.id}.jpg"}
    data = json.loads(archive.read("data.json"))
    assert (data["person"]["slack_id"], [each["face_id"] for each in data["faces"]]) == (person, [face.id])
    assert archive.read(f"crops/{face.id}.jpg") == desk.world.services.crop(face.id)
    [other] = [file for file in desk.slack.files() if file.id == sent.files[0]]
    assert list(other.shares) == [sent.channel]


@pytest.mark.rule("own-rights")
def test_where_nobody_can_write_to_them_they_hear_how_to_get_it(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.slack.fail("conversations.open", error="user_not_visible")
    shown = me(desk, anna)
    press(desk, anna, shown, "send_my_data")
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == person_words.NOT_WRITTEN_TO)
