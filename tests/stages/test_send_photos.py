"""SendPhotos: a person gets the photos that they are tagged in, each once, and nobody sees what must go."""

import io
from collections import Counter

import pytest
from PIL import Image

from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting, Kind, ToForget
from tagbot.database.models.merges import merge
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.sent_photos import KEPT_SECONDS, PhotosWish, SentPhoto, place_of
from tagbot.errors import Reject, Retry
from tagbot.messages import ForgetAsked, PhotosAsked
from tagbot.photos.image_keys import photo_key
from tagbot.sandbox.state import File, Message
from tagbot.schedule import timed_jobs
from tagbot.slack import sent_photo_words as words
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.stages.send_photos import send_photos
from tests.dying import done_in_spite_of_deaths
from tests.maintenance.forgetting.scenes import forget
from tests.stages.scenes import MakeWorld, controls, tagged
from tests.world import World, portrait


@pytest.fixture(name="world")
def _world(make_world: MakeWorld) -> World:
    return make_world()


def with_photo(world: World, face: Face, number: int) -> str:
    """Let the photo of a face be there, and be one that is told from others by its picture; its SHA-256."""
    picture = Image.open(io.BytesIO(portrait(number))).resize((200 + number, 200))
    written = io.BytesIO()
    picture.save(written, "JPEG")
    world.services.images.put(photo_key(face.photo_id), written.getvalue())
    return str(face.photo_id)


def photos_of(world: World, person: str, number: int) -> list[str]:
    """So many photos of a person, the newest first."""
    found = []
    for each in range(number):
        world.offset += 1
        found.append(with_photo(world, tagged(world, person), each))
    return found[::-1]


def asked(world: World, person: str, *, at: float | None = None, after: str = "") -> PhotosAsked:
    moment = world.services.now() if at is None else at
    return PhotosAsked(person=person, at=moment, after=after, channel=world.slack.channel)


def files(world: World, person: str) -> list[File]:
    """What stands in the direct conversation with a person, in its order."""
    by_id = {file.id: file for file in world.slack.files()}
    return [by_id[each] for message in world.slack.directs(person) for each in message.files]


def let_settle() -> None:
    """Let it be longer ago that something was tried: the clocks of the bot and of Slack stay together."""
    PhotosWish.update(posting_since=PhotosWish.posting_since - SETTLE_SECONDS).execute()
    SentPhoto.update(uploaded_at=SentPhoto.uploaded_at - SETTLE_SECONDS).execute()


def widths(world: World, person: str) -> list[int]:
    """By which the photos are told apart."""
    return [file.width for file in files(world, person) if not file.deleted]


def last(world: World, person: str) -> Message:
    return world.slack.directs(person)[-1]


@pytest.mark.rule("photos-with-me")
def test_a_person_gets_all_their_photos_newest_first_in_one_message(world: World, people: list[str]) -> None:
    photos = photos_of(world, people[2], 3)
    photos_of(world, people[3], 1)
    world.publish(asked(world, people[2]))
    world.drain()
    sent, told = world.slack.directs(people[2])
    assert sent.text == words.photos_sent(3, is_first=True)
    assert widths(world, people[2]) == [202, 201, 200]
    assert [file.photo for file in SentPhoto.select().order_by(SentPhoto.place)] == photos
    assert told.text == words.THAT_IS_ALL
    assert controls(told) == set()
    assert people[2] not in str(told.metadata)
    assert world.slack.directs(people[3]) == []


@pytest.mark.rule("photos-with-me")
def test_what_is_sent_names_nobody_and_has_no_metadata(world: World, people: list[str]) -> None:
    [sha256] = photos_of(world, people[2], 1)
    Photo.update(source="Chiara's phone", taken_at="2024-02-29T10:00:00").where(
        Photo.sha256 == sha256
    ).execute()
    send_photos(asked(world, people[2]), world.services)
    [file] = files(world, people[2])
    assert (file.name, file.title) == ("photo 1.jpg", "Photo 1")
    assert file.alt_text == "Photo 1 of 1, from 2024-02-29: one that you are tagged in"
    content = world.slack.contents(file.id)
    assert content == world.services.images.get(photo_key(sha256))
    assert not Image.open(io.BytesIO(content)).getexif()
    assert list(file.shares) == [last(world, people[2]).channel]


@pytest.mark.rule("photos-with-me")
def test_of_many_ten_come_and_a_button_brings_the_next(world: World, people: list[str]) -> None:
    photos = photos_of(world, people[2], 13)
    send_photos(asked(world, people[2]), world.services)
    assert len(widths(world, people[2])) == 10
    told = last(world, people[2])
    assert told.text == f"{words.how_many_more(3)}\n{words.next_ones(3)}."
    [block] = [block for block in told.blocks if block["type"] == "actions"]
    assert block["block_id"] == f"person:{people[2]}"
    [button] = block["elements"]
    assert (button["action_id"], button["value"]) == ("photos_with_me", place_of(Photo.get_by_id(photos[9])))
    world.offset += 1
    newer = photos_of(world, people[2], 1)
    send_photos(asked(world, people[2], after=button["value"]), world.services)
    assert widths(world, people[2]) == list(range(212, 199, -1)), "what came meanwhile is not among the older"
    assert newer
    assert world.slack.directs(people[2])[-2].text == words.photos_sent(3, is_first=False)
    assert last(world, people[2]).text == words.THAT_IS_ALL


@pytest.mark.rule("photos-with-me")
def test_who_is_tagged_in_none_is_told_so(world: World, people: list[str]) -> None:
    world.publish(asked(world, people[4]))
    world.drain()
    [told] = world.slack.directs(people[4])
    assert told.text == words.NONE


@pytest.mark.rule("photos-with-me")
def test_who_was_merged_gets_those_of_the_whole_person(world: World, people: list[str]) -> None:
    for person in people[2:4]:
        photos_of(world, person, 1)
    part, whole = (Person.get(Person.slack_id == person) for person in people[2:4])
    merge(part.id, whole.id, world.services.opt_out_key, world.services.now())
    for person in people[2:4]:
        send_photos(asked(world, person), world.services)
        assert len(widths(world, person)) == 2


@pytest.mark.rule("photos-with-me")
def test_guests_get_theirs(world: World, people: list[str]) -> None:
    photos_of(world, people[2], 1)
    world.slack.set_member(people[2], is_restricted=True)
    world.publish(asked(world, people[2]))
    world.drain()
    assert len(files(world, people[2])) == 1


@pytest.mark.rule("photos-with-me")
def test_those_that_are_no_longer_kept_are_named_by_their_days(world: World, people: list[str]) -> None:
    _, second, third, fourth = photos_of(world, people[2], 4)
    for sha256, day in ((second, "2026-03-02T10:00:00"), (third, None), (fourth, "2026-03-01")):
        Photo.update(gone_at=1.0, taken_at=day, received_at=Photo.received_at).where(
            Photo.sha256 == sha256
        ).execute()
    Photo.update(received_at=86_400.0 * 365, taken_at="none").where(Photo.sha256 == third).execute()
    send_photos(asked(world, people[2]), world.services)
    assert widths(world, people[2]) == [203]
    assert last(world, people[2]).text == (
        f"{words.THAT_IS_ALL}\n3 photos are no longer kept, so I cannot send what was from "
        "2026-03-02, 2026-03-01, 1971-01-01."
    )


@pytest.mark.rule("photos-with-me")
def test_one_whose_picture_is_lost_counts_as_no_longer_kept(world: World, people: list[str]) -> None:
    _, lost = photos_of(world, people[2], 2)
    world.services.images.delete(photo_key(lost))
    send_photos(asked(world, people[2]), world.services)
    assert widths(world, people[2]) == [201]
    assert "1 photo is no longer kept" in last(world, people[2]).text


@pytest.mark.rule("photos-with-me", "crash-anywhere")
def test_wherever_the_bot_dies_each_photo_comes_once_and_the_last_word_too(
    world: World, people: list[str]
) -> None:
    photos_of(world, people[2], 2)
    wish = asked(world, people[2])
    _, deaths = done_in_spite_of_deaths(
        "SendPhotos",
        lambda: send_photos(wish, world.services),
        between=let_settle,
    )
    assert deaths > 8
    send_photos(wish, world.services)
    assert widths(world, people[2]) == [201, 200]
    assert [message.text for message in world.slack.directs(people[2])] == [
        words.photos_sent(2, is_first=True),
        words.THAT_IS_ALL,
    ]


@pytest.mark.rule("photos-with-me")
@pytest.mark.parametrize(
    ("method", "left"), [("files.completeUploadExternal", 1), ("chat.postMessage", 1), ("upload", 1)]
)
def test_an_answer_of_slacks_that_got_lost_doubles_nothing(
    world: World, people: list[str], method: str, left: int
) -> None:
    photos_of(world, people[2], 1)
    wish = asked(world, people[2])
    world.slack.fail(method, reset=True, effect=True)
    with pytest.raises(Retry):
        send_photos(wish, world.services)
    world.offset += SETTLE_SECONDS
    send_photos(wish, world.services)
    assert len(widths(world, people[2])) == left
    said = Counter(message.text for message in world.slack.directs(people[2]))  # Slack may show a file later
    assert (said[words.THAT_IS_ALL], said.total()) == (1, 2)


@pytest.mark.rule("photos-with-me")
def test_uploads_that_slack_forgot_are_made_anew(world: World, people: list[str]) -> None:
    photos_of(world, people[2], 1)
    wish = asked(world, people[2])
    world.slack.fail("files.completeUploadExternal", error="internal_error")
    with pytest.raises(Retry):
        send_photos(wish, world.services)
    SentPhoto.update(file="F0UNKNOWN0").execute()
    with pytest.raises(Retry, match="uploaded anew"):
        send_photos(wish, world.services)
    assert SentPhoto.select().count() == 1, "an earlier attempt may still be under way"
    world.offset += SETTLE_SECONDS
    with pytest.raises(Retry, match="uploaded anew"):
        send_photos(wish, world.services)
    send_photos(wish, world.services)
    assert widths(world, people[2]) == [200]


@pytest.mark.rule("photos-with-me")
def test_two_clicks_in_a_row_bring_them_once_and_a_later_one_again(world: World, people: list[str]) -> None:
    photos_of(world, people[2], 1)
    for at in (0.0, 0.1):
        world.publish(asked(world, people[2], at=world.services.now() - world.offset - 3 + at))
    world.drain()
    assert len(files(world, people[2])) == 1
    world.offset += 60
    world.publish(asked(world, people[2]))
    world.drain()
    assert len(files(world, people[2])) == 2


@pytest.mark.rule("photos-with-me")
def test_fulfilled_wishes_are_not_remembered_for_long(world: World, people: list[str]) -> None:
    send_photos(asked(world, people[2]), world.services)
    world.offset += KEPT_SECONDS + 1
    send_photos(asked(world, people[3]), world.services)
    assert [wish.member for wish in PhotosWish.select()] == [people[3]]


@pytest.mark.rule("photos-with-me")
def test_who_cannot_be_written_to_hears_so_where_they_clicked(world: World, people: list[str]) -> None:
    photos_of(world, people[2], 1)
    world.slack.fail("conversations.open", error="user_not_visible")
    world.publish(asked(world, people[2]))
    world.drain()
    assert world.told(people[2]) == [words.NOT_WRITTEN_TO]
    assert files(world, people[2]) == []


@pytest.mark.rule("photos-with-me")
@pytest.mark.failure("asked-photos-not-sent")
def test_those_whose_photos_were_given_up_hear_it_once_and_get_them_after_retry(
    make_world: MakeWorld,
) -> None:
    world = make_world(MAX_ATTEMPTS="1")
    person = world.slack.people[2]
    photos_of(world, person, 1)
    world.slack.fail("files.getUploadURLExternal", error="storage_limit_reached")
    world.publish(asked(world, person))
    world.drain()
    for _ in range(2):
        timed_jobs.tell_of_given_up(world.services)
    told = words.given_up("files.getUploadURLExternal: storage_limit_reached")
    assert [message.text for message in world.slack.directs(person)] == [told]
    assert world.queues["person-photos"].redrive() == 1
    world.drain()
    timed_jobs.tell_of_given_up(world.services)
    assert [message.text for message in world.slack.directs(person)][1:] == [
        words.photos_sent(1, is_first=True),
        words.THAT_IS_ALL,
    ]


@pytest.mark.failure("asked-photos-not-sent", shows="who is told")
def test_without_the_right_to_open_a_conversation_they_hear_it_all_the_same(make_world: MakeWorld) -> None:
    world = make_world(MAX_ATTEMPTS="1")
    person = world.slack.people[2]
    world.slack.set_workspace(
        scopes=[scope for scope in world.slack.state()["workspace"]["scopes"] if scope != "im:write"]
    )
    world.publish(asked(world, person))
    world.drain()
    timed_jobs.tell_of_given_up(world.services)
    [told] = world.slack.directs(person)
    assert "im:write" in told.text
    [trouble] = world.queues["person-photos"].troubles()
    assert "im:write" in trouble.error


@pytest.mark.rule("photos-with-me")
def test_a_message_that_is_none_is_rejected() -> None:
    with pytest.raises(Reject):
        PhotosAsked.from_json({"at": 1.0})


# --- Who is forgotten ---------------------------------------------------------------------------------------


def both_in_one(world: World, one: str, other: str) -> str:
    """A photo that two people are tagged in; its SHA-256."""
    first, second = tagged(world, one), tagged(world, other)
    Face.update(photo=first.photo_id).where(Face.id == second.id).execute()
    return with_photo(world, first, 7)


@pytest.mark.rule("photos-with-me", "forget-all")
def test_what_others_were_sent_goes_where_it_shows_who_is_forgotten(world: World, people: list[str]) -> None:
    both_in_one(world, people[2], people[3])
    world.offset += 1
    photos_of(world, people[3], 1)
    for person in people[2:4]:
        send_photos(asked(world, person), world.services)
    assert widths(world, people[3]) == [200, 207]
    receipt = forget(world, people[2])
    assert receipt.finished_at is not None
    assert widths(world, people[2]) == []
    assert widths(world, people[3]) == [200]
    assert [sent.member for sent in SentPhoto.select()] == [people[3]]
    assert [wish.member for wish in PhotosWish.select()] == [people[3]]
    world.offset += 60
    send_photos(asked(world, people[3]), world.services)
    blurred = files(world, people[3])[-1]
    assert blurred.width == 207
    assert world.slack.contents(blurred.id) == world.services.images.get(
        photo_key(SentPhoto.get(file=blurred.id).photo)
    )


@pytest.mark.rule("photos-with-me", "forget-all")
def test_a_photo_that_is_being_changed_waits_and_one_noted_too_late_is_not_sent(
    world: World, people: list[str]
) -> None:
    sha256 = both_in_one(world, people[2], people[3])
    person = Person.get(Person.slack_id == people[2])
    Forgetting.insert(id="R", way="button", never_again=False, asked_at=1.0).execute()
    ToForget.note("R", Kind.HIDDEN, [sha256])
    wish = asked(world, people[3])
    with pytest.raises(Retry, match="being changed"):
        send_photos(wish, world.services)
    assert files(world, people[3]) == []
    ToForget.delete().execute()
    row, seen = PhotosWish.get(), Forgetting.stamp()
    world.publish(ForgetAsked.of(person.id))
    world.drain()
    with pytest.raises(Retry, match="being forgotten"):
        SentPhoto.put(row, 1, sha256, "F0TOOLATE0", seen, 1.0)


@pytest.mark.rule("photos-with-me", "forget-all")
def test_one_that_was_noted_before_and_shown_after_is_taken_away_at_once(
    world: World, people: list[str]
) -> None:
    """The forgetting ran from its beginning to its end while Slack took its time."""
    both_in_one(world, people[2], people[3])
    wish = asked(world, people[3])
    world.slack.fail("files.completeUploadExternal", error="internal_error")
    with pytest.raises(Retry):
        send_photos(wish, world.services)
    [sent] = SentPhoto.select()
    assert SentPhoto.note_shared([sent.file], 1.0) == set()
    SentPhoto.drop([sent.file])
    assert SentPhoto.note_shared([sent.file], 1.0) == {sent.file}


# --- Pictures that are kept for a while ---------------------------------------------------------------------


@pytest.mark.rule("photos-with-me", "pictures-kept-for-a-while")
def test_what_was_sent_goes_with_its_photo(make_world: MakeWorld) -> None:
    world = make_world(KEEP_PICTURES_DAYS="0.5")
    person = world.slack.people[2]
    photos_of(world, person, 1)
    send_photos(asked(world, person), world.services)
    timed_jobs.let_pictures_go(world.services)
    assert widths(world, person) == [200]
    world.offset += 86_400
    timed_jobs.let_pictures_go(world.services)
    assert widths(world, person) == []
    assert SentPhoto.select().count() == 0
    send_photos(asked(world, person), world.services)
    assert "1 photo is no longer kept" in last(world, person).text
