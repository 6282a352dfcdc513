"""The whole photo as a JPEG: as it is stored, and as a training backend takes it."""

from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo

MAX_BYTES_SENT = 5_242_880
"""Of a picture that Rekognition takes as bytes: 5 MB in its sense."""


def stored_photo(photo: Photo) -> bytes:
    """The whole photo as a JPEG that `read_photo` takes again."""
    return photo.jpeg()


def fitted(picture: bytes) -> bytes:
    """A JPEG as a backend takes it: smaller where it has more than `MAX_BYTES_SENT`."""
    photo = read_photo(picture) if len(picture) > MAX_BYTES_SENT else None
    while photo is not None and len(picture) > MAX_BYTES_SENT:
        photo = photo.scaled(0.7)
        picture = photo.jpeg()
    return picture
