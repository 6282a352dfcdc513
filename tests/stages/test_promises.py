"""What people rely on that no stage keeps alone, looked at with suspicion."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.vectors import ModelVectors, TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.handlers.facetag_command import may_retry
from tagbot.maintenance.redrive import Retried, retry
from tagbot.messages import ConsentChanged, FaceReopened, FaceStored, Message, PhotosAsked
from tagbot.monitoring import status_figures
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.schedule.timed_jobs import expire_requests
from tagbot.slack import words
from tagbot.training.backend import NotSent
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import Consent, NotSentReason, QueueName, SpecialAnswer
from tagbot.worker import workers
from tests.clean_environment import clean_environment
from tests.recogniser import a_recogniser
from tests.stages.scenes import (
    MakeWorld,
    agreed,
    blur,
    controls,
    fresh,
    person_of,
    requests,
    say,
    seen,
    shown,
    tagged,
    votes,
    without_made_up_ids,
)
from tests.world import FACE, World, astronaut, environment, with_publish

ROOT = Path(__file__).parents[2]


def reopened(face: Face, by: str) -> FaceReopened:
    """That somebody said that it is the wrong person."""
    return FaceReopened(face_id=face.id, round=fresh(face).round, by=by)


# --- Told again, and told late --------------------------------------------------------------------------


@pytest.mark.rule("told-again-harmless")
def test_every_message_of_a_life_told_again_after_its_end_changes_nothing(
    world: World, people: list[str]
) -> None:
    told: list[Message] = []

    def publish(message: Message) -> None:
        told.append(message)
        world.queues[message.QUEUE].put(message.id, message.key, message.to_json())

    world.services = with_publish(world.services, publish)
    world.workers = workers(world.services)
    face = a_whole_life(world, people)
    # Of groups, of photos, and of a person who is forgotten.
    others = {QueueName.FACE_SPLIT, QueueName.FACE_FOUND, QueueName.SLACK_PHOTO, QueueName.PERSON_FORGET}
    assert {message.QUEUE for message in told} == set(QueueName) - others, "a message of each queue"
    before = all_of(world, face)
    for order in (told, told[::-1]):
        for message in list(order):
            world.queues[message.QUEUE].put(message.id, message.key, message.to_json())
            world.drain()
    assert all_of(world, face) == before
    assert TrainedVector.select().count() == 1
    assert not any(queue.counts().dead for queue in world.queues.values())


def a_whole_life(world: World, people: list[str]) -> Face:
    """Asked, tagged, reopened, rejected by people, asked again, refused by the backend, tagged, and unlearned
    until its person agrees, who then asks for the photo.
    """
    face = world.face()
    world.publish(FaceStored(face_id=face.id))
    world.drain()
    say(world, face, people[2], *people[:2])
    world.publish(reopened(face, people[3]))
    world.drain()
    say(world, face, SpecialAnswer.NOT_A_FACE, *people[:2])
    retry(world.queues, face.id)
    world.drain()
    crop = world.services.images.get(f"faces/{face.id}/crop.jpg")
    blur(world, face)
    say(world, face, people[2], *people[:2])
    assert fresh(face).reason == "too_blurred"
    world.services.images.put(f"faces/{face.id}/crop.jpg", crop)
    retry(world.queues, face.id)
    world.drain()
    say(world, face, people[4], *people[:3])
    for number, said in enumerate((Consent.REFUSED, Consent.GIVEN)):
        world.publish(ConsentChanged(person=people[4], said=said, at=float(number)))
        world.drain()
    world.publish(PhotosAsked(person=people[4], at=2.0))
    world.drain()
    assert (fresh(face).state, fresh(face).round, person_of(face)) == ("tagged", 4, people[4])
    return face


def all_of(world: World, face: Face) -> list[Any]:
    """All that can be seen of a face: its row but for its time stamps, its votes, its messages, and all files
    at Slack.
    """
    row = dict(vars(fresh(face))["__data__"])
    messages = [(message.ts, without_made_up_ids(seen(message))) for message in requests(world)]
    return [row, votes(face), messages, PastRound.select().count(), len(world.slack.files())]


@pytest.mark.rule("undo-once")
def test_two_who_reopen_at_once_begin_one_round_and_the_first_is_named(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    for admin in people[3:5]:
        world.publish(reopened(face, admin))
    world.drain()
    assert (fresh(face).state, fresh(face).round) == ("open", 2)
    old, new = requests(world)
    assert words.reopened(people[3]) in old.text
    assert controls(new) >= {"tag_person"}
    assert TrainedVector.select().count() == 0


@pytest.mark.rule("undo-once")
def test_a_second_who_reopens_while_the_first_is_in_hand_changes_nothing_and_is_told_so(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    first, second = reopened(face, people[3]), reopened(face, people[4])
    world.publish(first)
    delivery = world.queues["face-undo"].get(0)
    assert delivery is not None
    world.publish(second)
    (undo,) = [worker for worker in world.workers if worker.stage.reads is FaceReopened]
    for output in undo.stage.run(first, world.services):
        world.publish(output)
    delivery.ack()
    world.drain()
    assert (fresh(face).state, fresh(face).round, len(requests(world))) == ("open", 2, 2)
    assert words.reopened(people[3]) in requests(world)[0].text
    assert world.told(people[4]) == [words.NOT_TAGGED]


# --- Retry ----------------------------------------------------------------------------------------------


@pytest.mark.rule("retry-both")
def test_a_rejected_face_with_dead_letters_is_asked_about_once_and_they_change_nothing(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    late = world.answer(face, people[4], people[3])
    say(world, face, SpecialAnswer.DONT_KNOW, *people[:3])
    assert fresh(face).reason == "unknown"
    world.publish(late)
    delivery = world.queues["face-tagging"].get(0)
    assert delivery is not None
    delivery.bury("Slack was away")
    assert retry(world.queues, face.id) == Retried({"face-tagging": 1}, asked_again=True)
    world.drain()
    assert (fresh(face).state, fresh(face).round, votes(face)) == ("open", 2, {})
    assert len(requests(world)) == 2
    assert world.told(people[4]) == [words.ASKED_ELSEWHERE]


@pytest.mark.rule("retry-puts-back")
@pytest.mark.parametrize("queue", QueueName)
def test_a_queue_with_nothing_dead_has_nothing_to_retry(world: World, queue: str) -> None:
    assert retry(world.queues, queue) == Retried({})
    assert retry(world.queues, queue).in_words() == "0 messages are tried again."


# --- Closing without a person ---------------------------------------------------------------------------


@pytest.mark.rule("unanswered-expires", "fractions")
def test_a_request_of_less_than_a_second_expires_and_can_be_asked_again(make_world: MakeWorld) -> None:
    world = make_world(REQUEST_EXPIRES_DAYS="0.00001")
    people = world.slack.people
    face = world.face(posted=True)
    say(world, face, people[2], people[0])
    expire_requests(world.services)
    world.drain()
    assert fresh(face).state == "open", "not yet"
    world.offset = 1.0
    expire_requests(world.services)
    world.drain()
    assert (fresh(face).state, fresh(face).reason, votes(face)) == ("rejected", "unanswered", {})
    assert words.REJECTED["unanswered"] in shown(world, face).text
    assert controls(shown(world, face)) == set()
    assert retry(world.queues, face.id).asked_again
    world.drain()
    assert (fresh(face).state, fresh(face).round) == ("open", 2)


@pytest.mark.rule("unknown-person")
def test_a_face_that_one_sees_none_in_and_the_others_do_not_know_is_unknown(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    say(world, face, SpecialAnswer.NOT_A_FACE, people[0])
    say(world, face, SpecialAnswer.DONT_KNOW, *people[1:3])
    assert fresh(face).state == "open"
    say(world, face, SpecialAnswer.DONT_KNOW, people[3])
    assert (fresh(face).state, fresh(face).reason) == ("rejected", "unknown")
    assert votes(face) == {
        people[0]: SpecialAnswer.NOT_A_FACE,
        **dict.fromkeys(people[1:4], SpecialAnswer.DONT_KNOW),
    }


@pytest.mark.rule("click-on-closed-face")
def test_a_click_on_a_rejected_face_is_told_so_and_changes_nothing(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, SpecialAnswer.NOT_A_FACE, *people[:2])
    before = all_of(world, face)
    world.publish(world.answer(face, people[3], people[4]))
    world.drain()
    assert all_of(world, face) == before
    assert world.told(people[3]) == [words.CLOSED]


# --- Who is chosen, and who sees it ---------------------------------------------------------------------


@pytest.mark.rule("not-choosable")
def test_whoever_leaves_after_people_agreed_is_tagged_by_name(world: World, people: list[str]) -> None:
    face = agreed(world, people[4])
    world.slack.set_member(people[4], deleted=True)
    world.publish(
        world.answer(face, people[0], SpecialAnswer.DONT_KNOW, at=1.0)
    )  # an old one, which replaces nothing
    world.drain()
    assert person_of(face) == people[4]
    assert "Tagged as Elif" in shown(world, face).text


@pytest.mark.rule("choice-kept-secret")
@pytest.mark.parametrize("answer", ["an account", "a name"])
def test_before_the_face_is_tagged_nothing_in_slack_says_whom_anyone_chose(
    world: World, people: list[str], answer: str
) -> None:
    face = world.face(posted=True)
    if answer == "an account":
        say(world, face, people[4], people[0])
        told = world.slack.members()[people[4]]
        secrets = {people[4], told.real_name, told.email}
    else:
        world.publish(world.answer(face, people[0], "", name="Zora Neale", email="zora@example.com"))
        world.drain()
        secrets = {"Zora", "zora@example.com", Vote.get().answer}
    say(world, face, people[3], people[1])
    assert "do not agree yet" in shown(world, face).text
    everything = json.dumps(
        [
            [(seen(message), repr(message.history)) for message in world.slack.messages()],
            [(file.name, file.title, file.alt_text) for file in world.slack.files()],
            [text for member in people for text in world.told(member)],
            [message.text for request in requests(world) for message in world.slack.replies(request.ts)],
        ],
        ensure_ascii=False,
        default=str,
    )
    assert words.mention(people[0]) in everything, "who has answered may be shown"
    assert [secret for secret in secrets if secret and secret in everything] == []


# --- People and machine differ --------------------------------------------------------------------------


class Contrary(LocalBackend):
    """A machine that takes every face for somebody else's, until it is told that this does not count."""

    def add_face(self, face_id: str, person_ref: str, crop: bytes, **how: Any) -> Any:
        if not how.get("anyway"):
            return NotSent(NotSentReason.DIFFERS)
        return super().add_face(face_id, person_ref, crop, **how)


@pytest.fixture(name="differing")
def _differing(world: World) -> Iterator[World]:
    backend = Contrary(ModelVectors(), a_recogniser())
    services = replace(world.services, training=backend)
    yield replace(world, services=services, workers=workers(services))
    backend.close()


@pytest.mark.rule("add-anyway")
def test_a_face_that_people_and_machine_see_differently_can_be_reopened(
    differing: World, people: list[str]
) -> None:
    face = tagged(differing, people[2])
    assert fresh(face).reason == NotSentReason.DIFFERS
    differing.publish(reopened(face, people[3]))
    differing.drain()
    assert (fresh(face).state, fresh(face).round, fresh(face).reason) == ("open", 2, None)
    assert controls(requests(differing)[0]) == set()
    assert ModelVectors().count() == 0


# --- Who may, and what programs read --------------------------------------------------------------------


@pytest.mark.rule("without-admins")
def test_without_admins_every_member_of_the_channel_may_retry_and_nobody_else(
    world: World, people: list[str], stand_in: SlackStandIn
) -> None:
    stand_in.set_channel("C0ELSEWHERE", name="elsewhere", members=people)
    stand_in.set_channel(members=[*people[:2], stand_in.bot_user])
    assert may_retry(people[0], stand_in.channel, world.services)
    assert may_retry(people[0], "C0ELSEWHERE", world.services)
    assert not may_retry(people[3], "C0ELSEWHERE", world.services)


@pytest.mark.rule("admins-only")
def test_with_admins_they_alone_may_retry_wherever_they_are(world: World, people: list[str]) -> None:
    settings = replace(world.settings, admins=frozenset({people[0]}))
    services = replace(world.services, settings=settings)
    assert may_retry(people[0], "C0ELSEWHERE", services)
    assert not may_retry(people[1], settings.slack_channel, services)


@pytest.mark.rule("status-json")
def test_the_figures_of_status_come_in_their_order(world: World) -> None:
    figures = json.loads(json.dumps(status_figures.collect(world.queues, world.services.inbox)))
    assert list(figures["faces"]) == ["waiting", "open", "training", "tagged", "rejected"]
    assert list(figures["queues"]) == list(QueueName)
    for counts in figures["queues"].values():
        assert list(counts) == ["ready", "delayed", "in_flight", "dead"]


@pytest.mark.rule("unknown-variable")
def test_a_setting_that_it_does_not_know_is_left_alone(world: World, stand_in: SlackStandIn) -> None:
    strange = {"FACETAG_COLOUR": "blue", "REQUIRED_VOTE": "9", "DATABASE_URL": world.settings.database_url}
    env = environment(world.settings.data_dir, stand_in, **strange)
    settings = type(world.settings).from_env(env)
    assert settings == world.settings
    assert settings.inbox == world.settings.data_dir / "inbox"


def exported(world: World) -> list[dict[str, Any]]:
    """What `python bot.py export` prints beside this world."""
    settings = world.settings
    env = clean_environment(**environment(settings.data_dir, world.slack, DATABASE_URL=settings.database_url))
    printed = subprocess.run(
        [sys.executable, "bot.py", "export"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in printed.stdout.splitlines()]


@pytest.mark.rule("late-answer", "export-votes")
def test_the_export_has_what_people_said_in_the_last_round_whatever_it_was(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    world.publish(reopened(face, people[3]))
    world.drain()
    say(world, face, SpecialAnswer.DONT_KNOW, people[0])
    say(world, face, SpecialAnswer.NOT_A_FACE, people[1])
    late = world.answer(fresh(face), people[4], people[3])  # clicked while it was open, worked on later
    for tagger in people[2:4]:
        world.publish(world.answer(fresh(face), tagger, "", name="Zoë Moon"))
    world.drain()
    world.publish(late)
    world.drain()
    [line] = exported(world)
    person = line["person"]
    assert (person["slack_id"], person["name"], person["email"]) == (None, "Zoë Moon", None)
    assert {vote["tagger"]: vote["answer"] for vote in line["votes"]} == {
        people[0]: SpecialAnswer.DONT_KNOW,
        people[1]: SpecialAnswer.NOT_A_FACE,
        people[2]: person["id"],
        people[3]: person["id"],
        people[4]: people[3],
    }


@pytest.mark.rule("data-folder", "queue-files")
def test_a_bot_keeps_nothing_outside_of_its_data_folder(world: World, people: list[str]) -> None:
    data = world.settings.data_dir
    rectangle = {"left": FACE.left, "top": FACE.top, "width": FACE.width, "height": FACE.height}
    (data / "inbox/photo.json").write_text(json.dumps({"faces": [{"rectangle": rectangle}]}))
    (data / "inbox/photo.png").write_bytes(astronaut())
    before = set(data.parent.iterdir())
    for _ in range(2):  # seen, and a while later seen unchanged
        world.drain()
        world.offset += 10
    face = Face.get()
    say(world, face, people[2], *people[:2])
    assert fresh(face).state == "tagged"
    kept = {path.name.partition(".db")[0] for path in data.iterdir()}  # SQLite has several files
    assert kept == {"inbox", "rejected", "images", "queues", "tagbot", "opt-out.key"}
    assert set(data.parent.iterdir()) == before
    files = {path.name.partition(".db")[0] for path in (data / "queues").iterdir() if ".db" in path.name}
    assert files == set(QueueName)
