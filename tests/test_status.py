"""Status: the figures equal a recount, and the words say what waits and why."""

from collections import Counter
from dataclasses import astuple

import pytest

from tagbot import status
from tagbot.errors import Reject
from tagbot.messages import FaceStored
from tagbot.models import Face, Photo, writing
from tagbot.pipeline import QUEUES
from tests.world import World, astronaut


def collect(world: World) -> dict[str, object]:
    return status.collect(world.queues, world.services.inbox)


def words(world: World) -> str:
    return status.in_words(collect(world))


def trouble(world: World, face: Face, how: str, why: str = "Slack is away") -> None:
    """Let the face's message fail."""
    world.publish(FaceStored(face_id=face.id))
    delivery = world.queues["images-in-db"].get(0)
    assert delivery is not None
    if how == "delayed":
        delivery.retry_after(3600, why)
    elif how == "dead":
        delivery.bury(why)


def test_an_empty_bot_has_nothing_to_tell(world: World) -> None:
    figures = collect(world)
    assert figures["faces"] == dict.fromkeys(("waiting", "open", "training", "tagged", "rejected"), 0)
    assert list(figures["queues"]) == list(QUEUES)  # type: ignore[call-overload]  # a dict
    assert words(world).splitlines() == [
        "Faces: 0 tagged, 0 open, 0 being learned, 0 waiting to be asked, 0 set aside.",
        "Nothing is waiting between the stages.",
    ]


def test_the_figures_equal_a_recount(world: World) -> None:
    faces = [world.face() for _ in range(4)]
    world.face(posted=True)
    with writing():
        Face.update(state="rejected", reason="unknown").where(Face.id == faces[0].id).execute()
    trouble(world, faces[1], "delayed")
    trouble(world, faces[2], "dead")
    trouble(world, faces[3], "in hand")
    world.publish(world.answer(faces[1], "U1", "U2"))
    world.services.inbox.folder.joinpath("photo.png").write_bytes(astronaut())
    figures = collect(world)
    assert figures["faces"] == {"waiting": 3, "open": 1, "training": 0, "tagged": 0, "rejected": 1}
    assert Counter(face.state for face in Face.select()) == Counter(waiting=3, open=1, rejected=1)
    counted = {name: queue.counts() for name, queue in world.queues.items()}
    queues = figures["queues"]
    assert isinstance(queues, dict)
    assert {name: tuple(counts.values()) for name, counts in queues.items()} == {
        name: astuple(counts) for name, counts in counted.items()
    }
    assert queues["images-in-db"] == {"ready": 0, "delayed": 1, "in_flight": 1, "dead": 1}
    assert queues["face-tagging"] == {"ready": 1, "delayed": 0, "in_flight": 0, "dead": 0}
    assert figures["inbox"] == 1


def test_the_words_say_what_waits_and_why(world: World) -> None:
    for how in ("delayed", "dead", "dead"):
        trouble(world, world.face(), how)
    trouble(world, world.face(), "dead", "the picture is missing")
    lines = words(world).splitlines()
    assert "Faces: 0 tagged, 0 open, 0 being learned, 4 waiting to be asked, 0 set aside." in lines
    assert "images-in-db: 1 waiting for another attempt, 3 given up (dead letters)." in lines
    assert "images-in-db: 1 waiting for another attempt because: Slack is away." in lines
    assert "images-in-db: 2 given up because: Slack is away." in lines
    assert "images-in-db: 1 given up because: the picture is missing." in lines


@pytest.mark.parametrize(
    ("number", "line"), [(1, "Inbox: 1 photo to take over."), (2, "Inbox: 2 photos to take over.")]
)
def test_photos_in_the_inbox_are_counted_without_their_sidecars_and_hidden_files(
    world: World, number: int, line: str
) -> None:
    inbox = world.services.inbox.folder
    for each in range(number):
        (inbox / f"{each}.jpg").write_bytes(b"x")
        (inbox / f"{each}.json").write_bytes(b"{}")
    (inbox / ".hidden.jpg").write_bytes(b"x")
    assert line in words(world).splitlines()


def test_photos_without_faces_are_counted(world: World) -> None:
    with writing():
        Photo.insert(sha256="0" * 64, width=1, height=1, faces_found=0, received_at=1.0).execute()
    assert collect(world)["photos_without_faces"] == 1
    assert "Photos in which no face was found: 1." in words(world).splitlines()


def test_a_queue_that_cannot_be_reached_is_told_and_not_counted_as_empty(world: World) -> None:
    world.queues["face-tagging"].close()
    with pytest.raises(Exception, match="face-tagging cannot be reached") as problem:
        collect(world)
    assert not isinstance(problem.value, Reject)
