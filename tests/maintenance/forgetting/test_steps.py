"""Forgetting a person: nothing says who they are or shows their face any more, and others are as before."""

import io
import json
from contextlib import suppress
from dataclasses import asdict

import pytest
from PIL import Image

from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting, ToForget
from tagbot.database.models.guesses import Guess
from tagbot.database.models.merges import merge, rename
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.votes import Vote
from tagbot.errors import Retry
from tagbot.lib import failpoints
from tagbot.messages import FaceReopened, FacesStruckOut, FaceTagged, ForgetAsked, PersonAdded, PhotoPosted
from tagbot.monitoring.stats_figures import collect
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.rectangle import Rectangle
from tagbot.slack import words
from tagbot.stages.forget_person import forget_person
from tagbot.vocabulary import StageName
from tests.dying import Died
from tests.maintenance.forgetting.scenes import forget, of_person, put_ready_waiting_and_dead
from tests.maintenance.forgetting.traces import in_files, in_slack
from tests.stages.grouping import asked_together
from tests.stages.scenes import MakeWorld, drain_until, fresh, person_of, say, seen, shown, tagged, votes
from tests.world import PORTRAIT_FACE, World, a_decoder, portrait, request_of


@pytest.fixture(name="world")
def _world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.mark.rule("forget-all", "forget-proof")
def test_all_of_a_person_goes_and_all_of_others_stays(world: World) -> None:
    anna, ben, chiara, *_ = world.slack.people
    theirs = [tagged(world, chiara, size=100 + number) for number in range(3)]
    others = [tagged(world, anna) for _ in range(2)]
    still_open = world.face(posted=True)
    say(world, still_open, chiara, anna)
    say(world, still_open, ben, ben)
    PostedPhoto.begin(PhotoPosted(file="F1", by=chiara, at="1.0"), world.services.now())
    wanted, before = of_person(chiara), collect()
    assert list(in_slack(world.slack, wanted))
    were = {face.id: (fresh(face).state, person_of(face), votes(face)) for face in others}

    receipt = forget(world, chiara)

    world.queues["person-forget"].tidy()
    assert receipt.finished_at is not None, (receipt.step, world.queues["person-forget"].troubles())
    assert not list(in_files(world.settings.data_dir, wanted))
    assert not list(in_slack(world.slack, wanted))
    assert {face.id: (fresh(face).state, person_of(face), votes(face)) for face in others} == were
    assert set(votes(still_open)) == {ben}
    assert not Face.select().where(Face.id << [face.id for face in theirs]).exists()
    assert (receipt.counted["faces"], receipt.counted["votes"], receipt.counted["people"]) == (3, 7, 1)
    assert receipt.sealed is None
    assert not ToForget.select().exists()
    after = collect()
    counts = ("asked", "closed", "labelled", "answers", "clicks")
    assert [after[each] for each in counts] == [before[each] for each in counts]


@pytest.mark.rule("forgets-both-halves", "forget-all", "forget-proof")
@pytest.mark.parametrize("by", ["the one that was merged", "the other"])
def test_who_was_merged_is_forgotten_with_both_halves(world: World, by: str) -> None:
    anna, ben, chiara, *_ = world.slack.people
    faces = [tagged(world, person, size=100 + number) for number, person in enumerate((ben, chiara))]
    other = tagged(world, anna)
    rename(Person.get(Person.slack_id == chiara).id, "Chiara Second-Name", 1.0)
    wanted = [of_person(person) for person in (ben, chiara)]
    one, whole = (Person.get(Person.slack_id == person).id for person in (ben, chiara))
    merge(one, whole, world.services.opt_out_key, world.services.now())
    world.services.follow_merges()
    world.drain()
    receipt = forget(world, ben if by == "the one that was merged" else chiara)
    assert receipt.finished_at is not None, (receipt.step, world.queues["person-forget"].troubles())
    world.queues["person-forget"].tidy()
    for each in wanted:
        assert not list(in_files(world.settings.data_dir, each))
        assert not list(in_slack(world.slack, each))
    assert not Face.select().where(Face.id << [face.id for face in faces]).exists()
    assert (receipt.counted["faces"], receipt.counted["people"]) == (2, 2)
    assert [person.slack_id for person in Person.select()] == [anna]
    assert fresh(other).state == "tagged"


@pytest.mark.rule("forget-all")
def test_their_own_votes_stay_under_an_opaque_id_but_for_faces_that_are_open(world: World) -> None:
    anna, ben, chiara, *_ = world.slack.people
    face = world.face(posted=True)
    say(world, face, anna, chiara, ben)
    say(world, still_open := world.face(posted=True), anna, chiara)
    reopened = tagged(world, anna)
    world.publish(FaceReopened(face_id=reopened.id, round=1, by=chiara))
    world.drain()

    forget(world, chiara)

    [opaque] = set(votes(face)) - {ben}
    assert opaque.startswith("forgotten-")
    assert votes(face)[opaque] == anna
    assert PastRound.get(PastRound.face == reopened.id).reopened_by == opaque
    assert fresh(face).state == "tagged"
    assert chiara not in seen(shown(world, face))
    assert "Answered by somebody" in seen(shown(world, face))
    assert not votes(still_open)
    say(world, still_open, anna, chiara)
    assert set(votes(still_open)) == {chiara}, "they may answer anew"


def two_in_one_photo(world: World) -> list[Face]:
    """Two faces in one photo, which have been asked about."""
    one = Image.open(io.BytesIO(portrait(1)))
    both = Image.new("RGB", (480, 240))
    both.paste(one, (0, 0))
    both.paste(one, (240, 0))
    written = io.BytesIO()
    both.save(written, "JPEG", quality=92)
    beside = Rectangle(PORTRAIT_FACE.left + 240, *list(asdict(PORTRAIT_FACE).values())[1:])
    sidecar = {"faces": [{"rectangle": asdict(each)} for each in (PORTRAIT_FACE, beside)]}
    inbox = world.settings.data_dir / "inbox"
    (inbox / "two.json").write_text(json.dumps(sidecar))
    (inbox / "two.jpg").write_bytes(written.getvalue())
    for _ in range(2):
        world.drain()
        world.offset += 10
    return list(Face.select().order_by(Face.left))


def faces_in(picture: bytes) -> list[Rectangle]:
    """By the recogniser."""
    with a_decoder().decoded(picture) as photo:
        return photo.faces()


@pytest.mark.rule("forget-all")
def test_in_a_photo_of_several_their_face_is_hidden_and_the_others_stay(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    theirs, other = two_in_one_photo(here)
    images, sha256 = here.services.images, theirs.photo_id
    assert len(faces_in(images.get(photo_key(sha256)))) == 2
    old_file, crop = other.context_file, images.get(crop_key(other.id))
    say(here, theirs, chiara, anna, ben)

    assert forget(here, chiara).finished_at is not None

    assert [face.left > 200 for face in faces_in(images.get(photo_key(sha256)))] == [True]
    assert len(faces_in(images.get(context_key(other.id)))) == 1
    assert images.get(crop_key(other.id)) == crop
    other = fresh(other)
    assert (other.state, other.photo_id) == ("open", sha256)
    assert other.context_file not in (None, old_file)
    gone = {file.id for file in here.slack.files() if file.deleted}
    assert gone >= {old_file, theirs.crop_file, theirs.context_file}
    assert str(other.context_file) in seen(shown(here, other))
    assert len(faces_in(here.slack.contents(str(other.context_file)))) == 1
    assert Photo.get().sha256 == sha256


@pytest.mark.rule("forget-all")
def test_a_photo_of_nobody_else_goes_and_is_taken_again_if_it_comes_again(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    inbox = here.settings.data_dir / "inbox"
    for _ in range(2):
        (inbox / "one.jpg").write_bytes(portrait(1))
        for _ in range(3):
            here.drain()
            here.offset += 10
        face = Face.get()
        assert (face.state, face.round) == ("open", 1)
        say(here, face, chiara, anna, ben)
        assert forget(here, chiara).counted["photos"] == 1
        assert not list(here.services.images.keys())


@pytest.mark.rule("forget-all")
def test_what_people_said_is_no_face_is_nobody_else_and_goes_with_the_photo(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    theirs, other = two_in_one_photo(here)
    say(here, other, "not_a_face", anna, ben)
    say(here, theirs, chiara, anna, ben)
    labelled, files = collect()["labelled"], {fresh(other).crop_file, fresh(other).context_file}
    receipt = forget(here, chiara)
    assert receipt.finished_at is not None
    assert (receipt.counted["faces"], receipt.counted["photos"]) == (1, 1)
    assert not Photo.select().exists()
    assert not Face.select().exists()
    assert not list(here.services.images.keys())
    assert {file.id for file in here.slack.files() if file.deleted} >= files
    assert collect()["labelled"] == labelled


@pytest.mark.rule("forget-all")
def test_in_a_request_of_several_what_was_theirs_goes_and_the_rest_is_asked_on(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    first, second, third = asked_together(here)
    picture = request_of(first).grid_file
    Vote.put(face_id=first.id, tagger=anna, answer=chiara, round=1, at=here.services.now())
    Vote.put(face_id=first.id, tagger=ben, answer=chiara, round=1, at=here.services.now())
    here.publish(FaceTagged(face_id=first.id))
    here.drain()
    assert [fresh(each).state for each in (first, second, third)] == ["tagged", "open", "open"]

    assert forget(here, chiara).finished_at is not None

    message = shown(here, second)
    assert words.forgotten_here(1) in seen(message)
    assert first.id not in seen(message)
    assert request_of(fresh(second)).grid_file not in (None, picture)
    assert picture in {file.id for file in here.slack.files() if file.deleted}


@pytest.mark.rule("forget-all")
def test_guesses_lose_the_name_and_the_machines_record_stays(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    theirs = tagged(here, chiara)
    other = world_face = tagged(here, anna)
    person = Person.get(Person.slack_id == chiara)
    for face, right in ((theirs, True), (world_face, False)):
        Guess.create(
            face=face.id, round=1, person=person, at=1.0, votes=False, was_right=right, judged_at=2.0
        )
    before = Guess.record()
    forget(here, chiara)
    assert Guess.record() == before
    assert {guess.person for guess in Guess.select()} == {None}
    assert {guess.face for guess in Guess.select()} & {theirs.id, other.id} == {other.id}
    assert ben


@pytest.mark.rule("forget-all", "machine-record-of-people-alone")
def test_a_guess_that_lost_its_name_before_people_agreed_is_not_counted_as_wrong(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    tagged(here, chiara)
    face = here.face(posted=True)
    person = Person.get(Person.slack_id == chiara)
    Guess.create(face=face.id, round=1, person=person, at=1.0, votes=False)
    forget(here, chiara)
    say(here, face, chiara, anna, ben)
    assert fresh(face).state == "tagged"
    assert Guess.record().sure == 0


@pytest.mark.rule("forget-proof")
def test_messages_about_them_go_also_those_that_wait_or_are_dead(world: World) -> None:
    anna, _, chiara, *_ = world.slack.people
    face = tagged(world, chiara)
    person = Person.get(Person.slack_id == chiara)
    name, wanted = person.name, of_person(chiara)
    other = world.face(posted=True)
    about = [
        world.answer(other, anna, chiara),
        world.answer(other, anna, "", name="Somebody Else", email="else@example.com"),
        PersonAdded(person_id=person.id),
        FaceTagged(face_id=face.id, cause=f"{chiara}:1.0"),
        FacesStruckOut(face_id=other.id, by=chiara, at=1.0),
    ]
    put_ready_waiting_and_dead(world, about, reason=f"nobody is called {name}")
    receipt = forget(world, chiara)
    assert receipt.finished_at is not None
    assert not list(in_files(world.settings.data_dir, wanted))


@pytest.mark.rule("forget-all", "forget-proof")
def test_while_slack_is_away_all_goes_that_is_elsewhere(world: World) -> None:
    anna, _, chiara, *_ = world.slack.people
    tagged(world, chiara)
    wanted = of_person(chiara)
    put_ready_waiting_and_dead(world, [world.answer(world.face(posted=True), anna, chiara)])
    world.slack.fail("conversations.open", status=503, times=None)
    forgetting = forget(world, chiara)
    assert forgetting.searched_at is None, "what Slack has is not known yet"
    for queue in world.queues.values():
        queue.tidy()  # as the timed job does
    assert not list(in_files(world.settings.data_dir / "queues", wanted))
    world.slack.heal()
    drain_until(world, lambda: Forgetting.get_by_id(forgetting.id).finished_at)
    assert not list(in_files(world.settings.data_dir, wanted))


@pytest.mark.rule("forget-stays")
def test_a_name_from_before_does_not_bring_them_back_and_its_sender_is_told(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    tagged(here, chiara)
    person = Person.get(Person.slack_id == chiara)
    face, opened = here.face(posted=True), here.services.now()
    here.offset += 5
    forget(here, chiara)
    here.offset += 5
    here.publish(here.answer(face, anna, "", name="Chiara De Luca", opened=opened))
    here.publish(here.answer(face, ben, person.id))
    here.drain()
    assert not votes(face)
    assert here.told(anna) == [words.FORGOTTEN_MEANWHILE]
    assert here.told(ben)[-1:] != []
    here.publish(here.answer(face, anna, "", name="Somebody New", opened=here.services.now()))
    here.drain()
    assert len(votes(face)) == 1, "named in a form that was opened since"
    assert not Person.select().where(Person.slack_id == chiara).exists()


@pytest.mark.rule("forget-stays")
def test_a_late_click_on_their_message_is_told_so(here: World) -> None:
    anna, ben, chiara, *_ = here.slack.people
    face = tagged(here, chiara)
    late = here.answer(face, ben, chiara)
    forget(here, chiara)
    here.publish(late)
    here.drain()
    assert here.told(ben) == [words.FORGOTTEN]
    assert anna


@pytest.mark.rule("forget-stays")
def test_an_answer_that_comes_while_they_are_being_forgotten_is_not_stored(here: World) -> None:
    anna, _, chiara, *_ = here.slack.people
    tagged(here, chiara)
    face = here.face(posted=True)

    def while_it_is_under_way(stage: str, point: str) -> None:
        under_way = [each for each in Forgetting.unfinished() if each.searched_at is None]
        if stage == StageName.FORGET_PERSON and point == failpoints.AFTER_COMMIT and under_way:
            here.publish(here.answer(face, anna, chiara))

    with failpoints.listening(while_it_is_under_way):
        receipt = forget(here, chiara)
    here.drain()
    assert not votes(face)
    assert Forgetting.get_by_id(receipt.id).searched_at is not None


def what_comes(receipt: str) -> ForgetAsked:
    """The message that goes on with it."""
    forgetting = Forgetting.get_or_none(Forgetting.id == receipt)
    return ForgetAsked(receipt=receipt, part=forgetting.part + 1 if forgetting else 0)


@pytest.mark.ci
@pytest.mark.rule("forget-crash")
@pytest.mark.parametrize("point", [failpoints.BEFORE_CALL, failpoints.AFTER_CALL, failpoints.AFTER_COMMIT])
def test_died_at_any_point_it_comes_to_the_same_end(here: World, point: str) -> None:
    """The first life ends at the first passage, the second one at the second, and so on."""
    anna, _, chiara, *_ = here.slack.people
    for number in range(2):
        tagged(here, chiara, size=100 + number)
    other = tagged(here, anna)
    was, wanted, asked = votes(other), of_person(chiara), ForgetAsked.of(chiara)
    passages = lives = 0

    def die(stage: str, reached: str) -> None:
        nonlocal passages
        is_here = (stage, reached) == (StageName.FORGET_PERSON, point)
        passages += is_here
        if is_here and passages == lives:
            raise Died

    with failpoints.listening(die):
        while (now := Forgetting.get_or_none(Forgetting.id == asked.receipt)) is None or not now.finished_at:
            message = asked if now is None else what_comes(asked.receipt)
            with suppress(Died, Retry), failpoints.working_on(StageName.FORGET_PERSON):
                passages, lives = 0, lives + 1
                list(forget_person(message, here.services))
    assert lives > 3
    assert not list(in_files(here.settings.data_dir, wanted))
    assert not list(in_slack(here.slack, wanted))
    assert (votes(other), person_of(other)) == (was, anna)
