"""The training backend on Amazon Rekognition: a face collection with user vectors.

At AWS, a person is a user of the same id, and a face is a vector whose ExternalImageId is the face's id.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tagbot.aws.boto import Misconfigured
from tagbot.aws.rekognition_api import (
    Absent,
    AlreadyThere,
    PictureUnusable,
    QuotaReached,
    RekognitionApi,
    token,
)
from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.photos.pictures import (
    MAX_BYTES_SENT,
    PictureRefused,
    Rectangle,
    Size,
    fitted,
    read_photo,
    stored_photo,
)
from tagbot.training import ModelFace, NotSent, Refused, Trained
from tagbot.training.usage import Ledger
from tagbot.vocabulary import NotSentReason, RejectionReason

log = logging.getLogger(__name__)

CONFIDENCE = 80.0
"""Per cent: what DetectFaces is less sure to be a face is left out."""

SMALLEST_SIDE = 80
LARGEST_SIDE = 10_000
"""Pixels: AWS takes no picture with a shorter or a longer side."""

"""Reasons of `Refused`."""

PAGE = 4096
"""Most faces that ListFaces gives at once."""

REASONS = {
    "EXCEEDS_MAX_FACES": RejectionReason.SEVERAL_FACES,
    "EXTREME_POSE": RejectionReason.TURNED_AWAY,
    "LOW_BRIGHTNESS": RejectionReason.TOO_DARK,
    "LOW_SHARPNESS": RejectionReason.TOO_BLURRED,
    "LOW_CONFIDENCE": RejectionReason.NO_FACE,
    "SMALL_BOUNDING_BOX": RejectionReason.TOO_SMALL,
    "LOW_FACE_QUALITY": RejectionReason.LOW_QUALITY,
}
"""Why IndexFaces left a face out, by AWS's word; the first that fits is told."""

ACTIONS = (
    "AssociateFaces", "CreateCollection", "CreateUser", "DeleteFaces", "DescribeCollection",
    "DisassociateFaces", "IndexFaces", "ListFaces",
)  # fmt: skip
"""What the bot does to its collection; besides, DetectFaces, which is about no collection."""


class RekognitionBackend:
    """Implements `tagbot.training.TrainingBackend`."""

    name = "rekognition"

    def __init__(self, aws: RekognitionApi, ledger: Ledger) -> None:
        """Nothing is called, and nothing of AWS is loaded, until it is needed."""
        self._aws = aws
        self._ledger = ledger
        self._seen = False
        """Whether the collection was there, or made, since the bot started."""

    @property
    def health(self) -> Health:
        """As the interface says."""
        return self._aws.health

    @property
    def problem(self) -> str | None:
        """As the interface says."""
        return self._aws.problem

    def detect(self, picture: bytes) -> list[Rectangle]:
        """As the interface says."""
        size, sent = _to_search(picture)
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
            _pixels(face["BoundingBox"], size.width, size.height)
            for face in answer.get("FaceDetails", [])
            if face.get("Confidence", 0.0) >= CONFIDENCE
        ]
        return sorted(faces, key=lambda face: face.width * face.height, reverse=True)

    def ensure_person(self, person_id: str) -> str:
        """As the interface says."""
        # A collection that is full says so again when the face comes, and then it can be told.
        with suppress(QuotaReached):
            self._create_user(person_id, self._token("person", person_id))
        return person_id

    def add_face(
        self, face_id: str, person_ref: str, crop: bytes, *, training_id: str, anyway: bool = False
    ) -> Trained | Refused | NotSent:
        """As the interface says. IndexFaces stores the same bytes under the same id once, however often."""
        if (unusable := _unusable(crop)) is not None:
            return Refused(unusable)
        try:
            answer = self._in_collection(
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
            return Refused(_why_unindexed(answer))
        indexed = answer["FaceRecords"][0]["Face"]
        face_ref = str(indexed["FaceId"])
        if _is_another_one(indexed["BoundingBox"]):
            self.remove_face(face_id, None, face_ref, training_id=training_id)
            return Refused(RejectionReason.SEVERAL_FACES)
        why_not = self._associate(face_ref, person_ref, training_id, anyway=anyway)
        if why_not is not None:
            self.remove_face(face_id, None, face_ref, training_id=training_id)
            return NotSent(why_not)
        return Trained(face_ref)

    def remove_face(self, face_id: str, person_ref: str | None, face_ref: str, *, training_id: str) -> None:
        """As the interface says; also when it is somebody else's than we know."""
        if person_ref is not None:
            self._disassociate(face_id, person_ref, face_ref, training_id)
        owner = self._deleted(face_ref)
        if owner is not None:
            self._disassociate(face_id, owner, face_ref, training_id)
            owner = self._deleted(face_ref)
        if owner is not None:
            raise Retry("Rekognition did not delete a face, as it is somebody's")

    def faces(self) -> Iterator[ModelFace]:
        """As the interface says."""
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
        """Try each permission without changing anything; raises `Reject` with all that are missing."""
        missing = [problem for problem in map(self._try, HARMLESS) if problem]
        if missing:
            policy = json.dumps(self.policy(), indent=2)
            raise Reject("; ".join(dict.fromkeys(missing)) + f"\nThe least that the bot needs:\n{policy}")
        try:
            faces = self._aws.call("describe_collection").get("FaceCount", 0)
        except Absent:
            return f"answers; the collection {self._aws.collection} is made when the first face comes"
        return f"answers, {faces} faces in the collection {self._aws.collection}"

    def policy(self) -> dict[str, Any]:
        """The IAM policy with the least rights."""
        collection = f"arn:{self._aws.partition}:rekognition:*:*:collection/{self._aws.collection}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [f"rekognition:{action}" for action in ACTIONS],
                    "Resource": collection,
                },
                {"Effect": "Allow", "Action": "rekognition:DetectFaces", "Resource": "*"},
            ],
        }

    def close(self) -> None:
        """As the interface says."""
        self._aws.close()

    def _create_user(self, person_id: str, request: str) -> None:
        with suppress(AlreadyThere):
            self._in_collection("create_user", UserId=person_id, ClientRequestToken=request)

    def _token(self, *parts: str) -> str:
        """The request's name; another collection is another request."""
        return token(self._aws.collection, *parts)

    def _in_collection(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A call that the collection has to be there for; it is made when it is missing."""
        if not self._seen:
            self._look_for_collection()
        try:
            return self._aws.call(operation, **arguments)
        except Absent:
            self._make_collection()
        try:
            return self._aws.call(operation, **arguments)
        except Absent:
            raise Retry("Rekognition does not know the collection that has just been made") from None

    def _look_for_collection(self) -> None:
        try:
            self._aws.call("describe_collection")
        except Absent:
            self._make_collection()
        self._seen = True

    def _make_collection(self) -> None:
        # Noted before it is done: if the answer is lost, the collection is there, and nobody would notice.
        self._ledger.collection_is_missing(self._aws.collection)
        with suppress(AlreadyThere):
            self._aws.call("create_collection")
            log.warning("the collection %s was missing and has been made", self._aws.collection)

    def _associate(self, face_ref: str, person_ref: str, training_id: str, *, anyway: bool) -> str | None:
        """Make the face the person's; why not, or None."""
        arguments = {
            "UserId": person_ref,
            "FaceIds": [face_ref],
            "ClientRequestToken": self._token("train", training_id, face_ref),
            **({"UserMatchThreshold": 0.0} if anyway else {}),
        }
        try:
            answer = self._associated(arguments, training_id)
        except QuotaReached as full:
            return NotSentReason.MODEL_FULL if full.operation == "create_user" else NotSentReason.PERSON_FULL
        # A face that was this person's already is in neither list.
        reasons = [
            reason
            for failed in answer.get("UnsuccessfulFaceAssociations", [])
            for reason in failed.get("Reasons", [])
        ]
        if "FACE_NOT_FOUND" in reasons:
            raise Retry("Rekognition does not find the face that it has just indexed")
        return NotSentReason.DIFFERS if reasons else None

    def _associated(self, arguments: dict[str, Any], training_id: str) -> dict[str, Any]:
        try:
            return self._aws.call("associate_faces", **arguments)
        except Absent:
            # The user went with a collection that vanished. AWS would answer the first request for them from
            # memory, so this is another one.
            person_ref, [face_ref] = arguments["UserId"], arguments["FaceIds"]
            self._create_user(person_ref, self._token("person", person_ref, training_id, face_ref))
        try:
            return self._aws.call("associate_faces", **arguments)
        except Absent:
            raise Retry("Rekognition does not know the user who has just been made") from None

    def _disassociate(self, face_id: str, person_ref: str, face_ref: str, training_id: str) -> None:
        with suppress(Absent):
            # Named after the training: AWS may give the same face the same id again, and would answer the
            # second removal from memory.
            self._aws.call(
                "disassociate_faces",
                UserId=person_ref,
                FaceIds=[face_ref],
                ClientRequestToken=self._token("remove", training_id, person_ref, face_id, face_ref),
            )

    def _deleted(self, face_ref: str) -> str | None:
        """Delete a face; whose it is if that is why it cannot be."""
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

    def _try(self, probe: tuple[str, dict[str, Any]]) -> str | None:
        """What AWS has against an operation, None when it would do it."""
        operation, arguments = probe
        try:
            self._aws.call(operation, **arguments)
        except (Absent, AlreadyThere, PictureUnusable, QuotaReached):
            return None
        except (Retry, Reject) as why:
            return why.reason
        return None


_NOBODY = "facetag-check"

_NOTHING = "00000000-0000-0000-0000-000000000000"

_NO_PICTURE = {"Bytes": b"no picture"}

HARMLESS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("describe_collection", {}),
    ("list_faces", {"MaxResults": 1}),
    ("index_faces", {"Image": _NO_PICTURE}),
    ("associate_faces", {"UserId": _NOBODY, "FaceIds": [_NOTHING]}),
    ("disassociate_faces", {"UserId": _NOBODY, "FaceIds": [_NOTHING]}),
    ("delete_faces", {"FaceIds": [_NOTHING]}),
    ("detect_faces", {"Image": _NO_PICTURE}),
)
"""Calls that change nothing, one for each permission that can be tried that way: AWS looks at the permission
first, and then finds no picture, or nobody of these ids. CreateCollection and CreateUser would leave
something behind, so they are not tried.
"""


def _to_search(picture: bytes) -> tuple[Size, bytes | None]:
    """A photo's size, and the photo as AWS takes it; None in its place when AWS could find no face in it."""
    try:
        photo = read_photo(picture)
    except PictureRefused as why:
        raise Reject(f"it is not a picture: {why.reason}") from None
    size = photo.size
    if max(size) > LARGEST_SIDE / SMALLEST_SIDE * min(size):
        return size, None  # a strip, a few pixels high once it is short enough
    factor = max(SMALLEST_SIDE / min(size), min(1.0, LARGEST_SIDE / max(size)))
    return size, fitted(picture if factor == 1.0 else stored_photo(photo.scaled(factor)))


def _unusable(crop: bytes) -> str | None:
    """What is wrong with a picture that AWS would refuse, None when nothing is: AWS's own word for it does
    not tell a picture's fault from a bug of ours.
    """
    if len(crop) > MAX_BYTES_SENT:
        return RejectionReason.TOO_LARGE
    try:
        size = read_photo(crop).size
    except PictureRefused:
        return RejectionReason.NOT_AN_IMAGE
    if max(size) > LARGEST_SIDE:
        return RejectionReason.TOO_LARGE
    return RejectionReason.TOO_SMALL if min(size) < SMALLEST_SIDE else None


def _is_another_one(box: dict[str, float]) -> bool:
    """Whether the indexed face is so far from the middle of its picture, by more than half its own size,
    that it is somebody else's at the border: the face that was tagged is too blurred or dark then.
    """
    return not all(
        box[start] - box[length] / 2 <= 0.5 <= box[start] + box[length] * 1.5
        for start, length in (("Left", "Width"), ("Top", "Height"))
    )


def _why_unindexed(answer: dict[str, Any]) -> str:
    reasons = {reason for face in answer.get("UnindexedFaces", []) for reason in face.get("Reasons", [])}
    return next((ours for theirs, ours in REASONS.items() if theirs in reasons), RejectionReason.NO_FACE)


def _pixels(box: dict[str, float], width: int, height: int) -> Rectangle:
    """From AWS's shares of the picture's sides; a box may reach beyond them."""
    left, top = max(0, round(box["Left"] * width)), max(0, round(box["Top"] * height))
    right = min(width, round((box["Left"] + box["Width"]) * width))
    bottom = min(height, round((box["Top"] + box["Height"]) * height))
    return Rectangle.between(left, top, max(right, left + 1), max(bottom, top + 1))
