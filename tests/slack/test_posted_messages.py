"""Pictures that were posted while Slack reached no bot: taken in once one is connected again."""

import time
from dataclasses import replace

import pytest

from tagbot.database.models.bookkeeping import HeardChannel
from tagbot.errors import Retry
from tagbot.messages import Message, PhotoPosted
from tagbot.sandbox.driver import Slack
from tagbot.schedule.timed_jobs import take_missed_photos
from tagbot.slack.posted_messages import LOOKED_BACK_SECONDS
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tests.world import World, portrait, with_publish


@pytest.fixture(name="connected")
def _connected(world: World) -> World:
    """A bot that has listened until now."""
    world.services.link.opened()
    take_missed_photos(world.services)
    return world


def lose(world: World) -> None:
    """Slack reaches no bot any more."""
    world.services.link.closed("the network is gone")


def share(slack: Slack, member: str, *numbers: int) -> str:
    """Have a member post photos in one message; its `ts`."""
    files = slack.share_all(member, {f"{number}.jpg": portrait(number) for number in numbers})
    ids = [file.id for file in files]
    return slack.wait_for_message(lambda message: message.files == ids).ts


def taken(world: World) -> list[tuple[str, str, int, int]]:
    """What the timed job puts on the queue: by whom, when, and which picture of how many."""
    take_missed_photos(world.services)
    photos = [message for message in world.messages("slack-photo") if isinstance(message, PhotoPosted)]
    assert {photo.channel for photo in photos} <= {world.settings.slack_channel}
    return [(photo.by, photo.at, photo.number, photo.out_of) for photo in photos]


def looks(slack: Slack) -> int:
    return len(slack.calls("conversations.history"))


@pytest.mark.rule("missed-photos")
def test_what_was_posted_meanwhile_is_taken_in_the_oldest_first_and_once(connected: World) -> None:
    slack, (anna, ben, *_) = connected.slack, connected.slack.people
    lose(connected)
    first = share(slack, anna, 1)
    slack.say(ben, "who is that?")
    words = slack.share(ben, "list.txt", b"words")
    slack.wait_for_message(lambda message: message.files == [words.id])
    slack.delete(share(slack, ben, 2), member=ben)
    second = share(slack, ben, 3, 4)
    assert taken(connected) == [], "there is no connection yet"
    connected.services.link.opened()
    assert taken(connected) == [(anna, first, 1, 1), (ben, second, 1, 2), (ben, second, 2, 2)]
    assert taken(connected) == []


@pytest.mark.rule("missed-photos")
def test_as_long_as_slack_reaches_the_bot_nobody_looks(connected: World) -> None:
    share(connected.slack, connected.slack.people[0], 1)
    connected.services.link.opened()  # Slack renews connections: the next one comes before the last one goes
    lose(connected)
    assert taken(connected) == []
    assert looks(connected.slack) == 0


@pytest.mark.rule("missed-photos")
def test_what_was_posted_before_the_first_start_stays_out(world: World) -> None:
    share(world.slack, world.slack.people[0], 1)
    world.services.link.opened()
    assert taken(world) == []
    assert taken(world) == []


@pytest.mark.rule("missed-photos")
def test_what_slack_tells_late_is_the_same_message(connected: World) -> None:
    anna = connected.slack.people[0]
    lose(connected)
    at = share(connected.slack, anna, 1)
    connected.services.link.opened()
    take_missed_photos(connected.services)
    [file] = [each for each in connected.slack.files() if each.user == anna]
    told = PhotoPosted(file=file.id, by=anna, channel=connected.slack.channel, at=at, number=1, out_of=1)
    connected.publish(told)
    assert connected.messages("slack-photo") == [told]


@pytest.mark.rule("missed-photos")
def test_while_slack_does_not_answer_they_wait(connected: World) -> None:
    lose(connected)
    at = share(connected.slack, connected.slack.people[0], 1)
    connected.services.link.opened()
    connected.slack.fail("conversations.history", status=503)
    with pytest.raises(Retry):
        take_missed_photos(connected.services)
    assert [when for _, when, *_ in taken(connected)] == [at]


@pytest.mark.rule("missed-photos")
@pytest.mark.failure("event-not-stored", shows="what happens")
def test_what_could_not_be_noted_while_slack_told_of_it_is_taken_in_once_it_can(connected: World) -> None:
    anna = connected.slack.people[0]
    at = share(connected.slack, anna, 1)
    [file] = [each for each in connected.slack.files() if each.user == anna]
    told = PhotoPosted(file=file.id, by=anna, channel=connected.slack.channel, at=at, number=1, out_of=1)

    def full(_: Message) -> None:
        raise Retry("the disk is full")

    without_room = with_publish(connected.services, full)
    with pytest.raises(Retry):
        without_room.take_posted(told)
    with pytest.raises(Retry):
        take_missed_photos(without_room)
    assert taken(connected) == [(anna, at, 1, 1)]
    assert taken(connected) == []
    assert looks(connected.slack) == 2


@pytest.mark.rule("missed-photos")
@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_a_machine_whose_clock_is_wrong_looks_when_it_has_to_and_not_else(world: World, ahead: float) -> None:
    world.services = replace(world.services, link=ConnectionTracker(lambda: time.time() + ahead))
    world.services.link.opened()
    take_missed_photos(world.services)
    lose(world)
    at = share(world.slack, world.slack.people[0], 1)
    world.services.link.opened()
    assert taken(world) == [(world.slack.people[0], at, 1, 1)]
    assert taken(world) == []
    assert looks(world.slack) == 1


@pytest.mark.rule("missed-photos")
def test_photos_that_nobody_wanted_then_stay_out(connected: World) -> None:
    off = replace(connected.services, settings=replace(connected.settings, slack_photos="off"))
    take_missed_photos(off)
    share(connected.slack, connected.slack.people[0], 1)
    lose(connected)
    connected.services.link.opened()
    assert taken(connected) == []


@pytest.mark.rule("missed-photos")
def test_a_channel_that_tags_again_has_missed_nothing_while_another_one_did(connected: World) -> None:
    HeardChannel.note("C0ANOTHER1", connected.services.now())
    share(connected.slack, connected.slack.people[0], 1)
    lose(connected)
    connected.services.link.opened()
    assert taken(connected) == []


@pytest.mark.rule("missed-photos")
def test_what_was_missed_long_ago_stays_out(connected: World) -> None:
    lose(connected)
    share(connected.slack, connected.slack.people[0], 1)
    connected.offset = LOOKED_BACK_SECONDS + 120
    connected.services.link.opened()
    assert taken(connected) == []
    assert looks(connected.slack) == 1


@pytest.mark.rule("missed-photos", "who-has-a-say")
def test_a_guest_hears_once_that_their_photo_does_not_count(connected: World) -> None:
    guest = connected.slack.people[3]
    connected.slack.set_member(guest, is_restricted=True)
    share(connected.slack, guest, 1)
    take_missed_photos(connected.services)  # the guest has been told by then
    lose(connected)
    missed = share(connected.slack, guest, 2)
    connected.services.link.opened()
    assert [at for _, at, *_ in taken(connected)] == [missed]
