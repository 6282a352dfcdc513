"""Requests about several faces, formed in a way that tests can foresee."""

from collections.abc import Sequence
from dataclasses import replace

from tagbot.database.models.faces import Face
from tagbot.database.models.places import NextGroups, Places, Waiting
from tagbot.sandbox.state import Message
from tagbot.worker import workers
from tests.stages.scenes import fresh
from tests.world import World, ts_of


def in_groups_of(size: int) -> NextGroups:
    """Those that wait, oldest first, so many in each group."""

    def next_groups(waiting: Waiting, places: int) -> list[list[str]]:
        ids = [face.id for face in waiting(size * places)]
        return [ids[start : start + size] for start in range(0, len(ids), size)]

    return next_groups


def grouping(world: World, size: int) -> World:
    """The same world, which forms groups of that size."""
    places = Places(world.settings.max_open_requests, in_groups_of(size))
    world.services = replace(world.services, places=places)
    world.workers = workers(world.services)
    return world


def waiting(world: World, count: int) -> list[Face]:
    """Faces that wait in the database for a place, oldest first."""
    faces = [world.face(stored_at=1000.0 + number) for number in range(count)]
    for face in faces:
        Face.note(face.id, pending=None)
    return faces


def let_in(world: World) -> None:
    """As the timed job does."""
    for message in world.services.places.let_next_in():
        world.publish(message)
    world.drain()


def asked_together(world: World, count: int = 3) -> list[Face]:
    """Faces that share an open request, in its order."""
    faces = waiting(grouping(world, count), count)
    let_in(world)
    faces = [fresh(face) for face in faces]
    assert len({face.request_id for face in faces}) == 1
    assert {face.state for face in faces} == {"open"}
    return faces


def message_of(world: World, faces: Sequence[Face]) -> Message:
    """Their request as people see it now."""
    world.show()
    return world.slack.message(ts_of(faces[0]))
