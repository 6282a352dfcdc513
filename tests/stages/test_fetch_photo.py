"""FetchPhoto: a photo posted in Slack comes into the inbox once, and its member hears once of it."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagbot.database.models.faces import Face
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import KEPT_SECONDS, PostedPhoto
from tagbot.errors import Reject, Retry
from tagbot.lib.crashes import CRASHED
from tagbot.messages import PhotoPosted
from tagbot.photos.known_photos import identity
from tagbot.photos.photo_limits import MAX_BYTES
from tagbot.sandbox.driver import Slack
from tagbot.schedule import timed_jobs
from tagbot.slack import posted_photo_words, words
from tagbot.slack.photo_outcomes import MANY
from tagbot.stages.fetch_photo import fetch_photo
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import PhotoOutcome
from tests.dying import done_in_spite_of_deaths
from tests.stages.scenes import drain_until
from tests.world import World, a_world, astronaut, portrait


def posted(world: World, photo: bytes, name: str = "Anna Lindqvist.jpg", **more: Any) -> PhotoPosted:
    """A member posts a photo."""
    by = world.slack.people[0]
    file = world.slack.share(by, name, photo)
    message = world.slack.wait_for_message(lambda each: each.files == [file.id])
    return PhotoPosted(**{"file": file.id, "by": by, "channel": message.channel, "at": message.ts} | more)


def inbox(world: World) -> list[Path]:
    return sorted((world.settings.data_dir / "inbox").iterdir())


def told(world: World, member: int = 0) -> list[str]:
    """All that a member heard, once the timed job has run twice."""
    for _ in range(2):
        timed_jobs.tell_of_photos(world.services)
    return [each.text for each in world.slack.ephemerals(world.slack.people[member])]


def search(world: World) -> None:
    """Let the inbox hand out what lies there, and the bot look for faces."""
    for _ in range(3):
        world.drain()
        world.offset += 10


@pytest.mark.rule("posted-photos", "posted-photo-word")
def test_a_posted_photo_is_searched_for_faces_and_its_member_hears_how_many(world: World) -> None:
    wish = posted(world, astronaut())
    world.publish(wish)
    world.drain()
    [file] = inbox(world)
    assert file.read_bytes() == astronaut()
    assert "Anna" not in file.name, "the name in Slack may be a person's"
    assert told(world) == [], "not before it was searched"
    search(world)
    assert told(world) == ["1 face found; I will ask about it here."]
    assert Face.select().count() == 1
    row = PostedPhoto.get()
    assert (row.member, row.channel, row.outcome) == (None, None, None)


@pytest.mark.rule("posted-photo-word")
def test_who_posts_one_while_many_faces_wait_is_told_that_it_may_take_a_while(world: World) -> None:
    for _ in range(MANY):
        world.face()
    fetch_photo(posted(world, portrait(50)), world.services)
    search(world)
    assert told(world) == [
        f"1 face found; I will ask about it here. {MANY} other faces wait too, so that may take a while."
    ]


@pytest.mark.rule("posted-photos", "posted-photo-word")
def test_a_redelivered_wish_takes_nothing_twice_and_says_nothing_twice(world: World) -> None:
    wish = posted(world, astronaut())
    fetch_photo(wish, world.services)
    fetch_photo(wish, world.services)
    assert len(inbox(world)) == 1
    search(world)
    assert inbox(world) == []
    for _ in range(2):
        fetch_photo(wish, world.services)
        assert told(world) == ["1 face found; I will ask about it here."]
    assert inbox(world) == []


@pytest.mark.rule("posted-photos", "posted-photo-word")
def test_several_of_one_message_are_told_apart_and_the_same_twice_is_known(world: World) -> None:
    photos = (portrait(1), portrait(2), portrait(1))
    for number, photo in enumerate(photos, start=1):
        fetch_photo(posted(world, photo, number=number, out_of=3), world.services)
    assert {identity(file.read_bytes()) for file in inbox(world)} == set(map(identity, photos))
    assert len(inbox(world)) == 2
    search(world)
    found = "1 face found; I will ask about it here."
    assert sorted(told(world)) == [
        f"Photo 1 of 3: {found}",
        f"Photo 2 of 3: {found}",
        f"Photo 3 of 3: {posted_photo_words.NOT_SEARCHED[PhotoOutcome.KNOWN]}",
    ]
    again = posted(world, portrait(2))
    fetch_photo(again, world.services)
    assert told(world)[-1] == posted_photo_words.NOT_SEARCHED[PhotoOutcome.KNOWN]
    assert Photo.select().count() == 2


@pytest.mark.rule("posted-photo-word")
def test_a_photo_without_faces_and_one_that_is_none_say_so(world: World) -> None:
    empty = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(empty, "PNG")
    fetch_photo(posted(world, empty.getvalue()), world.services)
    fetch_photo(posted(world, b"GIF89a" + bytes(50), "b.gif"), world.services)
    search(world)
    search(world)
    nothing, gif = sorted(told(world))
    assert nothing == "I found no face in this photo, so there is nobody to ask about."
    assert gif.startswith("This photo cannot be used: this is a GIF; only JPEG")
    assert gif.endswith("as PNG or JPEG.")


@pytest.mark.rule("posted-photos")
def test_a_file_that_slack_calls_no_picture_is_passed_over_in_silence(world: World) -> None:
    fetch_photo(posted(world, b"just words", "a.txt"), world.services)
    assert (inbox(world), told(world)) == ([], [])
    assert world.slack.calls("download") == []


@pytest.mark.rule("posted-photo-word")
@pytest.mark.failure("posted-photo-not-fetched")
def test_a_photo_whose_message_was_deleted_meanwhile_is_left_alone(world: World) -> None:
    wish = posted(world, astronaut())
    world.slack.delete(wish.at)
    fetch_photo(wish, world.services)
    assert (inbox(world), told(world)) == ([], [posted_photo_words.NOT_SEARCHED[PhotoOutcome.GONE]])


@pytest.mark.rule("posted-photo-word")
def test_one_that_was_fetched_before_its_message_was_deleted_goes_on(world: World) -> None:
    wish = posted(world, astronaut())
    fetch_photo(wish, world.services)
    world.slack.delete(wish.at)
    fetch_photo(wish, world.services)
    search(world)
    assert told(world)[0].startswith("1 face found")


@pytest.mark.rule("posted-photo-limits", "posted-photo-word")
@pytest.mark.failure("posted-photo-not-fetched")
def test_what_slack_calls_too_large_is_not_fetched(world: World) -> None:
    fetch_photo(posted(world, astronaut() + bytes(MAX_BYTES)), world.services)
    assert world.slack.calls("download") == []
    assert (inbox(world), told(world)) == ([], [posted_photo_words.NOT_SEARCHED[PhotoOutcome.TOO_LARGE]])


@pytest.mark.rule("token-to-slack-alone", "posted-photo-word")
@pytest.mark.failure("posted-photo-not-fetched")
def test_a_redirect_to_another_host_gets_neither_the_token_nor_a_request(world: World) -> None:
    wish = posted(world, astronaut())
    with listening() as (address, heard):
        world.slack.fail("download", status=302, location=address)
        fetch_photo(wish, world.services)
    assert heard == []
    assert (inbox(world), told(world)) == ([], [posted_photo_words.NOT_SEARCHED[PhotoOutcome.ELSEWHERE]])


@pytest.mark.rule("token-to-slack-alone")
def test_a_redirect_within_slack_is_followed_with_the_token(world: World) -> None:
    wish = posted(world, astronaut())
    real = world.services.slack.posted_files.describe(wish.file).address
    world.slack.fail("download", status=302, location=real)
    fetch_photo(wish, world.services)
    assert len(inbox(world)) == 1


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A host that is not Slack's, and what it hears."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hear() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        heard.append(connection.recv(65_536))
            except OSError:
                return  # closed

        thread = threading.Thread(target=hear)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/photo.jpg", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.rule("posted-photos")
@pytest.mark.failure("slack-keeps-a-photo")
@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("files.info", {"status": 503}),
        ("files.info", {"error": "missing_scope"}),
        ("download", {"status": 429, "retry_after": 7}),
        ("download", {"status": 500}),
        ("download", {"reset": True}),
        ("download", {"status": 302, "location": "/signin"}),
    ],
    ids=str,
)
def test_while_slack_does_not_give_it_out_it_is_tried_again(
    world: World, method: str, fault: dict[str, Any]
) -> None:
    wish = posted(world, astronaut())
    world.slack.fail(method, **fault)
    with pytest.raises(Retry) as why:
        fetch_photo(wish, world.services)
    assert why.value.after == fault.get("retry_after")
    assert (inbox(world), told(world)) == ([], [])
    fetch_photo(wish, world.services)
    assert len(inbox(world)) == 1


@pytest.mark.failure("slack-keeps-a-photo", shows="who is told")
def test_a_missing_scope_is_named(world: World) -> None:
    wish = posted(world, astronaut())
    world.slack.set_workspace(scopes=["chat:write"])
    with pytest.raises(Retry, match="files:read"):
        fetch_photo(wish, world.services)


@pytest.mark.rule("posted-photos")
def test_a_message_that_is_none_is_rejected() -> None:
    with pytest.raises(Reject):
        PhotoPosted.from_json({"by": "U1"})


@pytest.mark.rule("who-has-a-say")
def test_a_guests_photo_is_not_taken_and_they_are_told(world: World) -> None:
    world.slack.set_member(world.slack.people[0], is_restricted=True)
    world.publish(posted(world, astronaut()))
    world.drain()
    assert inbox(world) == []
    assert world.told(world.slack.people[0]) == [words.NO_SAY]
    assert world.slack.calls("files.info") == []


@pytest.mark.rule("posted-photo-word")
def test_who_cannot_be_told_now_is_told_later_and_holds_up_nobody(world: World) -> None:
    for number in (0, 1):
        wish = posted(world, b"x", f"{number}.txt", by=world.slack.people[number])
        PostedPhoto.begin(wish, world.services.now())
        PostedPhoto.note(wish.id, outcome=PhotoOutcome.KNOWN)
    world.slack.fail("chat.postEphemeral", error="internal_error")
    with pytest.raises(Retry):
        timed_jobs.tell_of_photos(world.services)
    known = posted_photo_words.NOT_SEARCHED[PhotoOutcome.KNOWN]
    assert [len(world.slack.ephemerals(member)) for member in world.slack.people[:2]] == [0, 1]
    assert [told(world, number) for number in (0, 1)] == [[known], [known]]


@pytest.mark.rule("posted-photo-word")
def test_in_another_channel_the_word_says_where_it_is_asked(world: World) -> None:
    people = world.slack.people
    world.slack.set_channel("C0PARTY001", members=[*people, world.slack.bot_user])
    file = world.slack.share(people[1], "a.jpg", astronaut(), channel="C0PARTY001")
    world.slack.wait_for_message(lambda each: each.files == [file.id], channel="C0PARTY001")
    wish = PhotoPosted(file=file.id, by=people[1], channel="C0PARTY001", at="1.000001")
    fetch_photo(wish, world.services)
    search(world)
    assert len(told(world, 1)) == 1
    [word] = world.slack.ephemerals(people[1])
    assert (word.channel, word.text) == (
        "C0PARTY001",
        f"1 face found; I will ask about it in <#{world.slack.channel}>.",
    )


@pytest.mark.rule("posted-photos", "posted-photo-word", "crash-anywhere")
def test_wherever_the_bot_dies_the_photo_comes_once_and_the_word_too(world: World) -> None:
    """It dies at each call of Slack and each commit that the work takes, one after the other."""
    wish = posted(world, astronaut())
    _, deaths = done_in_spite_of_deaths("FetchPhoto", lambda: fetch_photo(wish, world.services))
    assert deaths > 4
    assert len(inbox(world)) == 1
    search(world)
    assert told(world) == ["1 face found; I will ask about it here."]


@pytest.mark.rule("posted-photos")
def test_rows_that_nobody_asks_for_any_more_go(world: World) -> None:
    PostedPhoto.begin(PhotoPosted(file="F1", by="U1", at="1.0"), world.services.now())
    world.offset += KEPT_SECONDS + 1
    timed_jobs.tell_of_photos(world.services)
    assert PostedPhoto.select().count() == 0


@pytest.mark.rule("posted-photo-given-up")
@pytest.mark.failure("slack-keeps-a-photo", shows="who is told")
def test_the_member_whose_photo_was_given_up_hears_it_once_and_retry_brings_it_in(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, MAX_ATTEMPTS="2") as world:
        scopes = stand_in.state()["workspace"]["scopes"]
        world.publish(posted(world, astronaut(), number=2, out_of=3))
        stand_in.set_workspace(scopes=[scope for scope in scopes if scope != "files:read"])
        drain_until(world, lambda: world.queues["slack-photo"].counts().dead)
        for _ in range(2):
            timed_jobs.tell_of_given_up(world.services)
        reason = "files.info: missing_scope (the Slack app needs the scope files:read)"
        given_up = f"Photo 2 of 3: {posted_photo_words.photo_given_up(reason)}"
        assert told(world) == [given_up]
        assert world.queues["slack-photo"].redrive() == 1
        drain_until(world, lambda: world.queues["slack-photo"].counts().dead)
        timed_jobs.tell_of_given_up(world.services)
        assert told(world) == [given_up], "once, however often it is tried again"
        stand_in.set_workspace(scopes=scopes)
        world.queues["slack-photo"].redrive()
        search(world)
        timed_jobs.tell_of_given_up(world.services)
        assert told(world) == [given_up, "Photo 2 of 3: 1 face found; I will ask about it here."]


@pytest.mark.rule("posted-photo-given-up")
def test_one_that_crashed_the_bot_again_and_again_is_told_of_too(world: World) -> None:
    wish = posted(world, astronaut())
    PostedPhoto.begin(wish, world.services.now())
    world.publish(wish)
    delivery = world.queues["slack-photo"].get(timeout=0)
    assert delivery is not None
    delivery.bury(CRASHED)
    timed_jobs.tell_of_given_up(world.services)
    assert told(world) == [posted_photo_words.photo_given_up(CRASHED)]
