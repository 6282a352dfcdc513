"""What tests of several stages need: faces on their way, and what people see of them in Slack."""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

from PIL import Image, ImageFilter

from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.messages import Message as Fact
from tagbot.photos.image_keys import crop_key
from tagbot.sandbox.state import Message
from tagbot.training.backend import TrainingBackend
from tests.world import World, ts_of

PATIENCE = 10.0
"""Seconds that a test waits for something to happen."""

MakeWorld = Callable[..., World]
"""A world with these settings, in place of the one before."""


def shown(world: World, face: Face) -> Message:
    """The face's request as people see it now, which is what the database says."""
    world.show()
    fresh = Face.get_by_id(face.id)
    assert ts_of(fresh), "it was never posted"
    return world.slack.message(ts_of(fresh))


def seen(message: Message) -> str:
    """All that can be read in a message: its text, its blocks, its metadata."""
    return json.dumps([message.text, message.blocks, message.metadata], ensure_ascii=False)


def controls(message: Message) -> set[str]:
    """The action ids of all that can be pressed."""
    return {each["action_id"] for each in objects(message.blocks) if each.get("action_id")}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value, however deep."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from objects(each)


def words_of(message: Message) -> list[str]:
    """What the blocks say, in the order of reading."""
    return [each["text"] for each in objects(message.blocks) if isinstance(each.get("text"), str)]


def requests(world: World) -> list[Message]:
    """The requests in the channel, oldest first."""
    return [message for message in world.slack.messages() if message.by_bot and message.metadata]


def votes(face: Face) -> dict[str, str]:
    """Who answered what."""
    return {vote.tagger: vote.answer for vote in Vote.of(face.id)}


def fresh(face: Face) -> Face:
    """The face as the database has it now."""
    again: Face = Face.get_by_id(face.id)
    return again


def say(world: World, face: Face, answer: str, *taggers: str) -> None:
    """Have these people give this answer, one after the other."""
    for tagger in taggers:
        world.publish(world.answer(fresh(face), tagger, answer))
        world.drain()


def tagged(world: World, person: str, **more: Any) -> Face:
    """A face that the first two people in the channel have tagged."""
    face = world.face(posted=True, **more)
    say(world, face, person, *world.slack.people[:2])
    face = fresh(face)
    assert face.state == "tagged", (face.state, face.reason)
    return face


def agreed(world: World, person: str) -> Face:
    """A face that people agree on, its `FaceTagged` not worked on yet; the queue is empty."""
    face = world.face(posted=True)
    for tagger in world.slack.people[:2]:
        Vote.put(face_id=face.id, tagger=tagger, answer=person, round=face.round, at=world.services.now())
    return face


def blur(world: World, face: Face) -> None:
    """Make the face's stored crop too blurred to learn from."""
    crop = Image.open(BytesIO(world.services.images.get(crop_key(face.id))))
    out = BytesIO()
    crop.filter(ImageFilter.GaussianBlur(4)).save(out, "JPEG", quality=92)
    world.services.images.put(crop_key(face.id), out.getvalue())


def only(messages: list[Fact]) -> Any:
    """The one message that is there."""
    (message,) = messages
    return message


def drain_until(world: World, happened: Callable[[], object]) -> None:
    """Work through the queues, delayed messages included, until this is so."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        for worker in world.workers:
            worker.work_once(timeout=0.02)
    world.drain()


def without_made_up_ids(text: str) -> str:
    """Slack makes up the ids of blocks that have none."""
    return re.sub(r'"block_id": "b[0-9A-Z]+"', "", text)


def with_backend(world: World, backend: TrainingBackend) -> World:
    """The same world with another training backend."""
    return replace(world, services=replace(world.services, training=backend))


def person_of(face: Face) -> str | None:
    """Slack id of who the face was tagged as."""
    person = fresh(face).person
    return person.slack_id if person else None
