"""Take a photo over from the inbox: find its faces, cut them out, store it all."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.photos import Photo
from tagbot.database.named_lock import alone
from tagbot.database.write_lock import writing
from tagbot.errors import Reject
from tagbot.messages import FaceStored, PhotoArrived
from tagbot.photos import pictures
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.pictures import PictureRefused, Rectangle
from tagbot.photos.sidecar import KnownFace, Sidecar, SidecarRefused, read_sidecar
from tagbot.services import Services
from tagbot.vocabulary import State

FACE_IDS = uuid.UUID("6f1c1c1e-6d0a-4a52-9c5e-2b1f0f6a7d11")
"""Namespace of the ids that are made up: the same photo gives the same ids, so that a repetition after a
crash overwrites the pictures that it had stored instead of leaving them behind."""


def detect_faces(message: PhotoArrived, services: Services) -> Iterator[FaceStored]:
    """Store a photo with its faces; what cannot be used is rejected with the reason."""
    # Again is harmless: the photo's bytes are its identity. One that is known already adds nothing, and its
    # faces that nobody has been asked about yet are told of once more.
    arrived = services.inbox.read(message.name)
    sha256 = hashlib.sha256(arrived.photo).hexdigest()
    if not _is_known(sha256):
        try:
            _take_over(sha256, arrived.photo, read_sidecar(arrived.sidecar), services)
        except (PictureRefused, SidecarRefused) as why:
            raise Reject(str(why)) from None
    for face in Face.select().where((Face.photo == sha256) & (Face.state == State.WAITING)).order_by(Face.id):
        yield FaceStored(face_id=face.id, round=face.round)


def _take_over(sha256: str, data: bytes, sidecar: Sidecar, services: Services) -> None:
    photo = pictures.read_photo(data)
    whole = pictures.stored_photo(photo)
    sidecar.check_inside(photo.size)
    found = sidecar.faces if sidecar.faces is not None else _found(services.training.detect(whole))
    ids = [face.id or str(uuid.uuid5(FACE_IDS, f"{sha256}:{number}")) for number, face in enumerate(found)]
    _check_new(ids, sha256)
    rectangles = [face.rectangle for face in found]
    stored = {photo_key(sha256): whole}
    for face_id, rectangle in zip(ids, rectangles, strict=True):
        others = [other for other in rectangles if other is not rectangle]
        stored[crop_key(face_id)] = pictures.crop_face(photo, rectangle, others)
        stored[context_key(face_id)] = pictures.context_picture(photo, rectangle)
    now = services.now()
    row = {
        "sha256": sha256,
        "source": sidecar.source,
        "taken_at": sidecar.taken_at,
        "width": photo.size.width,
        "height": photo.size.height,
        "faces_found": len(found),
        "received_at": now,
    }
    rows = [_row(sha256, face_id, rectangle, now) for face_id, rectangle in zip(ids, rectangles, strict=True)]
    with ExitStack() as stack:
        # Another worker may be taking over a photo whose sidecar gives the same ids: the pictures are kept
        # under these, so they are stored by the one that has them. Storing may take long: nobody's writing is
        # to wait for it.
        for face_id in sorted(set(ids)):
            stack.enter_context(alone(f"pictures of {face_id}"))
        _check_new(ids, sha256)
        for key, picture in stored.items():
            services.images.put(key, picture)
        with writing():
            if not _is_known(sha256):  # a copy of the same file may have been taken over meanwhile
                store_photo(row, rows)


def _is_known(sha256: str) -> bool:
    return Photo.get_or_none(Photo.sha256 == sha256) is not None


def _row(sha256: str, face_id: str, rectangle: Rectangle, now: float) -> dict[str, object]:
    return {
        "id": face_id,
        "photo": sha256,
        "left": rectangle.left,
        "top": rectangle.top,
        "width": rectangle.width,
        "height": rectangle.height,
        "stored_at": now,
        "pending": FaceStored(face_id=face_id).id,
    }


def _found(rectangles: Sequence[Rectangle]) -> list[KnownFace]:
    return [KnownFace(None, rectangle) for rectangle in rectangles]


def _check_new(ids: Sequence[str], sha256: str) -> None:
    taken = Face.select(Face.id).where(Face.id.in_(ids) & (Face.photo != sha256)).first() if ids else None
    if taken is not None:
        raise SidecarRefused(f"the sidecar's face id {taken.id} belongs to another photo already")
