"""Every boundary of every stage: the bot dies there, starts again, and nothing is lost or done twice."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tagbot import crash_points
from tagbot.messages import NOT_A_FACE, FaceReopened
from tagbot.models import OPEN, REJECTED, TAGGED, Face, TrainedVector, Vote
from tagbot.pipeline import PIPELINE
from tagbot.sandbox.client import Slack
from tagbot.training.local import LocalBackend
from tests.world import World, a_world, astronaut

SIDECAR = b'{"faces": [{"rectangle": {"left": 175, "top": 76, "width": 91, "height": 91}}]}'

NEVER_REACHED = {
    # These stages ask nobody outside in their own thread: what Slack shows is another thread's affair.
    *((stage, point) for stage in ("DetectFaces", "StoreFaceTagSql", "SendFaceForTraining", "FinalizeTag",
                                   "CleanupTag", "UndoTag")
      for point in (crash_points.BEFORE_CALL, crash_points.AFTER_CALL)),
    # Nothing follows from these.
    ("RequestTaggingOnSlack", crash_points.AFTER_OUTPUT),
    ("EnrichUser", crash_points.AFTER_OUTPUT),
    ("FinalizeTag", crash_points.AFTER_OUTPUT),
    ("CleanupTag", crash_points.AFTER_OUTPUT),
}  # fmt: skip
"""Points that a stage does not have in this story."""


class Died(BaseException):
    """The process is gone: nothing may catch this."""


@dataclass
class Death:
    """Dies at one passage of one point, once."""

    stage: str
    point: str
    passage: int
    passed: int = 0
    died: bool = False

    def __call__(self, stage: str, point: str) -> None:
        if (stage, point) == (self.stage, self.point) and not self.died:
            self.passed += 1
            if self.passed == self.passage:
                self.died = True
                raise Died


@dataclass
class Story:
    """A photo's face is tagged as the wrong person, reopened, and turns out to be none; people act once."""

    done: set[str] = field(default_factory=set)

    def go_on(self, world: World) -> bool:
        """Do what people would do next; whether there is more to come."""
        if self._once("photo"):
            (world.settings.data_dir / "inbox" / "photo.json").write_bytes(SIDECAR)
            (world.settings.data_dir / "inbox" / "photo.png").write_bytes(astronaut())
        for _ in range(2):  # seen, and a while later seen unchanged
            world.drain()
            world.offset += 10
        face = Face.select().first()
        if face is None:
            return True
        anna, ben, chiara, *_ = world.slack.people
        if face.state == OPEN:
            answer = chiara if face.round == 1 else NOT_A_FACE
            for tagger in (anna, ben):
                if self._once(f"{tagger} in round {face.round}"):
                    world.publish(world.answer(face, tagger, answer))
        if face.state == TAGGED and self._once("reopened"):
            world.publish(FaceReopened(face_id=face.id, round=1, by=ben))
        world.drain()
        return Face.get_by_id(face.id).state != REJECTED

    def _once(self, act: str) -> bool:
        fresh = act not in self.done
        self.done.add(act)
        return fresh


def deaths() -> Iterator[tuple[str, str]]:
    for stage in PIPELINE:
        for point in crash_points.POINTS:
            if (stage.name, point) not in NEVER_REACHED:
                yield stage.name, point


@contextmanager
def a_life(folder: Path, slack: Slack, recogniser: LocalBackend) -> Iterator[World]:
    with a_world(folder, slack, recogniser, UNKNOWN_AFTER="9") as world:
        yield world


@pytest.mark.parametrize("passage", [1])
@pytest.mark.parametrize(("stage", "point"), list(deaths()))
def test_a_death_there_loses_nothing_and_repeats_nothing(
    stage: str, point: str, passage: int, tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    death, story = Death(stage, point, passage), Story()
    with crash_points.listening(death):
        for _ in range(3):
            try:
                with a_life(tmp_path, stand_in, recogniser) as world:
                    while story.go_on(world):
                        pass
                    assert_all_is_well(world)
                    break
            except Died:
                continue
    assert death.died or passage > 1, "the point was never reached"


def assert_all_is_well(world: World) -> None:
    [face] = Face.select()
    assert (face.state, face.reason, face.round) == (REJECTED, NOT_A_FACE, 2)
    assert {vote.tagger: vote.answer for vote in Vote.of(face.id)} == dict.fromkeys(
        world.slack.people[:2], NOT_A_FACE
    )
    assert TrainedVector.select().count() == 0
    requests = Counter(
        message.metadata["event_payload"]["round"] for message in world.slack.messages() if message.metadata
    )
    assert requests == {1: 1, 2: 1}
    first, second = world.slack.messages()
    assert "reopened" in first.text
    assert "nobody to tag" in second.text
    assert all(not any(vars_of(queue.counts())) for queue in world.queues.values())
    assert not list((world.settings.data_dir / "inbox").iterdir())


def vars_of(counts: object) -> list[int]:
    return [getattr(counts, name) for name in ("ready", "delayed", "in_flight", "dead")]
