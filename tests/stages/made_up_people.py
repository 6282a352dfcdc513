"""People whom the model knows by made-up vectors, and faces that look like them."""

import itertools
import uuid

import numpy as np

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.vectors import FIRST_MODEL, ModelVectors
from tagbot.lib.names import name_key
from tagbot.messages import FaceStored
from tagbot.recognition.earned_vote import is_audited
from tests.world import World

NUMBERS = 128
"""In a vector of the model that everybody has."""

APART = 0.15
"""About as far two faces of one person are from each other; those of two people are about 1.4 apart."""


def vector(person: int, face: int) -> bytes:
    """One of the faces of a made-up person."""
    middle, chance = np.random.default_rng(person), np.random.default_rng((person, face))
    numbers = middle.standard_normal(NUMBERS)
    numbers /= np.linalg.norm(numbers)
    numbers += chance.standard_normal(NUMBERS) * APART / (2 * NUMBERS) ** 0.5
    return numbers.astype("<f4").tobytes()


def known(
    number: int, name: str, *, slack_id: str | None = None, email: str | None = None, faces: int = 3
) -> Person:
    """A person of whom the model learned so many faces."""
    own_id = str(uuid.UUID(int=np.random.default_rng(number).integers(2**63).item() << 64, version=4))
    key = None if slack_id else name_key(name)
    person = Person.create(
        id=own_id, slack_id=slack_id, name=name, name_key=key, email=email, enriched_at=1.0, added_at=1.0
    )
    for face in range(faces):
        learn(person, number, face)
    return person


def learn(person: Person, number: int, face: int) -> None:
    """The model learns one more of a person's faces."""
    face_id, sha256 = str(uuid.uuid4()), uuid.uuid4().hex * 2
    photo = {"sha256": sha256, "width": 512, "height": 512, "faces_found": 1, "received_at": 1.0}
    row = {"id": face_id, "photo": sha256, "left": 1, "top": 2, "width": 90, "height": 91, "stored_at": 1.0}
    learned = {"state": "tagged", "person": person.id, "tagged_at": 1.0, "face_ref": face_id}
    store_photo(photo, [row | learned | {"training_backend": "local", "person_ref": person.id}])
    ModelVectors().put(face_id, person.id, vector(number, face), FIRST_MODEL)


def looks_like(face: Face, number: int, *, at: int = 1000) -> Face:
    """The machine saw in a waiting face one of that person's, whether or not the model knows them."""
    assert FaceVector.keep(face.id, face.round, FIRST_MODEL, vector(number, at))
    return face


def asked_about(world: World, number: int, *, audited: bool = False) -> Face:
    """A face that looks like that person, with its request in the channel: one of those that go without the
    machine's vote, or not.
    """
    face = looks_like(world.face(), number)
    ids = (str(uuid.uuid4()) for _ in itertools.count())
    request = Request.create(id=next(each for each in ids if is_audited(each) == audited))
    Face.note(face.id, request=request.id, number=1)
    world.publish(FaceStored(face_id=face.id))
    world.drain()
    return Face.get_by_id(face.id)
