"""A world in which somebody is in many photos: alone, and in groups of three."""

import io
import uuid
from dataclasses import dataclass
from functools import cache

from PIL import Image

from tagbot.database.models.faces import Face, store_photo
from tagbot.messages import FaceStored
from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.rectangle import Rectangle
from tests.stages.scenes import fresh
from tests.world import PORTRAIT_FACE, World, portrait

WIDTH = 240
"""Of one portrait."""


@dataclass(frozen=True)
class Crowd:
    """Ids of the faces."""

    theirs: list[str]
    tagged: list[str]
    """Of others, beside them."""
    still_open: list[str]
    groups: list[str]
    """Photos in which others are."""


@cache
def row_of(people: int) -> tuple[bytes, tuple[Rectangle, ...]]:
    """So many people side by side, and where their faces are."""
    one = Image.open(io.BytesIO(portrait(1)))
    row = Image.new("RGB", (people * WIDTH, one.height))
    for number in range(people):
        row.paste(one, (number * WIDTH, 0))
    written = io.BytesIO()
    row.save(written, "JPEG", quality=92)
    face = PORTRAIT_FACE
    faces = (
        Rectangle(face.left + number * WIDTH, face.top, face.width, face.height) for number in range(people)
    )
    return written.getvalue(), tuple(faces)


def store(world: World, people: int) -> list[str]:
    """A photo with its faces and pictures; their ids."""
    picture, places = row_of(people)
    photo, sha256 = read_photo(picture), uuid.uuid4().hex * 2
    images, now, ids = world.services.images, world.services.now(), [str(uuid.uuid4()) for _ in places]
    images.put(photo_key(sha256), picture)
    rows = []
    for face_id, place in zip(ids, places, strict=True):
        others = [other for other in places if other != place]
        images.put(crop_key(face_id), crop_face(photo, place, others))
        images.put(context_key(face_id), context_picture(photo, place))
        sides = {"left": place.left, "top": place.top, "width": place.width, "height": place.height}
        pending = FaceStored(face_id=face_id).id
        rows.append({"id": face_id, "photo": sha256, "stored_at": now, "pending": pending, **sides})
    size = {"width": photo.size.width, "height": photo.size.height}
    store_photo({"sha256": sha256, "faces_found": people, "received_at": now, **size}, rows)
    for face_id in ids:
        world.publish(FaceStored(face_id=face_id))
    return ids


def a_crowd(world: World, person: str, faces: int) -> Crowd:
    """So many faces of a person are tagged: every other one in a group, of which the second is somebody else
    and the third is still asked about.
    """
    anna, ben, *_ = world.slack.people
    photos = [store(world, 3 if number % 2 else 1) for number in range(faces)]
    world.drain()
    groups = [ids for ids in photos if len(ids) > 1]
    theirs, tagged = [ids[0] for ids in photos], [ids[1] for ids in groups]
    for answer, those in ((person, theirs), (anna, tagged)):
        for tagger in (anna, ben):
            for face_id in those:
                world.publish(world.answer(Face.get_by_id(face_id), tagger, answer))
    world.drain()
    assert {fresh(Face.get_by_id(each)).state for each in (*theirs, *tagged)} == {"tagged"}
    return Crowd(
        theirs,
        tagged,
        [ids[2] for ids in groups],
        [Face.get_by_id(ids[0]).photo_id for ids in groups],
    )
