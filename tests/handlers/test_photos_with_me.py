"""“Photos with me”: the wish is on its queue before Slack hears of it; for oneself alone, and for guests."""

import pytest

from tagbot.messages import PhotosAsked
from tagbot.slack import person_words
from tests.handlers.conftest import Desk
from tests.handlers.test_own_rights import me, press

PLACE = f"1700000000.25 {'ab' * 32}"


def forge(desk: Desk, owner: str, value: str) -> str:
    """A message with that person's button, which the bot did not post so."""
    button = {
        "type": "button",
        "action_id": "photos_with_me",
        "value": value,
        "text": {"type": "plain_text", "text": "Photos"},
    }
    block = {"type": "actions", "block_id": f"person:{owner}", "elements": [button]}
    return str(desk.client.chat_postMessage(channel=desk.slack.channel, text="Photos", blocks=[block])["ts"])


@pytest.mark.rule("photos-with-me", "own-rights")
def test_the_wish_is_on_its_queue_before_slack_hears_that_it_arrived(desk: Desk) -> None:
    guest = desk.slack.people[2]
    desk.slack.set_member(guest, is_restricted=True)
    desk.disk_seconds = 0.1
    told = press(desk, guest, me(desk, guest), "photos_with_me")
    assert told == person_words.HEARD["photos_with_me"]
    [(stored, at)] = desk.stored
    act = desk.slack.acts()[-1]
    assert isinstance(stored, PhotosAsked)
    assert (stored.person, stored.after, stored.channel) == (guest, "", desk.slack.channel)
    assert act.acknowledged_at is not None
    assert act.acknowledged_at >= at
    assert guest not in stored.id


@pytest.mark.rule("photos-with-me", "own-rights")
def test_somebody_elses_button_changes_nothing_and_says_so(desk: Desk) -> None:
    anna, ben, *_ = desk.slack.people
    ts = forge(desk, anna, "")
    assert press(desk, ben, desk.slack.message(ts), "photos_with_me") == person_words.NOT_YOURS
    assert desk.stored == []


@pytest.mark.rule("photos-with-me")
@pytest.mark.parametrize(("value", "after"), [(PLACE, PLACE), ("nan x", ""), (f"{PLACE} ", "")])
def test_the_next_ones_begin_where_the_button_says_if_the_bot_wrote_it(
    desk: Desk, value: str, after: str
) -> None:
    anna = desk.slack.people[0]
    press(desk, anna, desk.slack.message(forge(desk, anna, value)), "photos_with_me")
    [(stored, _)] = desk.stored
    assert isinstance(stored, PhotosAsked)
    assert stored.after == after


@pytest.mark.rule("photos-with-me")
def test_at_home_a_modal_says_that_they_are_on_their_way(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.slack.open_home(anna)
    home = desk.slack.wait_for_home(anna, lambda view: "photos_with_me" in str(view.content))
    act = desk.slack.click(anna, home.id, "photos_with_me")
    assert act.acknowledged
    desk.slack.wait_for_view(anna, lambda view: person_words.HEARD["photos_with_me"] in str(view.content))
    [(stored, _)] = desk.stored
    assert isinstance(stored, PhotosAsked)
    assert stored.channel == ""
