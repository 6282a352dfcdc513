"""Pictures that members post, or use the shortcut on: on the queue before Slack hears that they arrived."""

from dataclasses import replace
from typing import Any

import pytest

from tagbot.handlers.photo_posted import parse
from tagbot.messages import PhotoPosted
from tagbot.slack import posted_photo_words
from tests.handlers.conftest import Desk, connected_desk
from tests.world import World, portrait

SHORTCUT = "find_faces"


def wishes(desk: Desk) -> list[PhotoPosted]:
    return [message for message, _ in desk.stored if isinstance(message, PhotoPosted)]


def heard(desk: Desk, events: int) -> None:
    """Wait until the bot has acknowledged so many events."""
    desk.slack.wait_for(
        lambda: sum(each.acknowledged for each in desk.slack.deliveries()) >= events, f"{events} events"
    )


@pytest.mark.rule("posted-photos")
def test_each_picture_of_a_message_is_on_the_queue_before_slack_hears_that_it_arrived(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.disk_seconds = 0.1
    files = {"a.jpg": portrait(1), "list.txt": b"words", "b.jpg": portrait(2)}
    a, _, b = desk.slack.share_all(anna, files, text="us at lunch")
    heard(desk, 1)
    [message] = desk.slack.messages()
    assert wishes(desk) == [
        PhotoPosted(file=file.id, by=anna, channel=desk.slack.channel, at=message.ts, number=number, out_of=2)
        for number, file in ((1, a), (2, b))
    ]
    [event] = desk.slack.deliveries()
    assert event.acknowledged_at is not None
    assert event.acknowledged_at >= max(at for _, at in desk.stored)


@pytest.mark.rule("posted-photos")
def test_what_is_said_edited_or_deleted_and_other_files_are_passed_over_in_silence(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    anna = desk.slack.people[0]
    desk.slack.share(anna, "list.txt", b"words")
    listed = desk.slack.wait_for_message()
    desk.slack.edit(anna, listed.ts, "a list")
    desk.slack.delete(listed.ts, member=anna)
    desk.slack.say(anna, "hello")
    heard(desk, 4)
    assert desk.stored == []
    assert desk.slack.ephemerals(anna) == []
    assert "unknown" not in caplog.text


@pytest.mark.rule("posted-photos")
def test_an_edited_message_says_nothing_anew_and_a_reply_counts_as_any(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.slack.share(anna, "a.jpg", portrait(1))
    posted = desk.slack.wait_for_message()
    desk.slack.edit(anna, posted.ts, "with a word")
    desk.slack.share_all(anna, {"b.jpg": portrait(2)}, thread_ts=posted.ts)
    heard(desk, 3)
    assert len({each.id for each in wishes(desk)}) == len(wishes(desk)) == 2


@pytest.mark.rule("posted-photos")
def test_off_leaves_posts_alone_and_the_shortcut_works_all_the_same(world: World) -> None:
    settings = replace(world.settings, slack_photos="off")
    with connected_desk(replace(world, settings=settings)) as desk:
        anna, ben, *_ = desk.slack.people
        desk.slack.share(anna, "a.jpg", portrait(1))
        message = desk.slack.wait_for_message()
        heard(desk, 1)
        assert desk.stored == []
        act = desk.slack.shortcut(ben, message.ts, SHORTCUT)
        assert (act.acknowledged, act.error) == (True, None)
        [wish] = wishes(desk)
        assert (wish.file, wish.by, wish.channel) == (message.files[0], ben, desk.slack.channel)
        assert wish.at == act.payload["action_ts"]
        assert desk.slack.ephemerals(ben) == []


@pytest.mark.rule("posted-photos")
def test_the_shortcut_on_a_message_without_pictures_says_so(desk: Desk) -> None:
    anna = desk.slack.people[0]
    message = desk.slack.say(anna, "hello")
    assert desk.slack.shortcut(anna, message.ts, SHORTCUT).acknowledged
    assert desk.slack.wait_for_ephemeral(anna).text == posted_photo_words.NO_PICTURE
    assert desk.stored == []


@pytest.mark.rule("posted-photos")
@pytest.mark.parametrize("is_private", [True, False])
def test_in_a_channel_without_the_bot_the_shortcut_says_that_it_has_to_be_invited(
    desk: Desk, *, is_private: bool
) -> None:
    anna = desk.slack.people[0]
    desk.slack.set_channel("C0PARTY001", members=[anna], is_private=is_private)
    desk.slack.share(anna, "a.jpg", portrait(1), channel="C0PARTY001")
    message = desk.slack.wait_for_message(channel="C0PARTY001")
    assert desk.slack.shortcut(anna, message.ts, SHORTCUT).acknowledged
    assert desk.slack.wait_for_ephemeral(anna).text == posted_photo_words.INVITE_ME
    assert len(wishes(desk)) == 1, "harmless: Slack does not give it out"


@pytest.mark.rule("posted-photos")
@pytest.mark.failure("event-not-stored")
def test_an_event_that_cannot_be_stored_is_left_to_slack_to_tell_of_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.world.queues["slack-photo"].close()
    desk.slack.rules(acknowledge_seconds=0.3, retry_seconds=[0.0])
    desk.slack.share(desk.slack.people[0], "a.jpg", portrait(1))
    desk.slack.wait_for(lambda: len(desk.slack.deliveries()) == 2, "another delivery")
    first = desk.slack.deliveries()[0]
    assert (first.acknowledged, first.error) == (False, "operation_timeout")
    assert "could not finish" in caplog.text
    with desk.world.services.not_stored.made_up_for() as since:
        assert since == float(desk.slack.messages()[0].ts)


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "bot_message"},
        {"bot_id": "B1"},
        {"channel": "C2"},
        {"user": None},
        {"files": []},
        {"files": [{"id": "F1", "mode": "tombstone"}]},
        {"files": [{"id": "F1", "mimetype": "video/mp4"}]},
    ],
    ids=str,
)
@pytest.mark.rule("posted-photos")
def test_what_is_no_new_picture_of_a_member_in_the_channel_is_none(event: dict[str, Any]) -> None:
    photo = {"id": "F1", "mimetype": "image/heic"}
    whole = {"subtype": "file_share", "user": "U1", "channel": "C1", "ts": "1.000001", "files": [photo]}
    [wish] = parse(whole, "C1")
    assert wish == PhotoPosted(file="F1", by="U1", channel="C1", at="1.000001")
    assert parse(whole | {"files": [{"id": "F1", "file_access": "check_file_info"}]}, "C1") == [wish]
    assert parse(whole | event, "C1") == []
    assert parse(whole, "") == []
