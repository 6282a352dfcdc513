"""What an account at Rekognition holds: collections of face vectors, and users that group these."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.rekognition.errors import RekognitionError, not_found
from tests.rekognition.pictures import FACES_LOOKED_AT, Faces, Picture, SeenFace, by_size
from tests.rekognition.service_model import Json

ACCOUNT_ID = "123456789012"
REGION = "eu-west-1"
MODEL_VERSION = "7.0"


@dataclass
class Rules:
    """What a test may bend, and what Amazon does not tell.

    - `faces_per_user`, `faces_per_collection`: the service's quotas, lower where a test wants to meet them.
    - `face_ids_return`: whether a face that was deleted gets its former id when it is indexed again. The ids
      in Amazon's examples are digests (UUID version 5), so it may be; nobody should count on either.
    - `full_user_refuses_all`: whether a full user refuses also a face that is its own already. The
      documentation has both sentences: such a face “will be ignored”, and calls “after the limit is reached”
      end in `ServiceQuotaExceededException`.
    - `page_size`: the most that a list gives at once, even if asked for more; None: as the model says.
    - `token_seconds`: how long a `ClientRequestToken` is remembered; None: for ever. Amazon's is unknown.
    - `updating_seconds`: how long a user is `UPDATING` after a change; to change it meanwhile is a conflict.
    """

    faces_per_user: int = 100
    faces_per_collection: int = 10_000_000
    face_ids_return: bool = False
    full_user_refuses_all: bool = False
    page_size: int | None = None
    token_seconds: float | None = None
    updating_seconds: float = 0.0


@dataclass
class Vector:
    """A face in a collection; `image`: which bytes it comes from, `number`: the how-manieth face in them."""

    face_id: str
    seen: SeenFace
    number: int
    image: str
    image_id: str
    external_id: str | None
    user_id: str | None = None

    def as_json(self) -> Json:
        """The `Face` of the answers."""
        face = {
            "FaceId": self.face_id,
            "BoundingBox": self.seen.box.as_json(),
            "ImageId": self.image_id,
            "ExternalImageId": self.external_id,
            "Confidence": self.seen.confidence,
            "UserId": self.user_id,
        }
        return {name: value for name, value in face.items() if value is not None}


@dataclass
class User:
    """A group of faces; `key` is what the service sorts users by."""

    user_id: str
    ever_had_faces: bool = False
    busy_until: float = 0.0
    key: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Collection:
    """Vectors by face id, users by their id."""

    collection_id: str
    created: float = field(default_factory=time.time)
    vectors: dict[str, Vector] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its name in all of AWS."""
        return arn(self.collection_id)

    def user(self, user_id: str) -> User:
        """The user, who must be there."""
        if user_id not in self.users:
            raise not_found("user", user_id)
        return self.users[user_id]

    def faces_of(self, user_id: str) -> list[Vector]:
        """The faces of a user, oldest first."""
        return [vector for vector in self.vectors.values() if vector.user_id == user_id]

    def status(self, user: User) -> str:
        """The `UserStatus`."""
        if time.monotonic() < user.busy_until:
            return "UPDATING"
        return "ACTIVE" if user.ever_had_faces else "CREATED"


def arn(collection_id: str) -> str:
    """The name of a collection in all of AWS."""
    return f"arn:aws:rekognition:{REGION}:{ACCOUNT_ID}:collection/{collection_id}"


def one_good_face(_picture: Picture) -> Faces:
    """What a picture shows unless a test says otherwise."""
    return [SeenFace()]


@dataclass
class Account:
    """Everything; `shown` says by SHA-256 what a picture holds, `look` what all others do."""

    rules: Rules = field(default_factory=Rules)
    collections: dict[str, Collection] = field(default_factory=dict)
    shown: dict[str, Faces] = field(default_factory=dict)
    look: Callable[[Picture], Faces] = one_good_face

    def collection(self, request: Json) -> Collection:
        """The collection of a request, which must be there."""
        name: str = request["CollectionId"]
        if name not in self.collections:
            raise not_found("collection", name)
        return self.collections[name]

    def faces_in(self, picture: Picture) -> list[SeenFace]:
        """The faces that the service finds, largest first."""
        faces = self.shown[picture.sha256] if picture.sha256 in self.shown else self.look(picture)
        return by_size([face for face in faces if picture.large_enough(face)])[:FACES_LOOKED_AT]

    def change(self, user: User) -> None:
        """A change of this user begins; one at a time."""
        now = time.monotonic()
        if now < user.busy_until:
            raise RekognitionError("ConflictException", f"User {user.user_id} is being updated")
        user.busy_until = now + self.rules.updating_seconds
