"""The operations on pictures and on the faces in a collection."""

import uuid
from collections.abc import Sequence
from typing import TypeAlias

from tests.rekognition.errors import RekognitionError
from tests.rekognition.pages import page
from tests.rekognition.pictures import FACES_LOOKED_AT, Picture, SeenFace, picture_of, unindexed
from tests.rekognition.service_model import Json
from tests.rekognition.state import MODEL_VERSION, Account, Collection, Vector

MOST_FACES = 4096  # a page

Numbered: TypeAlias = tuple[int, SeenFace]
"""A face, and the how-manieth of its picture it is."""


def detect_faces(account: Account, request: Json) -> Json:
    """The faces in a picture, with the attributes that are always given."""
    return {"FaceDetails": [face.detail() for face in account.faces_in(picture_of(request))]}


def index_faces(account: Account, request: Json) -> Json:
    """Store the faces of a picture; that none can be stored is no error."""
    collection, picture = account.collection(request), picture_of(request)
    faces = list(enumerate(account.faces_in(picture)))
    filtered = request.get("QualityFilter", "AUTO") != "NONE"
    bad = [face for _, face in faces if filtered and face.reasons]
    good = [(number, face) for number, face in faces if not (filtered and face.reasons)]
    chosen, left = parted(good, min(request.get("MaxFaces", FACES_LOOKED_AT), FACES_LOOKED_AT))
    vectors = stored(account, collection, picture, chosen)
    return {
        "FaceRecords": [record(vector) for vector in vectors],
        "UnindexedFaces": [
            *(unindexed(face, ["EXCEEDS_MAX_FACES"]) for _, face in left),
            *(unindexed(face, face.reasons) for face in bad),
        ],
        "FaceModelVersion": MODEL_VERSION,
    }


def parted(faces: Sequence[Numbered], most: int) -> tuple[Sequence[Numbered], Sequence[Numbered]]:
    """So many faces, and those left over. The lowest quality goes first, then the smallest; what stays,
    stays in its order: largest first.
    """
    ranked = sorted(faces, key=lambda numbered: len(numbered[1].reasons))
    return sorted(ranked[:most], key=lambda numbered: numbered[0]), ranked[most:]


def stored(
    account: Account, collection: Collection, picture: Picture, faces: Sequence[Numbered]
) -> list[Vector]:
    """The vectors of these faces; those that are there already are not stored twice."""
    known = {vector.number: vector for vector in vectors_of(collection, picture)}
    image_id = next((vector.image_id for vector in known.values()), str(uuid.uuid4()))
    new = {
        number: Vector(
            face_id=new_face_id(account, collection, picture, number),
            seen=face,
            number=number,
            image=picture.sha256,
            image_id=image_id,
            external_id=picture.external_id,
        )
        for number, face in faces
        if number not in known
    }
    if len(collection.vectors) + len(new) > account.rules.faces_per_collection:
        raise RekognitionError("ServiceQuotaExceededException")
    collection.vectors |= {vector.face_id: vector for vector in new.values()}
    return [(known | new)[number] for number, _ in faces]


def vectors_of(collection: Collection, picture: Picture) -> list[Vector]:
    """The faces of the same bytes under the same `ExternalImageId`; without one, nothing is the same."""
    same = (picture.sha256, picture.external_id)
    vectors = collection.vectors.values() if picture.external_id else ()
    return [vector for vector in vectors if (vector.image, vector.external_id) == same]


def new_face_id(account: Account, collection: Collection, picture: Picture, number: int) -> str:
    """The id of a face to be stored: by chance, or such that the same face gets it again."""
    if not (account.rules.face_ids_return and picture.external_id):
        return str(uuid.uuid4())
    face = f"{collection.arn} {picture.external_id} {picture.sha256} {number}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, face))


def record(vector: Vector) -> Json:
    """The `FaceRecord` of a stored face, which does not tell whose it is."""
    face = {name: value for name, value in vector.as_json().items() if name != "UserId"}
    return {"Face": face, "FaceDetail": vector.seen.detail()}


def list_faces(account: Account, request: Json) -> Json:
    """The faces of a collection; of these ids or this user, if the request says so.

    Whether a user who is not there is an error or has no faces is not documented; here it is an error, so
    that nobody counts on the other.
    """
    collection = account.collection(request)
    rows = list(collection.vectors.values())
    if "FaceIds" in request:
        rows = [row for row in rows if row.face_id in request["FaceIds"]]
    if "UserId" in request:
        collection.user(request["UserId"])
        rows = [row for row in rows if row.user_id == request["UserId"]]
    faces, more = page(rows, request, lambda row: row.face_id, account.rules.page_size or MOST_FACES)
    listed = [{**face.as_json(), "IndexFacesModelVersion": MODEL_VERSION} for face in faces]
    return {"Faces": listed, "FaceModelVersion": MODEL_VERSION, **more}


def delete_faces(account: Account, request: Json) -> Json:
    """Remove faces that belong to nobody."""
    collection = account.collection(request)
    deleted: list[str] = []
    refused: list[Json] = []
    for face_id in dict.fromkeys(request["FaceIds"]):
        vector = collection.vectors.get(face_id)
        if vector is None:
            refused.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
        elif vector.user_id:
            why = ["ASSOCIATED_TO_AN_EXISTING_USER"]
            refused.append({"FaceId": face_id, "UserId": vector.user_id, "Reasons": why})
        else:
            del collection.vectors[face_id]
            deleted.append(face_id)
    return {"DeletedFaces": deleted, "UnsuccessfulFaceDeletions": refused}
