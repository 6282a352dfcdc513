"""The training backend on Amazon Rekognition: a face collection with user vectors.

At AWS, a person is a user of the same id, and a face is a vector whose ExternalImageId is the face's id.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from tagbot.aws.boto import Misconfigured
from tagbot.aws.rekognition_api import Absent, PictureUnusable, QuotaReached, RekognitionApi
from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.photos.decoder import DecodedPhoto
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.resemblance import Nearness, Resemblance
from tagbot.training.backend import FaceSearch, ModelFace, NotSent, Refused, Trained
from tagbot.training.rekognition import permissions
from tagbot.training.rekognition.collection import Collection
from tagbot.training.rekognition.picture_limits import (
    as_sent,
    is_another_one,
    pixels,
    why_unindexed,
    why_unusable,
)
from tagbot.training.rekognition.users import FaceGone, Users
from tagbot.training.usage import Ledger
from tagbot.vocabulary import NotSentReason, RejectionReason

CONFIDENCE = 80.0
"""Per cent: what DetectFaces is less sure to be a face is left out."""

PAGE = 4096
"""Most faces that ListFaces gives at once."""

MOST_USERS = 500
"""The most that SearchUsersByImage gives."""

ALIKE = 100.0
"""Per cent: the highest similarity that AWS gives. A distance is how much is missing to it."""

NEARNESS = Nearness(resembles=20.0, sure=1.0, margin=20.0)
"""A person resembles a face from a similarity of 80 on, from which AWS takes the two for one person unless
told otherwise. The machine may be sure from 99 on, which AWS asks for where much depends on it, and where
no second person reaches the 80.
"""


class RekognitionBackend:
    """A bot's collection."""

    name = "rekognition"
    nearness = NEARNESS

    def __init__(self, aws: RekognitionApi, ledger: Ledger) -> None:
        """Nothing is called, and nothing of AWS is loaded, until it is needed."""
        self._aws = aws
        self._ledger = ledger
        self._collection = Collection(aws, ledger)
        self._users = Users(aws, self._collection)

    @property
    def search(self) -> FaceSearch:
        return self

    @property
    def health(self) -> Health:
        return self._aws.health

    @property
    def problem(self) -> str | None:
        return self._aws.problem

    def detect(self, photo: DecodedPhoto) -> list[Rectangle]:
        size, sent = photo.size, as_sent(photo.whole(), photo.size)
        if sent is None:
            return []
        try:
            answer = self._aws.call("detect_faces", Image={"Bytes": sent})
        except PictureUnusable as why:
            raise Reject(f"Rekognition cannot read the photo: {why.reason}") from None
        except Misconfigured as why:
            self._ledger.photos_wait(why.reason)  # a photo waits in the inbox, where no queue tells of it
            raise
        self._ledger.photos_go_on()
        faces = [
            pixels(face["BoundingBox"], size)
            for face in answer.get("FaceDetails", [])
            if face.get("Confidence", 0.0) >= CONFIDENCE
        ]
        return sorted(faces, key=lambda face: face.width * face.height, reverse=True)

    def ensure_person(self, person_id: str) -> str:
        # A collection that is full says so again when the face comes, and then it can be told.
        with suppress(QuotaReached):
            self._users.make(person_id)
        return person_id

    def add_face(
        self, face_id: str, person_ref: str, crop: bytes, *, training_id: str, anyway: bool = False
    ) -> Trained | Refused | NotSent:
        """IndexFaces stores the same bytes under the same id once, however often."""
        if (unusable := why_unusable(crop)) is not None:
            return Refused(unusable)
        try:
            answer = self._collection.call(
                "index_faces",
                Image={"Bytes": crop},
                ExternalImageId=face_id,
                MaxFaces=1,
                QualityFilter="AUTO",
            )
        except PictureUnusable as why:
            return Refused(why.reason)
        except QuotaReached:
            return NotSent(NotSentReason.MODEL_FULL)
        if not answer.get("FaceRecords"):
            return Refused(why_unindexed(answer))
        indexed = answer["FaceRecords"][0]["Face"]
        face_ref = str(indexed["FaceId"])
        if is_another_one(indexed["BoundingBox"]):
            self.remove_face(face_id, None, face_ref, training_id=training_id)
            return Refused(RejectionReason.SEVERAL_FACES)
        why_not = self._users.associate(person_ref, face_ref, training_id=training_id, anyway=anyway)
        if why_not is not None:
            self.remove_face(face_id, None, face_ref, training_id=training_id)
            return NotSent(why_not)
        return Trained(face_ref)

    def resembling(self, crop: bytes, most: int) -> list[Resemblance]:
        """Without a collection, nobody; nor for a face that IndexFaces would not learn."""
        if why_unusable(crop) is not None:
            return []
        try:
            answer = self._aws.call(
                "search_users_by_image",
                Image={"Bytes": crop},
                MaxUsers=min(most, MOST_USERS),
                UserMatchThreshold=0.0,
                QualityFilter="AUTO",
            )
        except (Absent, PictureUnusable):
            return []
        if "SearchedFace" not in answer or is_another_one(
            answer["SearchedFace"]["FaceDetail"]["BoundingBox"]
        ):
            return []
        return [
            Resemblance(match["User"]["UserId"], (ALIKE - match["Similarity"],))
            for match in answer.get("UserMatches", [])
        ]

    def remove_face(self, face_id: str, person_ref: str | None, face_ref: str, *, training_id: str) -> None:
        """The face goes also when another user has it than we know."""
        if person_ref is not None:
            self._users.disassociate(person_ref, face_id, face_ref, training_id=training_id)
        owner = self._users.delete_face(face_ref)
        if owner is not None:
            self._users.disassociate(owner, face_id, face_ref, training_id=training_id)
            owner = self._users.delete_face(face_ref)
        if owner is not None:
            raise Retry("Rekognition did not delete a face, as it is somebody's")

    def hand_over(
        self, face_id: str, face_ref: str, old: str, new: str, *, training_id: str
    ) -> Trained | NotSent | None:
        """AWS has a face as one user's at a time, so it is nobody's in between."""
        self._users.disassociate(old, face_id, face_ref, training_id=training_id)
        try:
            why_not = self._users.associate(new, face_ref, training_id=training_id, anyway=True)
            if why_not == NotSentReason.DIFFERS and (owner := self._users.owner_of(face_ref)) is not None:
                # An attempt before, for another merge, got so far.
                self._users.disassociate(owner, face_id, face_ref, training_id=training_id)
                again = f"{training_id}:{owner}"
                why_not = self._users.associate(new, face_ref, training_id=again, anyway=True)
        except FaceGone:
            return None
        if why_not is None:
            return Trained(face_ref)
        self.remove_face(face_id, None, face_ref, training_id=training_id)
        return NotSent(why_not)

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        """In the order that AWS wants: list their faces, delete the users, and then the faces, which AWS
        would keep.
        """
        found = self._known(persons, face_ids)
        for person in persons:
            self._users.delete(person)
        left = self._users.delete_faces([face.face_ref for face in found])
        for face in found:
            if face.face_ref in left:  # people said that it is theirs, and AWS has it for somebody else
                self.remove_face(face.face_id, face.person_ref, face.face_ref, training_id="forgotten")
        return len(found)

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        return bool(self._known(persons, face_ids)) or self._users.knows(persons)

    def _known(self, persons: Sequence[str], face_ids: Sequence[str]) -> list[ModelFace]:
        people, ids = set(persons), set(face_ids)
        return [face for face in self.faces() if face.person_ref in people or face.face_id in ids]

    def describe_anew(self, crop: Callable[[str], bytes], now: float) -> None:
        """Amazon's vectors are its own affair."""

    def faces(self) -> Iterator[ModelFace]:
        arguments: dict[str, Any] = {"MaxResults": PAGE}
        while True:
            try:
                page = self._aws.call("list_faces", **arguments)
            except Absent:
                return
            for face in page.get("Faces", []):
                yield ModelFace(face["FaceId"], face.get("ExternalImageId", ""), face.get("UserId"))
            if not page.get("NextToken"):
                return
            arguments["NextToken"] = page["NextToken"]

    def check(self) -> str:
        """Nothing is changed; raises `Reject` with all permissions that are missing."""
        if missing := list(dict.fromkeys(permissions.problems(self._aws))):
            raise Reject("; ".join(missing))
        try:
            faces = self._aws.call("describe_collection").get("FaceCount", 0)
        except Absent:
            return f"answers; the collection {self._aws.collection} is made when the first face comes"
        return f"answers, {faces} faces in the collection {self._aws.collection}"

    def policy(self) -> dict[str, Any]:
        """The IAM policy with the least permissions."""
        return permissions.policy(self._aws)

    def close(self) -> None:
        self._aws.close()
