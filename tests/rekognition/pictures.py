"""What a picture holds, as far as the service can tell.

Nothing is recognised. A picture that can be decoded shows one good face, unless a test says otherwise. What
the service refuses to look at is refused here too: developer guide, “Guidelines and quotas”.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeAlias
from warnings import catch_warnings, simplefilter

from PIL import Image

from tests.rekognition.errors import RekognitionError
from tests.rekognition.service_model import Json

SMALLEST_SIDE = 80  # pixels
LARGEST_SIDE = 10_000  # pixels
SMALLEST_FACE = 40  # pixels, in a picture of up to 1920 × 1080; in larger ones proportionally more
REFERENCE = (1920, 1080)
FACES_LOOKED_AT = 100  # “the 100 largest faces in the image”
FORMATS = ("JPEG", "PNG")
SURE = 99.9

LANDMARKS: Mapping[str, tuple[float, float]] = {
    "eyeLeft": (0.3, 0.35),
    "eyeRight": (0.7, 0.35),
    "nose": (0.5, 0.55),
    "mouthLeft": (0.35, 0.75),
    "mouthRight": (0.65, 0.75),
}
"""Where each lies within the face's box."""


@dataclass(frozen=True)
class Box:
    """Where a face is, as ratios of the picture's width and height."""

    left: float = 0.2
    top: float = 0.2
    width: float = 0.6
    height: float = 0.6

    def as_json(self) -> Json:
        """In the service's words."""
        return {"Left": self.left, "Top": self.top, "Width": self.width, "Height": self.height}


@dataclass(frozen=True)
class SeenFace:
    """A face in a picture.

    - `reasons`: why its quality is too low for the model (`LOW_SHARPNESS` …); none: it is good.
    - `similarity`: to everybody's user vector, 0 to 100; or by user id, and then 0 to all others.
    """

    box: Box = Box()
    reasons: tuple[str, ...] = ()
    similarity: float | Mapping[str, float] = SURE
    confidence: float = SURE

    def likeness(self, user_id: str) -> float:
        """How similar it is to a user."""
        return self.similarity.get(user_id, 0.0) if isinstance(self.similarity, Mapping) else self.similarity

    def area(self) -> float:
        """The part of the picture that it covers."""
        return self.box.width * self.box.height

    def detail(self) -> Json:
        """The `FaceDetail` with the attributes that are always there."""
        return {
            "BoundingBox": self.box.as_json(),
            "Landmarks": [
                {
                    "Type": name,
                    "X": self.box.left + x * self.box.width,
                    "Y": self.box.top + y * self.box.height,
                }
                for name, (x, y) in LANDMARKS.items()
            ],
            "Pose": {"Roll": 0.0, "Yaw": 0.0, "Pitch": 0.0},
            "Quality": {"Brightness": 80.0, "Sharpness": 90.0},
            "Confidence": self.confidence,
        }


Faces: TypeAlias = Sequence[SeenFace]


@dataclass(frozen=True)
class Picture:
    """A picture that the service can look at; `external_id` is given where it is to be indexed."""

    data: bytes
    width: int
    height: int
    external_id: str | None = None

    @property
    def sha256(self) -> str:
        """Which picture it is."""
        return hashlib.sha256(self.data).hexdigest()

    def large_enough(self, face: SeenFace) -> bool:
        """Whether the service finds this face at all."""
        longer, shorter = max(self.width, self.height), min(self.width, self.height)
        least = SMALLEST_FACE * max(1.0, longer / REFERENCE[0], shorter / REFERENCE[1])
        return min(face.box.width * self.width, face.box.height * self.height) >= least


def picture_of(request: Json) -> Picture:
    """The picture of a request."""
    image: Json = request["Image"]
    if len(image) != 1:
        raise RekognitionError("InvalidParameterException")
    if "S3Object" in image:
        raise RekognitionError("InvalidS3ObjectException")  # there are no buckets here
    width, height = size_of(image["Bytes"])
    if min(width, height) < SMALLEST_SIDE:
        raise RekognitionError("InvalidParameterException")
    if max(width, height) > LARGEST_SIDE:
        limit = f"exceed maximum dimension size of {LARGEST_SIDE} pixels"
        raise RekognitionError("ImageTooLargeException", f"Input image dimensions {width} x {height} {limit}")
    return Picture(image["Bytes"], width, height, request.get("ExternalImageId"))


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG or PNG that can be decoded to its end."""
    try:
        with catch_warnings():
            simplefilter("ignore", Image.DecompressionBombWarning)  # how large it may be is said elsewhere
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                if max(image.size) <= LARGEST_SIDE:
                    image.load()
                return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise RekognitionError("InvalidImageFormatException") from None


def by_size(faces: Faces) -> list[SeenFace]:
    """The largest face first."""
    return sorted(faces, key=lambda face: -face.area())


def unindexed(face: SeenFace, reasons: Sequence[str]) -> dict[str, Any]:
    """A face that was seen and not stored."""
    return {"Reasons": list(reasons), "FaceDetail": face.detail()}


def unsearched(face: SeenFace, reasons: Sequence[str]) -> dict[str, Any]:
    """A face that was seen and not searched for."""
    return {"Reasons": list(reasons), "FaceDetails": face.detail()}
