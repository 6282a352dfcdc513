"""A bot goes on in the database that everything was moved to, as if nothing had been."""

from collections import Counter
from pathlib import Path

from tagbot.messages import FaceStored, FaceTagged
from tagbot.models import Face, Person
from tagbot.moving.database import move_database
from tagbot.sandbox.client import Slack
from tagbot.training.local import LocalBackend
from tests.postgresql import Server
from tests.stages.scenes import agreed, blur, fresh, requests, say, tagged
from tests.world import World, a_world


def faces_in_every_state(world: World, person: str) -> list[Face]:
    """Waiting, open with one of two votes, agreed on with its message in the queue, tagged, and rejected."""
    anna, ben, *_ = world.slack.people
    done = tagged(world, person)
    asked = world.face(posted=True)
    say(world, asked, person, anna)
    blurred = world.face(posted=True)
    blur(world, blurred)
    say(world, blurred, person, anna, ben)
    ready = agreed(world, person)
    waiting = world.face()
    world.publish(FaceTagged(face_id=ready.id, cause="x"))
    world.publish(FaceStored(face_id=waiting.id))
    faces = [fresh(face) for face in (waiting, asked, ready, done, blurred)]
    assert [face.state for face in faces] == ["waiting", "open", "open", "tagged", "rejected"]
    return faces


def test_faces_in_every_state_end_as_they_would_have(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, postgresql: Server
) -> None:
    person, (_, ben, *_) = stand_in.people[2], stand_in.people
    with a_world(tmp_path, stand_in, recogniser) as world:
        waiting, asked, ready, done, blurred = faces_in_every_state(world, person)
    with postgresql.database() as url:
        compared = move_database(world.settings.database_url, url)
        assert all(each.is_equal for each in compared)
        with a_world(tmp_path, stand_in, recogniser, DATABASE_URL=url) as world:
            world.drain()
            say(world, asked, person, ben)
            states = [fresh(face).state for face in (waiting, asked, ready, done, blurred)]
            assert states == ["open", "tagged", "tagged", "tagged", "rejected"]
            assert Person.select().count() == 1
            assert recogniser.check().endswith(", 3 faces in the model")
            asked_about = Counter(
                request.metadata["event_payload"]["face_id"]
                for request in requests(world)
                if request.metadata
            )
            assert set(asked_about.values()) == {1}
            assert len(asked_about) == 5
