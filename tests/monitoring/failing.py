"""Messages that fail, and the figures that count them."""

from typing import Any

from tagbot.database.models.faces import Face
from tagbot.messages import FaceStored
from tagbot.monitoring import status_figures
from tests.world import World


def collect(world: World) -> dict[str, Any]:
    return status_figures.collect(world.queues, world.services.inbox)


def trouble(world: World, face: Face, how: str, why: str = "Slack is away") -> None:
    """Let the face's message fail."""
    world.publish(FaceStored(face_id=face.id))
    delivery = world.queues["images-in-db"].get(0)
    assert delivery is not None
    if how == "delayed":
        delivery.retry_after(3600, why)
    elif how == "dead":
        delivery.bury(why)
