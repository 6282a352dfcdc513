"""The pictures that are kept of each face in a photo."""

from collections.abc import Sequence

from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle


def face_pictures(photo: Photo, faces: Sequence[tuple[str, Rectangle]]) -> dict[str, bytes]:
    """Crop and context picture of each face, by their keys in the image store; a face is its id and place."""
    pictures = {}
    for face_id, rectangle in faces:
        others = [other for _, other in faces if other is not rectangle]
        pictures[crop_key(face_id)] = crop_face(photo, rectangle, others)
        pictures[context_key(face_id)] = context_picture(photo, rectangle)
    return pictures
