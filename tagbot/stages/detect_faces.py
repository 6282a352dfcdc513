"""Take a photo over from the inbox: find its faces, cut them out, store it all."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.named_faces import NamedFace
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.named_lock import alone
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceFound, PhotoArrived
from tagbot.photos.beside import Beside
from tagbot.photos.decoder import DecodedPhoto
from tagbot.photos.image_keys import photo_key
from tagbot.photos.inbox import Arrived
from tagbot.photos.known_photos import identity
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.sidecar import KnownFace, Sidecar, SidecarRefused, read_sidecar
from tagbot.services import Services
from tagbot.vocabulary import State

log = logging.getLogger(__name__)

FACE_IDS = uuid.UUID("6f1c1c1e-6d0a-4a52-9c5e-2b1f0f6a7d11")
"""Namespace of the ids that are made up: the same photo gives the same ids, so that a repetition after a
crash overwrites the pictures that it had stored instead of leaving them behind."""


def detect_faces(message: PhotoArrived, services: Services) -> Iterator[FaceFound]:
    """Store a photo with its faces; an unusable one is rejected with the reason."""
    # Again is harmless: the photo's bytes are its identity. One that is known already adds nothing, and its
    # faces that have not been asked about yet are told of once more.
    arrived = services.inbox.read(message.name)
    sha256 = identity(arrived.photo)
    if not Photo.is_taken_over(sha256):
        try:
            with services.photos_in_flight.tracking(sha256):
                _take_over(sha256, arrived, read_sidecar(arrived.sidecar), services)
        except (PictureRefused, SidecarRefused) as why:
            if why.looks_cut_off and arrived.again_in:
                raise Retry("what has come so far looks cut off", after=arrived.again_in) from None
            PostedPhoto.refuse(sha256, str(why))
            raise Reject(str(why)) from None
        except Reject as why:
            PostedPhoto.refuse(sha256, why.reason)
            raise
    for face in Face.select().where((Face.photo == sha256) & (Face.state == State.WAITING)).order_by(Face.id):
        yield FaceFound(face_id=face.id, round=face.round)


def _take_over(sha256: str, arrived: Arrived, sidecar: Sidecar, services: Services) -> None:
    with services.decoder.decoded(arrived.photo) as photo:
        sidecar.check_inside(photo.size)
        beside = Beside.of(arrived.others)
        found, names = _faces(sha256, photo, sidecar, beside, services)
        faces = [
            (face.id or str(uuid.uuid5(FACE_IDS, f"{sha256}:{number}")), face.rectangle)
            for number, face in enumerate(found)
        ]
        ids = {face_id for face_id, _ in faces}
        _check_new(ids, sha256)
        with ExitStack() as stack:
            # Another worker may be taking over a photo whose sidecar gives the same ids: the pictures are
            # kept under these, so they are stored by the one that has them. Storing may take long: no writing
            # of others is to wait for it.
            for face_id in sorted(ids):
                stack.enter_context(alone(f"pictures of {face_id}"))
            _check_new(ids, sha256)
            services.images.put(photo_key(sha256), photo.whole())
            for number in range(len(faces)):  # one by one: those of all may be a gigabyte
                for key, picture in photo.pictures(faces, number).items():
                    services.images.put(key, picture)
            taken_at = sidecar.taken_at or beside.takeout.taken_at
            rows = _rows(sha256, photo, replace(sidecar, taken_at=taken_at), faces, services.now())
            people = (*sidecar.people, *beside.takeout.people)
            named = [
                (face_id, name)
                for (face_id, _), own in zip(faces, names, strict=True)
                for name in (own, *people)
            ]
            with writing():
                if not Photo.is_taken_over(
                    sha256
                ):  # a copy of the same file may have been taken over meanwhile
                    store_photo(*rows)
                    if services.settings.line_up:
                        NamedFace.note(named, services.opt_out_key)


def _faces(
    sha256: str, photo: DecodedPhoto, sidecar: Sidecar, beside: Beside, services: Services
) -> tuple[Sequence[KnownFace], Sequence[str]]:
    """The faces of a photo, and what other programs name them: as the sidecar lists them, else as other
    programs marked them, else as they are found.
    """
    if sidecar.faces is not None:
        return sidecar.faces, [""] * len(sidecar.faces)
    regions, left_out = photo.regions(beside.xmp)
    for why in left_out:
        log.warning("XMP of photo=%s is left out: %s", sha256[:12], why)
    if regions:
        return [KnownFace(each.rectangle) for each in regions], [each.name for each in regions]
    found = [KnownFace(rectangle) for rectangle in services.training.detect(photo)]
    return found, [""] * len(found)


def _rows(
    sha256: str, decoded: DecodedPhoto, sidecar: Sidecar, faces: Sequence[tuple[str, Rectangle]], now: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Of the photo, and of its faces."""
    photo = {
        "sha256": sha256,
        "source": sidecar.source,
        "taken_at": sidecar.taken_at,
        "width": decoded.size.width,
        "height": decoded.size.height,
        "faces_found": len(faces),
        "received_at": now,
    }
    sharpness = decoded.sharpness([rectangle for _, rectangle in faces])
    return photo, [
        {
            "id": face_id,
            "photo": sha256,
            "left": rectangle.left,
            "top": rectangle.top,
            "width": rectangle.width,
            "height": rectangle.height,
            "sharpness": sharp,
            "stored_at": now,
            "pending": FaceFound(face_id=face_id).id,
        }
        for (face_id, rectangle), sharp in zip(faces, sharpness, strict=True)
    ]


def _check_new(ids: set[str], sha256: str) -> None:
    taken = Face.select(Face.id).where(Face.id.in_(ids) & (Face.photo != sha256)).first() if ids else None
    if taken is not None:
        raise SidecarRefused(f"the sidecar's face id {taken.id} belongs to another photo already")
