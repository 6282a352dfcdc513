"""Users of the collection, each a person of ours, and the faces that are theirs."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tagbot.aws.rekognition_api import Absent, AlreadyThere, QuotaReached, RekognitionApi
from tagbot.errors import Retry
from tagbot.training.rekognition.collection import Collection
from tagbot.vocabulary import NotSentReason

MOST_FACES = 4096
"""That DeleteFaces takes at once."""

MOST_USERS = 500
"""That ListUsers gives at once."""


class FaceGone(Retry):
    """The collection has no such face, or not yet."""

    def __init__(self) -> None:
        super().__init__("Rekognition does not find the face that it has just indexed")


class Users:
    """Each call that changes something has a token, under which AWS does it once."""

    def __init__(self, aws: RekognitionApi, collection: Collection) -> None:
        self._aws = aws
        self._collection = collection

    def make(self, person_id: str, *training: str) -> None:
        """Make a user, if there is none; raises `QuotaReached`.

        AWS answers the same request from memory, also when the user has gone since: one that is made again
        for a face names that face's `training`.
        """
        request = self._collection.token("person", person_id, *training)
        with suppress(AlreadyThere):
            self._collection.call("create_user", UserId=person_id, ClientRequestToken=request)

    def associate(
        self, person_ref: str, face_ref: str, *, training_id: str, anyway: bool
    ) -> NotSentReason | None:
        """Make the face the person's; why not, or None. With `anyway`, AWS does not compare them."""
        request = {
            "UserId": person_ref,
            "FaceIds": [face_ref],
            "ClientRequestToken": self._collection.token("train", training_id, face_ref),
            **({"UserMatchThreshold": 0.0} if anyway else {}),
        }
        try:
            try:
                answer = self._aws.call("associate_faces", **request)
            except Absent:  # the user went with a collection that vanished
                self.make(person_ref, training_id, face_ref)
                answer = self._aws.call("associate_faces", **request)
        except Absent:
            raise Retry("Rekognition does not know the user who has just been made") from None
        except QuotaReached as full:
            return NotSentReason.MODEL_FULL if full.operation == "create_user" else NotSentReason.PERSON_FULL
        return _why_not(answer)

    def disassociate(self, person_ref: str, face_id: str, face_ref: str, *, training_id: str) -> None:
        """The face is that person's no more; no error when it was not."""
        # Named after the training: AWS may give the same face the same id again, and would answer the second
        # removal from memory.
        request = self._collection.token("remove", training_id, person_ref, face_id, face_ref)
        with suppress(Absent):
            self._aws.call(
                "disassociate_faces", UserId=person_ref, FaceIds=[face_ref], ClientRequestToken=request
            )

    def owner_of(self, face_ref: str) -> str | None:
        """The user who has the face; None where nobody has it."""
        with suppress(Absent):
            found = self._aws.call("list_faces", FaceIds=[face_ref]).get("Faces", [])
            return next((str(face["UserId"]) for face in found if face.get("UserId")), None)
        return None

    def delete_face(self, face_ref: str) -> str | None:
        """Returns the user who has the face, if that is why it cannot be deleted."""
        try:
            answer = self._aws.call("delete_faces", FaceIds=[face_ref])
        except Absent:
            return None
        for failed in answer.get("UnsuccessfulFaceDeletions", []):
            reasons = failed.get("Reasons", [])
            if "ASSOCIATED_TO_AN_EXISTING_USER" in reasons and failed.get("UserId"):
                return str(failed["UserId"])
            if "FACE_NOT_FOUND" not in reasons:
                raise Retry(f"Rekognition did not delete a face: {', '.join(reasons)}")
        return None

    def delete(self, person_id: str) -> None:
        """Their faces stay in the collection, as nobody's; no error where there is no such user."""
        # A token of its own each time: AWS would answer a second one from memory, also where a training made
        # the user again meanwhile.
        with suppress(Absent):
            self._aws.call("delete_user", UserId=person_id, ClientRequestToken=uuid.uuid4().hex)

    def delete_faces(self, face_refs: Sequence[str]) -> set[str]:
        """Those of these faces that are left, as they are a user's."""
        left: set[str] = set()
        for start in range(0, len(face_refs), MOST_FACES):
            with suppress(Absent):
                answer = self._aws.call("delete_faces", FaceIds=list(face_refs[start : start + MOST_FACES]))
                left |= {
                    str(failed["FaceId"])
                    for failed in answer.get("UnsuccessfulFaceDeletions", [])
                    if "FACE_NOT_FOUND" not in failed.get("Reasons", [])
                }
        return left

    def knows(self, persons: Sequence[str]) -> bool:
        """Whether one of these is a user."""
        arguments: dict[str, Any] = {"MaxResults": MOST_USERS}
        while persons:
            try:
                page = self._aws.call("list_users", **arguments)
            except Absent:
                break
            if any(user["UserId"] in persons for user in page.get("Users", [])):
                return True
            if not page.get("NextToken"):
                break
            arguments["NextToken"] = page["NextToken"]
        return False


def _why_not(answer: dict[str, Any]) -> NotSentReason | None:
    """From AWS's answer; a face that was this person's already is in neither of its lists."""
    reasons = [
        reason
        for failed in answer.get("UnsuccessfulFaceAssociations", [])
        for reason in failed.get("Reasons", [])
    ]
    if "FACE_NOT_FOUND" in reasons:
        raise FaceGone
    return NotSentReason.DIFFERS if reasons else None
