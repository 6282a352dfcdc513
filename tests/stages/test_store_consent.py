"""Consent: nobody is learned before their own yes, each is asked once, a no takes out what was learned."""

from dataclasses import replace

import pytest

from tagbot import schedule
from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText, standing
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints
from tagbot.messages import ConsentChanged, FaceTagged
from tagbot.slack import words
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.stages.store_consent import store_consent
from tagbot.vocabulary import Consent
from tagbot.worker import workers
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
@pytest.mark.parametrize("answer", [Consent.REFUSED, None])
def test_a_no_or_silence_leaves_them_unlearned_and_nobody_is_asked_twice(
    world: World, people: list[str], answer: Consent | None
) -> None:
    face = tagged(world, people[2])
    if answer is not None:
        say(world, people[2], answer, 5.0)
    later = tagged(world, people[2])
    schedule.follow_consent(world.services)
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
    schedule.follow_consent(world.services)
    world.drain()
    assert [fresh(face).reason for face in faces] == ["no_consent", None]
    assert learned() == 1
    assert [len(world.slack.directs(person)) for person in people[2:4]] == [1, 0]
    schedule.follow_consent(world.services)
    world.drain()
    assert len(world.slack.directs(people[2])) == 1


class Died(BaseException):
    """The bot is gone."""


@pytest.mark.rule("consent-before-learning")
@pytest.mark.parametrize(
    "point", [failpoints.BEFORE_CALL, failpoints.AFTER_CALL], ids=["before a call", "after a call"]
)
def test_whenever_the_bot_dies_there_is_one_direct_message(
    world: World, people: list[str], point: str
) -> None:
    """It dies at each call that the question takes, one after the other."""
    tagged_silently(world, people[2])
    needed = ConsentChanged(person=people[2])
    deaths = reached = 0

    def die(_: str, where: str) -> None:
        nonlocal reached
        if where == point:
            reached += 1
            if reached > deaths:
                raise Died

    for _ in range(20):
        reached = 0
        try:
            with failpoints.listening(die), failpoints.working_on("StoreConsent"):
                list(store_consent(needed, world.services))
            break
        except Died:
            deaths += 1
        world.offset += SETTLE_SECONDS
    assert deaths > 1
    assert len(world.slack.directs(people[2])) == 1
    assert standing(id_of(people[2])) == Consent.ASKED


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
def test_a_person_whom_slack_lets_nobody_write_to_stays_unlearned(world: World, people: list[str]) -> None:
    world.slack.fail("conversations.open", error="user_not_visible", times=None)
    face = tagged(world, people[2])
    schedule.follow_consent(world.services)
    assert world.messages("person-consent") == []
    assert (fresh(face).reason, standing(id_of(people[2]))) == ("no_consent", Consent.NONE)
    question = ConsentQuestion.of(id_of(people[2]))
    assert question is not None
    assert question.problem == "conversations.open: user_not_visible"


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
