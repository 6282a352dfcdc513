"""The pictures that are kept of each face in a photo."""

from collections.abc import Sequence

from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle


def face_pictures(photo: Photo, faces: Sequence[tuple[str, Rectangle]], of: int) -> dict[str, bytes]:
    """Crop and context picture of one of the faces, by their keys in the image store; a face is its id and
    place.
    """
    face_id, rectangle = faces[of]
    others = [other for _, other in faces if other is not rectangle]
    return {
        crop_key(face_id): crop_face(photo, rectangle, others),
        context_key(face_id): context_picture(photo, rectangle),
    }
