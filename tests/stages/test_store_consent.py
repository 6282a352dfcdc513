"""Consent: nobody is learned before their own yes, each is asked once, a no takes out what was learned."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText, standing
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.merges import merge, unmerge
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.errors import Reject, Retry
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.messages import ConsentChanged, FaceTagged
from tagbot.photos.image_keys import crop_key
from tagbot.schedule import timed_jobs
from tagbot.slack import words
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.stages.store_consent import store_consent
from tagbot.vocabulary import Consent
from tagbot.worker import workers
from tests.database.rows import photo_rows
from tests.dying import done_in_spite_of_deaths
from tests.stages.scenes import MakeWorld, controls, fresh, shown, tagged
from tests.world import World


@pytest.fixture(name="world")
def _world(make_world: MakeWorld) -> World:
    """One in which nobody is learned before their yes."""
    return make_world(CONSENT="required")


def said(person: str, what: str, at: float, text: str = "") -> ConsentChanged:
    return ConsentChanged(person=person, said=what, at=at, text=text)


def say(world: World, person: str, what: str, at: float) -> None:
    world.publish(said(person, what, at))
    world.drain()


def requiring(world: World) -> World:
    """The same world, where consent is required from now on."""
    settings = replace(world.settings, consent="required")
    services = replace(world.services, settings=settings)
    return replace(world, settings=settings, services=services, workers=workers(services))


def learned() -> int:
    return TrainedVector.select().count()


def id_of(slack_id: str) -> str:
    return str(Person.get(Person.slack_id == slack_id).id)


@pytest.mark.rule("consent-before-learning")
def test_who_is_named_is_tagged_not_learned_and_asked_once(world: World, people: list[str]) -> None:
    faces = [tagged(world, people[2]) for _ in range(3)]
    assert learned() == 0
    assert [(fresh(face).state, fresh(face).reason, fresh(face).face_ref) for face in faces] == [
        ("tagged", "no_consent", None)
    ] * 3
    assert words.NOT_SENT["no_consent"] in shown(world, faces[0]).text
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_yes", "consent_no"}
    assert {block["block_id"] for block in question.blocks if block["type"] == "actions"} == {
        f"person:{people[2]}"
    }
    assert ConsentText.get().text in question.text
    assert people[2] not in str(question.metadata)
    assert standing(id_of(people[2])) == Consent.ASKED


@pytest.mark.rule("consent-before-learning")
def test_a_yes_sends_all_faces_that_waited_and_the_question_says_so(world: World, people: list[str]) -> None:
    faces = [tagged(world, people[2]) for _ in range(3)]
    yes = said(people[2], Consent.GIVEN, 5.0, ConsentText.get().id)
    outputs = list(store_consent(yes, world.services))
    assert outputs == [FaceTagged.after_consent(face.id, 1, 5.0) for face in faces]
    assert list(store_consent(yes, world.services)) == outputs, "again"
    for output in outputs * 2:
        world.publish(output)
    world.drain()
    assert learned() == 3
    assert [(fresh(face).state, fresh(face).reason) for face in faces] == [("tagged", None)] * 3
    assert words.NOT_SENT["no_consent"] not in shown(world, faces[0]).text
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_no"}
    [statement] = ConsentStatement.select()
    assert (statement.said, statement.at, statement.way) == ("given", 5.0, "Slack")
    assert statement.words == ConsentText.get().text
    later = tagged(world, people[2])
    assert fresh(later).face_ref is not None


@pytest.mark.rule("consent-before-learning")
def test_a_yes_that_was_noted_before_the_first_tag_has_its_face_learned_and_nobody_asked(
    world: World, people: list[str]
) -> None:
    person = Person.with_slack_id(people[2], 1.0)
    ConsentStatement.note(person.id, Consent.GIVEN, at=2.0, way="form 12", text_id=None)
    face = tagged(world, people[2])
    assert (learned(), fresh(face).reason) == (1, None)
    assert world.slack.directs(people[2]) == []
    assert Person.get_by_id(person.id).name


@pytest.mark.rule("consent-before-learning")
@pytest.mark.parametrize("answer", [Consent.REFUSED, None])
def test_a_no_or_silence_leaves_them_unlearned_and_nobody_is_asked_twice(
    world: World, people: list[str], answer: Consent | None
) -> None:
    face = tagged(world, people[2])
    if answer is not None:
        say(world, people[2], answer, 5.0)
    later = tagged(world, people[2])
    timed_jobs.follow_consent(world.services)
    world.drain()
    assert learned() == 0
    assert [fresh(each).reason for each in (face, later)] == ["no_consent"] * 2
    [question] = world.slack.directs(people[2])
    assert controls(question) == ({"consent_yes", "consent_no"} if answer is None else {"consent_yes"})
    assert shown(world, face).text.count(words.NOT_SENT["no_consent"]) == 1, "the same whatever was said"


@pytest.mark.rule("consent-before-learning")
def test_a_yes_is_withdrawn_with_effect_on_the_model(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    say(world, people[2], Consent.GIVEN, 5.0)
    assert learned() == 1
    say(world, people[2], Consent.REFUSED, 6.0)
    assert learned() == 0
    row = fresh(face)
    assert (row.state, row.reason, row.face_ref, row.training_backend) == ("tagged", "no_consent", None, None)
    assert standing(id_of(people[2])) == Consent.WITHDRAWN
    say(world, people[2], Consent.GIVEN, 7.0)
    assert (learned(), standing(id_of(people[2]))) == (1, Consent.GIVEN)
    say(world, people[2], Consent.REFUSED, 5.5)
    assert (learned(), standing(id_of(people[2]))) == (1, Consent.GIVEN), "an older word changes nothing"
    assert len(world.slack.directs(people[2])) == 1


@pytest.mark.rule("consent-before-learning")
def test_where_consent_is_not_required_a_no_counts_all_the_same(make_world: MakeWorld) -> None:
    world = make_world()
    person = world.slack.people[2]
    face = tagged(world, person)
    assert learned() == 1
    say(world, person, Consent.REFUSED, 5.0)
    assert (learned(), fresh(face).reason) == (0, "no_consent")
    assert world.slack.directs(person) == []


@pytest.mark.rule("consent-before-learning")
def test_who_was_learned_before_is_unlearned_and_asked_once_it_is_required(make_world: MakeWorld) -> None:
    before = make_world()
    people = before.slack.people
    faces = [tagged(before, people[2]), tagged(before, people[3])]
    say(before, people[3], Consent.GIVEN, 5.0)
    world = requiring(before)
    timed_jobs.follow_consent(world.services)
    world.drain()
    assert [fresh(face).reason for face in faces] == ["no_consent", None]
    assert learned() == 1
    assert [len(world.slack.directs(person)) for person in people[2:4]] == [1, 0]
    timed_jobs.follow_consent(world.services)
    world.drain()
    assert len(world.slack.directs(people[2])) == 1


@pytest.mark.rule("consent-before-learning")
@pytest.mark.parametrize("said_so", [None, Consent.GIVEN, Consent.REFUSED], ids=["asked", "yes", "no"])
def test_wherever_the_bot_dies_there_is_one_direct_message_and_the_model_is_right(
    world: World, people: list[str], said_so: Consent | None
) -> None:
    """It dies at each call of Slack and each commit that the work takes, one after the other."""
    if said_so is None:
        face = tagged_silently(world, people[2])
    else:
        face = tagged(world, people[2])
        if said_so is Consent.REFUSED:
            say(world, people[2], Consent.GIVEN, 4.0)
    assert followed_in_spite_of_deaths(world, said(people[2], said_so or "", 5.0)) > 2
    assert len(world.slack.directs(people[2])) == 1
    expected = {None: Consent.ASKED, Consent.REFUSED: Consent.WITHDRAWN}.get(said_so, Consent.GIVEN)
    assert standing(id_of(people[2])) == expected
    assert learned() == (1 if said_so is Consent.GIVEN else 0)
    assert fresh(face).state == "tagged"


def followed_in_spite_of_deaths(world: World, message: ConsentChanged) -> int:
    """Do all that follows from a word, in a bot that dies at each point of it, and tell again what follows;
    how many deaths there were.
    """
    outputs, deaths = done_in_spite_of_deaths(
        "StoreConsent",
        lambda: list(store_consent(message, world.services)),
        between=lambda: setattr(world, "offset", world.offset + SETTLE_SECONDS),
    )
    for output in outputs * 2:
        world.publish(output)
        world.drain()
    return deaths


@pytest.mark.rule("consent-before-learning")
def test_named_a_second_time_before_the_question_was_out_there_is_one_wherever_the_bot_dies(
    world: World, people: list[str]
) -> None:
    faces = [tagged_silently(world, people[2]) for _ in range(2)]
    deaths = [followed_in_spite_of_deaths(world, ConsentChanged(person=people[2])) for _ in faces]
    assert deaths[0] > 2
    assert len(world.slack.directs(people[2])) == 1
    assert (learned(), {fresh(face).reason for face in faces}) == (0, {"no_consent"})


def tagged_silently(world: World, person: str) -> Face:
    """A tagged face whose person is to be asked yet."""
    world.slack.fail("conversations.open", error="internal_error", times=None)
    face = tagged(world, person)
    world.slack.heal()
    world.messages("person-consent")
    return face


@pytest.mark.rule("outside-trouble-keeps-votes")
def test_while_slack_is_away_the_question_waits(world: World, people: list[str]) -> None:
    tagged_silently(world, people[2])
    world.slack.fail("chat.postMessage", error="team_access_not_granted")
    with pytest.raises(Retry):
        list(store_consent(ConsentChanged(person=people[2]), world.services))
    list(store_consent(ConsentChanged(person=people[2]), world.services))
    assert len(world.slack.directs(people[2])) == 1


@pytest.mark.rule("consent-before-learning")
def test_an_answer_of_slacks_that_got_lost_is_looked_for(world: World, people: list[str]) -> None:
    tagged_silently(world, people[2])
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(Retry):
        list(store_consent(ConsentChanged(person=people[2]), world.services))
    with pytest.raises(Retry, match="on its way"):
        list(store_consent(ConsentChanged(person=people[2]), world.services))
    world.offset += SETTLE_SECONDS
    list(store_consent(ConsentChanged(person=people[2]), world.services))
    assert len(world.slack.directs(people[2])) == 1


@pytest.mark.rule("consent-before-learning")
@pytest.mark.failure("cannot-be-asked")
def test_a_person_whom_slack_lets_nobody_write_to_stays_unlearned(world: World, people: list[str]) -> None:
    world.slack.fail("conversations.open", error="user_not_visible", times=None)
    face = tagged(world, people[2])
    timed_jobs.follow_consent(world.services)
    assert world.messages("person-consent") == []
    assert (fresh(face).reason, standing(id_of(people[2]))) == ("no_consent", Consent.NONE)
    question = ConsentQuestion.of(id_of(people[2]))
    assert question is not None
    assert question.problem == "conversations.open: user_not_visible"
    [notice] = notices()
    assert notice.startswith("1 person cannot be asked for consent by direct message, and is not learned")
    ConsentStatement.note(id_of(people[2]), Consent.GIVEN, at=5.0, way="form 12", text_id=None)
    timed_jobs.follow_consent(world.services)
    assert notices() == []


def notices() -> list[str]:
    """What `status` asks the operator to look at."""
    return [str(each.text) for each in Notice.select()]


@pytest.mark.rule("consent-before-learning")
def test_a_word_about_nobody_known_leaves_nothing_behind(world: World) -> None:
    assert list(store_consent(said("U0NOBODY00", Consent.GIVEN, 5.0), world.services)) == []
    assert (Person.select().count(), ConsentStatement.select().count()) == (0, 0)


@pytest.mark.rule("consent-before-learning")
def test_a_no_that_comes_while_the_backend_learns_takes_the_face_out_again(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    say(world, people[2], Consent.GIVEN, 5.0)
    Face.update(state="training").where(Face.id == face.id).execute()
    list(store_consent(said(people[2], Consent.REFUSED, 6.0), world.services))
    assert learned() == 0
    world.publish(FaceTagged.from_id(str(fresh(face).claimed_by), face.id, 1))
    world.drain()
    assert (learned(), fresh(face).state, fresh(face).reason) == (0, "tagged", "no_consent")


@pytest.mark.rule("consent-before-learning")
def test_a_crash_between_the_backend_and_the_note_of_it_leaves_nothing_in_the_model(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    say(world, people[2], Consent.GIVEN, 5.0)
    # As the row is when the bot dies before it has noted the backend's answer.
    nothing = dict.fromkeys(("training_backend", "person_ref", "face_ref"))
    Face.update(state="training", **nothing).where(Face.id == face.id).execute()
    list(store_consent(said(people[2], Consent.REFUSED, 6.0), world.services))
    world.publish(FaceTagged.from_id(str(fresh(face).claimed_by), face.id, 1))
    world.drain()
    assert (learned(), fresh(face).state, fresh(face).reason) == (0, "tagged", "no_consent")


@pytest.mark.rule("consent-before-learning")
def test_a_message_that_is_none_is_rejected() -> None:
    with pytest.raises(Reject):
        ConsentChanged.from_json({"said": "given"})


@pytest.mark.rule("opted-out")
@pytest.mark.failure("another-opt-out-key")
def test_status_tells_that_another_key_keeps_nobody_out_until_the_right_one_is_back(world: World) -> None:
    OptOut.keep_out("U0ANNA0001", KeyedHash(bytes(32)), 1.0)
    for key, told in ((world.services.opt_out_key, 1), (KeyedHash(bytes(32)), 0)):
        timed_jobs.follow_consent(replace(world.services, opt_out_key=key))
        assert Notice.select().where(Notice.text.contains("opt-out.key")).count() == told


@pytest.mark.rule("consent-before-learning")
def test_another_text_asks_nobody_again_and_each_yes_says_which_it_was_to(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("The first text")
    world = make_world(CONSENT="required", CONSENT_TEXT=str(tmp_path / "text"))
    people = world.slack.people
    tagged(world, people[2])
    settings = replace(world.settings, consent_text="Another text")
    services = replace(world.services, settings=settings)
    world = replace(world, settings=settings, services=services, workers=workers(services))
    face = tagged(world, people[3])
    tagged(world, people[2])
    texts = {each.text: each.id for each in ConsentText.select()}
    assert set(texts) == {"The first text", "Another text"}
    for person, text in ((people[2], "The first text"), (people[3], "Another text")):
        [question] = world.slack.directs(person)
        assert text in question.text
        list(store_consent(said(person, Consent.GIVEN, 5.0, texts[text]), world.services))
        assert [each.words for each in ConsentStatement.of(id_of(person))] == [text]
    assert fresh(face).state == "tagged"


@pytest.mark.ci
@pytest.mark.rule("consent-before-learning", "model-full")
def test_a_yes_after_a_thousand_faces_learns_as_many_as_there_is_room_for(make_world: MakeWorld) -> None:
    world = make_world(CONSENT="required", MAX_FACES_PER_PERSON="3")
    face = tagged(world, world.slack.people[2])
    person = fresh(face).person
    assert person is not None
    photo, faces = photo_rows(*["tagged"] * 999)
    for row in faces:
        row.update(person=person.id, reason="no_consent", tagged_at=world.services.now(), round=1)
    store_photo(photo, faces)
    for row in faces[:2]:
        world.services.images.put(crop_key(str(row["id"])), world.services.crop(face.id))
    assert followed_in_spite_of_deaths(world, said(world.slack.people[2], Consent.GIVEN, 5.0))
    assert learned() == 3
    assert Face.select().where(Face.reason == "person_full").count() == 997
    assert Face.select().where(Face.state == "tagged").count() == 1000
    assert len(world.slack.directs(world.slack.people[2])) == 1


@pytest.mark.rule("consent-before-learning")
def test_a_person_without_an_account_is_learned_after_a_yes_that_an_operator_noted(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    for tagger in people[:2]:
        world.publish(world.answer(face, tagger, "", name="Zoë Moon"))
    world.drain()
    zoe = fresh(face).person
    assert zoe is not None
    assert (fresh(face).reason, learned(), standing(zoe.id)) == ("no_consent", 0, Consent.NONE)
    for what, count in ((Consent.GIVEN, 1), (Consent.REFUSED, 0)):
        ConsentStatement.note(zoe.id, what, at=5.0 + (not count), way="form 12", text_id=None)
        timed_jobs.follow_consent(world.services)
        world.drain()
        assert learned() == count
    for what, count in ((Consent.GIVEN, 1), (Consent.REFUSED, 0)):
        ConsentStatement.note(zoe.id, what, at=7.0 + (not count), way="form 12", text_id=None)
        followed_in_spite_of_deaths(world, ConsentChanged(person=zoe.id))
        assert learned() == count, "wherever the bot dies meanwhile"
    assert not any(world.slack.directs(person) for person in people)


@pytest.mark.rule("consent-before-learning")
@pytest.mark.parametrize("kind", [{"is_restricted": True}, {"is_stranger": True, "team_id": "T0OTHER001"}])
def test_guests_and_people_of_other_organisations_are_asked_like_all_others(
    world: World, people: list[str], kind: dict[str, Any]
) -> None:
    world.slack.set_member(people[2], **kind)
    face = tagged(world, people[2])
    assert len(world.slack.directs(people[2])) == 1
    say(world, people[2], Consent.GIVEN, 5.0)
    assert (learned(), fresh(face).reason) == (1, None)


@pytest.mark.rule("no-person-in-log")
def test_no_log_says_whose_word_it_is(
    world: World, people: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    tagged(world, people[2])
    with caplog.at_level("DEBUG", "tagbot"):
        say(world, people[2], Consent.GIVEN, 5.0)
    assert "StoreConsent done" in caplog.text
    assert people[2] not in caplog.text


@pytest.mark.rule("merge-stricter-consent", "consent-before-learning")
def test_a_word_from_either_account_of_merged_people_is_about_the_faces_of_both(
    world: World, people: list[str]
) -> None:
    faces = [tagged(world, person) for person in people[2:4]]
    for person in people[2:4]:
        say(world, person, Consent.GIVEN, 5.0)
    assert learned() == 2
    merge(id_of(people[2]), id_of(people[3]), world.services.opt_out_key, 10.0)
    world.services.follow_merges()
    assert {each.person_ref for each in TrainedVector.select()} == {id_of(people[3])}
    say(world, people[2], Consent.REFUSED, 20.0)
    assert learned() == 0
    assert [fresh(face).reason for face in faces] == ["no_consent"] * 2
    say(world, people[3], Consent.GIVEN, 30.0)
    assert learned() == 2
    unmerge(id_of(people[2]))
    timed_jobs.follow_consent(world.services)
    world.drain()
    assert [fresh(face).reason for face in faces] == ["no_consent", None], "each has their own word again"
    assert {each.person_ref for each in TrainedVector.select()} == {id_of(people[3])}


@pytest.mark.rule("merge-stricter-consent", "consent-before-learning")
def test_one_without_an_account_who_is_one_with_a_member_is_asked_by_that_account(
    world: World, people: list[str]
) -> None:
    zoe = Person.with_name("Zoë Nowak", None, 1.0)
    member = Person.with_slack_id(people[2], 1.0)
    merge(member.id, zoe.id, world.services.opt_out_key, 2.0)
    face = tagged(world, zoe.id)
    assert fresh(face).reason == "no_consent"
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_yes", "consent_no"}
    say(world, people[2], Consent.GIVEN, 5e9)
    assert (learned(), fresh(face).reason) == (1, None)


@pytest.mark.rule("merge-stricter-consent", "own-rights")
def test_where_silence_holds_since_a_merge_the_question_is_open_again_and_no_second_one_comes(
    world: World, people: list[str]
) -> None:
    zoe = Person.with_name("Zoë Nowak", None, 1.0)
    face = tagged(world, people[2])
    say(world, people[2], Consent.GIVEN, 5.0)
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_no"}
    merge(zoe.id, id_of(people[2]), world.services.opt_out_key, 10.0)
    for _ in range(2):
        timed_jobs.follow_consent(world.services)
        world.drain()
    assert (learned(), fresh(face).reason) == (0, "no_consent")
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_yes", "consent_no"}
    say(world, people[2], Consent.GIVEN, 20.0)
    assert learned() == 1
    [question] = world.slack.directs(people[2])
    assert controls(question) == {"consent_no"}
    timed_jobs.follow_consent(world.services)
    assert world.queues["person-consent"].counts().ready == 0
