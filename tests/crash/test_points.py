"""Every boundary of every stage: the bot dies there, starts again, and nothing is lost or done twice.

Here it dies by an exception, at the same boundary of one stage after the other, and twice by SIGKILL.
`make crash` has SIGKILL at every passage of every point; see `tests.crash.points`.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.lib import failpoints
from tagbot.messages import FaceReopened, PhotoPosted
from tagbot.sandbox.driver import Slack
from tagbot.slack.updates import UPDATES
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import SpecialAnswer, State
from tests.crash import points
from tests.crash.mortal import Place
from tests.dying import Died
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.training.amazon import on_amazon
from tests.world import FACE, World, a_world, astronaut

NOBODY = str(uuid.UUID(int=1, version=4))
"""The face of the second photo, which comes with a sidecar."""

SIDECAR = {
    "faces": [
        {
            "id": NOBODY,
            "rectangle": {"left": FACE.left, "top": FACE.top, "width": FACE.width, "height": FACE.height},
        }
    ]
}


MANY = 30
"""Rounds of the story; it takes a handful."""


@dataclass
class Deaths:
    """Dies at one point, once in each of these stages."""

    point: str
    left: set[str]

    def __call__(self, stage: str, point: str) -> None:
        if point == self.point and stage in self.left:
            self.left.remove(stage)
            raise Died


@dataclass
class Story:
    """Two faces and room for one request. The first is tagged as the wrong person, reopened, and turns out to
    be none, as does the second; then somebody reopens the first once more, too late. People act once.
    """

    done: set[str] = field(default_factory=set)

    def to_its_end(self, world: World) -> None:
        """Go on until there is no more to come."""
        for _ in range(MANY):
            if not self.go_on(world):
                return
        raise AssertionError(f"after {MANY} rounds it is not over: {list(Face.select().dicts())}")

    def go_on(self, world: World) -> bool:
        """Do what people would do next; whether there is more to come."""
        inbox, by = world.settings.data_dir / "inbox", world.slack.people[0]
        if self._once("a photo posted"):
            file = world.slack.share(by, "a.png", astronaut())
            post = world.slack.wait_for_message(lambda each: each.files == [file.id])
            world.publish(PhotoPosted(file=file.id, by=by, channel=world.slack.channel, at=post.ts))
        take_in(world)
        if Face.select().exists() and self._once("another one, which waits for its turn"):
            (inbox / "b.json").write_text(json.dumps(SIDECAR))
            (inbox / "b.png").write_bytes(astronaut() + b"2")
            take_in(world)
        anna, ben, chiara, *_ = world.slack.people
        faces = list(Face.select())
        for face in faces:
            if face.state == State.OPEN:
                answer = chiara if face.round == 1 and face.id != NOBODY else SpecialAnswer.NOT_A_FACE
                for tagger in (anna, ben):
                    if self._once(f"{tagger} on {face.id} in round {face.round}"):
                        world.publish(world.answer(face, tagger, answer))
            if face.state == State.TAGGED and self._once("reopened"):
                world.publish(FaceReopened(face_id=face.id, round=1, by=ben))
        is_over = len(faces) == 2 and all(face.state == State.REJECTED for face in faces)
        if is_over and self._once("reopened too late"):
            [first] = [face.id for face in faces if face.id != NOBODY]
            world.publish(FaceReopened(face_id=first, round=1, by=anna))
        world.drain()
        return not is_over

    def _once(self, act: str) -> bool:
        fresh = act not in self.done
        self.done.add(act)
        return fresh


def take_in(world: World) -> None:
    """A file is seen, and a while later seen unchanged."""
    for _ in range(2):
        world.drain()
        world.offset += 10


@pytest.fixture(scope="module", name="rekognition")
def _rekognition() -> Iterator[Rekognition]:
    with running_rekognition() as rekognition:
        yield rekognition


@dataclass
class Places:
    """Where the lives of a bot take place."""

    folder: Path
    slack: Slack
    recogniser: LocalBackend
    rekognition: Rekognition

    @contextmanager
    def life(self, training: str) -> Iterator[World]:
        """One of them, until its end or its death."""
        settings = {"UNKNOWN_AFTER": "9", "MAX_OPEN_REQUESTS": "1"}
        if training == "local":
            with a_world(self.folder, self.slack, self.recogniser, **settings) as world:
                yield world
            return
        # For each test a collection of its own.
        settings["REKOGNITION_COLLECTION"] = self.folder.name
        with on_amazon(self.folder, self.slack, self.rekognition, **settings) as amazon:
            yield amazon.world


@pytest.fixture(name="places")
def _places(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, rekognition: Rekognition) -> Places:
    return Places(tmp_path, stand_in, recogniser, rekognition)


def deaths() -> Iterator[Any]:
    """The points with the stages that come to them: all with the local recogniser, and what there is besides
    at Amazon.
    """
    for training, listed in (
        ("local", points.to_reach("local")),
        ("rekognition", points.to_reach("rekognition") - points.to_reach("local")),
    ):
        for point in sorted({point for _, point in listed}):
            # What shows updates is not alone in its thread here; see `make crash`.
            stages = {stage for stage, its_point in listed if its_point == point and stage != UPDATES}
            if stages:
                yield pytest.param(training, point, stages, id=f"{training}-{point}")


@pytest.mark.ci
@pytest.mark.rule("crash-anywhere")
@pytest.mark.failure("readme-bot-crashes")
@pytest.mark.failure("bot-killed", shows="what happens")
@pytest.mark.parametrize(("training", "point", "stages"), list(deaths()))
def test_deaths_there_lose_nothing_and_repeat_nothing(
    training: str, point: str, stages: set[str], places: Places
) -> None:
    deaths, story, lives = Deaths(point, set(stages)), Story(), 0
    with failpoints.listening(deaths):
        while lives <= len(stages):
            lives += 1
            try:
                with places.life(training) as world:
                    story.to_its_end(world)
                    assert_all_is_well(world)
                    break
            except Died:
                continue
    assert deaths.left == set(), "these never came there"
    assert lives == len(stages) + 1


@pytest.mark.rule("crash-anywhere")
@pytest.mark.parametrize("training", points.BACKENDS)
def test_a_bot_comes_to_all_points_but_those_that_are_listed(training: str, places: Places) -> None:
    reached, story = set(), Story()

    def note(stage: str, point: str) -> None:
        reached.add((stage, point))

    with failpoints.listening(note), places.life(training) as world:
        story.to_its_end(world)
        assert_all_is_well(world)
    assert reached == points.to_reach(training)


def assert_all_is_well(world: World) -> None:
    faces = {face.id == NOBODY: face for face in Face.select()}
    assert {which: (face.state, face.reason, face.round) for which, face in faces.items()} == {
        False: (State.REJECTED, SpecialAnswer.NOT_A_FACE, 2),
        True: (State.REJECTED, SpecialAnswer.NOT_A_FACE, 1),
    }
    for face in faces.values():
        votes = {vote.tagger: vote.answer for vote in Vote.of(face.id)}
        assert votes == dict.fromkeys(world.slack.people[:2], SpecialAnswer.NOT_A_FACE)
    assert TrainedVector.select().count() == 0
    assert list(world.services.training.faces()) == []
    payloads = [message.metadata["event_payload"] for message in world.slack.messages() if message.metadata]
    requests = Counter((payload["face_id"] == NOBODY, payload["round"]) for payload in payloads)
    assert requests == {(False, 1): 1, (False, 2): 1, (True, 1): 1}
    shown = [message.text for message in world.slack.messages() if message.metadata]
    assert sum("reopened" in text for text in shown) == 1
    assert sum("nobody to tag" in text for text in shown) == 2
    assert all(not any(vars_of(queue.counts())) for queue in world.queues.values())
    assert not list((world.settings.data_dir / "inbox").iterdir())


def vars_of(counts: object) -> list[int]:
    return [getattr(counts, name) for name in ("ready", "delayed", "in_flight", "dead")]


SOME = (
    Place("RequestTaggingOnSlack", failpoints.AFTER_CALL, 4),  # the post
    Place("SendFaceForTraining", failpoints.AFTER_CALL, 2),
)
"""After what cannot be taken back: all others take `make crash` minutes."""


@pytest.mark.rule("crash-anywhere")
@pytest.mark.failure("readme-bot-crashes")
@pytest.mark.failure("bot-killed", shows="what happens")
@pytest.mark.ci
def test_neither_does_a_bot_that_is_killed_just_after_what_matters_most(
    tmp_path: Path, stand_in: Slack
) -> None:
    outcome, notes = points.tell(tmp_path, stand_in, "rekognition", SOME)
    assert outcome.violations == []
    assert sorted(notes.places("killed")) == sorted(SOME)
