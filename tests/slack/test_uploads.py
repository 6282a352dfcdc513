"""Uploads: pictures come to Slack, and are waited for until it shows them."""

import pytest
from slack_sdk import WebClient

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SLOWEST_UPLOAD, SlackApi
from tagbot.slack.api_failures import NOT_READY_AFTER, OutcomeUnknown, PictureGone, PictureNotReady
from tagbot.slack.client import Slack
from tagbot.slack.uploads import SEEN_SECONDS, Picture
from tests.lib.clock import Clock, Nap
from tests.slack.door import FACE_ID, MESSAGE, PICTURES, share, showing


@pytest.mark.rule("slack-pace")
def test_uploads_and_looks_at_them_keep_to_theirs(settings: Settings, clock: Clock) -> None:
    nap = Nap(clock)
    door = Slack(SlackApi.of(settings, 5, clock), settings.slack_channel, 1.0, nap)
    pictures = [Picture(PICTURES[0].content, f"Face {number}", "A face") for number in range(5)]
    files = door.uploads.upload(pictures)
    door.uploads.complete(dict.fromkeys(files, "Face"))
    door.uploads.wait_until_ready(files)
    a_hundred_a_minute = [60 / (100 * 0.97)] * 3  # but for the first two
    assert nap.naps == pytest.approx(a_hundred_a_minute * 2), "uploads and looks each have their own"


@pytest.mark.rule("pictures-not-public")
def test_pictures_come_back_in_their_order_with_their_descriptions(
    door: Slack, stand_in: SlackStandIn
) -> None:
    ids = share(door)
    files = {file.id: file for file in stand_in.files()}
    assert [files[each].alt_text for each in ids] == ["The face", "The photo"]
    assert [files[each].name for each in ids] == ["face.jpg", "photo.jpg"]
    assert [stand_in.contents(each) for each in ids] == [picture.content for picture in PICTURES]
    assert all(file.shares == {} for file in files.values()), "private"


def test_pictures_are_shared_into_a_thread_when_one_is_given(door: Slack, stand_in: SlackStandIn) -> None:
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    ids = share(door, ts)
    stand_in.wait_for(lambda: stand_in.replies(ts))
    assert [reply.files for reply in stand_in.replies(ts)] == [ids]
    assert len(stand_in.messages()) == 1


@pytest.mark.failure("picture-not-ready")
def test_a_picture_that_is_not_ready_is_waited_for(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.rules(file_ready_seconds=0.25)
    ids = share(door)
    door.uploads.wait_until_ready(ids)
    assert len(stand_in.calls("files.info")) > len(ids)
    door.channel.post(showing(ids[0]), FACE_ID, 1)


def test_what_follows_shared_pictures_waits_for_their_message_but_not_for_ever(
    settings: Settings, stand_in: SlackStandIn, clock: Clock
) -> None:
    nap = Nap(clock)
    door = Slack(SlackApi.of(settings, 5, clock), settings.slack_channel, 1000.0, nap)
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    shared = share(door, ts)
    stand_in.wait_for(lambda: stand_in.replies(ts))
    nap.naps.clear()
    door.uploads.wait_until_seen(shared, settings.slack_channel)
    assert nap.naps == []
    door.uploads.wait_until_seen(share(door), settings.slack_channel)
    assert sum(nap.naps) == pytest.approx(SEEN_SECONDS, abs=0.5)


def test_a_picture_that_never_gets_ready_ends_with_a_retry(
    settings: Settings, stand_in: SlackStandIn, clock: Clock
) -> None:
    stand_in.rules(file_ready_seconds=600)
    door = Slack(SlackApi.of(settings, 5, clock), settings.slack_channel, 1000.0, Nap(clock))
    with pytest.raises(Retry) as why:
        door.uploads.wait_until_ready(share(door))
    assert why.value.after == NOT_READY_AFTER
    assert 3 < len(stand_in.calls("files.info")) < 20


def test_a_message_with_a_picture_that_is_not_ready_is_refused_for_now(
    door: Slack, stand_in: SlackStandIn
) -> None:
    stand_in.rules(file_ready_seconds=600)
    (file, _) = share(door)
    with pytest.raises(PictureNotReady) as why:
        door.channel.post(showing(file), FACE_ID, 1)
    assert why.value.after == NOT_READY_AFTER
    assert not isinstance(why.value, OutcomeUnknown)
    assert door.uploads.are_there([file])


def test_a_picture_that_was_deleted_is_gone(door: Slack, settings: Settings) -> None:
    ids = share(door)
    WebClient(settings.slack_bot_token, base_url=settings.slack_api_url).files_delete(file=ids[1])
    assert not door.uploads.are_there(ids)
    with pytest.raises(PictureGone):
        door.uploads.wait_until_ready(ids)


def test_a_large_picture_has_as_long_as_a_slow_line_takes(stand_in: SlackStandIn) -> None:
    stand_in.fail("upload", delay=2.0)
    api = SlackApi(stand_in.bot_token, stand_in.api_url, 1)
    large = SLOWEST_UPLOAD * 4
    place = api.call("files.getUploadURLExternal", filename="photo.jpg", length=large)
    api.send_bytes(str(place["upload_url"]), bytes(large))
    stand_in.fail("upload", delay=2.0)
    place = api.call("files.getUploadURLExternal", filename="face.jpg", length=10)
    with pytest.raises(OutcomeUnknown):
        api.send_bytes(str(place["upload_url"]), bytes(10))
