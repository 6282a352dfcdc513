"""The figures of `status` equal a recount."""

from collections import Counter
from dataclasses import astuple

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tests.monitoring.failing import collect, trouble
from tests.world import World, astronaut


@pytest.mark.rule("status-json")
def test_the_figures_equal_a_recount(world: World) -> None:
    faces = [world.face() for _ in range(4)]
    world.face(posted=True)
    with writing():
        Face.update(state="rejected", reason="unknown").where(Face.id == faces[0].id).execute()
    trouble(world, faces[1], "delayed")
    trouble(world, faces[2], "dead")
    trouble(world, faces[3], "in hand")
    world.publish(world.answer(faces[1], "U1", "U2"))
    (world.settings.data_dir / "inbox" / "photo.png").write_bytes(astronaut())
    figures = collect(world)
    assert figures["faces"] == {"waiting": 3, "open": 1, "training": 0, "tagged": 0, "rejected": 1}
    assert Counter(face.state for face in Face.select()) == Counter(waiting=3, open=1, rejected=1)
    counted = {name: queue.counts() for name, queue in world.queues.items()}
    queues = figures["queues"]
    assert {name: tuple(counts.values()) for name, counts in queues.items()} == {
        name: astuple(counts) for name, counts in counted.items()
    }
    assert queues["images-in-db"] == {"ready": 0, "delayed": 1, "in_flight": 1, "dead": 1}
    assert queues["face-tagging"] == {"ready": 1, "delayed": 0, "in_flight": 0, "dead": 0}
    assert figures["inbox"] == 1
