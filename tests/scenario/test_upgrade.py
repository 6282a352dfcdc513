"""An upgrade keeps everything: what a bot of the version before left behind goes on."""

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.maintenance.redrive import Retried, retry
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.sandbox.page.saved import revived
from tagbot.sandbox.state import Rules
from tagbot.sandbox.workspace import World as Workspace
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import QueueName, SpecialAnswer, State
from tests.world import World, a_world, portrait, ts_of

LEFT_BEHIND = Path(__file__).with_name("upgrade") / "before_rooms.tar.xz"


@dataclass
class Upgraded:
    """Today's bot on what the older one left behind."""

    world: World
    faces: Mapping[str, str]

    def face(self, name: str) -> Face:
        return Face.get_by_id(self.faces[name])

    def person(self, name: str) -> Person:
        """Whom a face is tagged as."""
        person = self.face(name).person
        assert person is not None
        return person


@pytest.fixture(name="upgraded")
def _upgraded(tmp_path: Path, recogniser: LocalBackend) -> Iterator[Upgraded]:
    with tarfile.open(LEFT_BEHIND) as archive:
        for member in archive:  # `extractall` wants a filter from Python 3.12 on, and knows none before
            content = archive.extractfile(member)
            assert content is not None
            (tmp_path / member.name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / member.name).write_bytes(content.read())
    there = Workspace(rules=Rules(file_ready_seconds=0.0, rate_limits=0.0))
    there.workspace = revived(json.loads((tmp_path / "slack.json").read_text()))
    there.contents = dict.fromkeys(there.workspace.files, portrait(0))  # what they show, nobody looks at
    faces = json.loads((tmp_path / "faces.json").read_text())
    with (
        running_slack(world=there) as slack,
        a_world(tmp_path / "data", slack, recogniser) as world,
    ):
        yield Upgraded(world, faces)


def text_of(slack: Slack, face: Face) -> str:
    """The request of a face as Slack shows it."""
    return next(message.text for message in slack.messages() if message.ts == ts_of(face))


@pytest.mark.rule("upgrade-keeps-everything")
def test_every_queue_of_the_version_before_holds_a_message(upgraded: Upgraded) -> None:
    held = {name: queue.counts() for name, queue in upgraded.world.queues.items()}
    assert set(held) >= set(QueueName)
    assert all(counts.ready or counts.delayed for name, counts in held.items() if name in OLD_QUEUES)
    assert held["images-in-db"].dead == 1


OLD_QUEUES = (
    QueueName.IMAGES_IN_DB,
    QueueName.FACE_TAGGING,
    QueueName.FACE_TAGGED,
    QueueName.FACE_ENRICH_USER,
    QueueName.FACE_TRAINING_SENT,
    QueueName.FACE_CLEANUP,
    QueueName.FACE_UNDO,
)
"""Those that the version before knew."""


@pytest.mark.rule("upgrade-keeps-everything")
def test_what_was_under_way_ends_well(upgraded: Upgraded) -> None:
    world = upgraded.world
    people = world.slack.people
    world.drain()
    ended = {name: upgraded.face(name).state for name in upgraded.faces}
    assert ended == {
        "learned": State.TAGGED,
        "reopened": State.OPEN,
        "one vote": State.TAGGED,
        "named": State.OPEN,
        "no votes": State.OPEN,
        "rejected": State.REJECTED,
        "nobody": State.REJECTED,
        "agreed": State.TAGGED,
        "stored": State.TAGGED,
        "waiting": State.OPEN,
        "dead": State.WAITING,
    }
    whose = {name: upgraded.person(name).slack_id for name in ("one vote", "agreed", "stored")}
    assert whose == {"one vote": people[4], "agreed": people[2], "stored": people[1]}
    assert upgraded.face("reopened").round == 2
    assert upgraded.face("nobody").reason == SpecialAnswer.NOT_A_FACE
    assert not any(queue.counts().ready for queue in world.queues.values())


@pytest.mark.rule("upgrade-keeps-everything")
def test_its_open_requests_take_answers_and_its_dead_letters_go_back(upgraded: Upgraded) -> None:
    world = upgraded.world
    people = world.slack.people
    world.drain()
    face = upgraded.face("named")
    world.publish(world.answer(face, people[1], "", name="jim doe", email="jim@example.com"))
    assert retry(world.queues, "all") == Retried({"images-in-db": 1})
    world.drain()
    named = upgraded.face("named")
    assert (named.state, upgraded.person("named").name) == (State.TAGGED, "Jim Doe")
    assert len(Vote.of(named.id)) == 2
    assert "Jim Doe" in text_of(world.slack, named)
    assert upgraded.face("dead").state == State.OPEN
