"""The recogniser, as it is in its processes: it decodes, searches and cuts up photos, and describes crops."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tagbot.photos.decoding import read_photo
from tagbot.photos.decoding_process import DecodingProcess
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.recognition.description import Description
from tagbot.recognition.detection import Detection
from tagbot.recognition.detector import Detector
from tagbot.recognition.sharpness import sharpness
from tagbot.vocabulary import RejectionReason

if TYPE_CHECKING:
    from tagbot.recognition.describing import Describer


class Recogniser(DecodingProcess):
    """Each model is loaded when it is first needed, once."""

    def __init__(self, models: str) -> None:
        """`models` is the folder of models."""
        super().__init__()
        self._models = Path(models)
        self._found: list[Detection] | None = None

    def decode(self, data: bytes, cpu_seconds: float, memory: int) -> Size | PictureRefused:
        """As without the recogniser."""
        self._found = None
        return super().decode(data, cpu_seconds, memory)

    def faces(self) -> list[Rectangle]:
        """The faces in the photo, largest first."""
        size = self.photo.size
        rectangles = [face.rectangle(size) for face in self._detections()]
        return sorted(rectangles, key=lambda face: (-face.area, face.top, face.left))

    def sharpness(self, rectangles: Sequence[Rectangle]) -> list[float | None]:
        """Of the face in each rectangle of the photo; None where none is found."""
        return [
            None if (face := self._face_at(rectangle)) is None else sharpness(self.photo, face)
            for rectangle in rectangles
        ]

    def describe(self, crop: bytes) -> Description | RejectionReason:
        """The one face in a crop; or why it cannot be described."""
        try:
            photo = read_photo(crop)
        except PictureRefused:
            return RejectionReason.NOT_AN_IMAGE
        return self._describer.describe(photo)

    def version(self) -> str:
        """The names of the models that find and describe faces, which are loaded then."""
        return f"{self._detector.name} finds faces, {self._describer.name} describes them"

    @cached_property
    def _detector(self) -> Detector:
        return Detector.for_photos(self._models)

    @cached_property
    def _describer(self) -> "Describer":
        from tagbot.recognition.describing import Describer  # here, as it loads dlib

        return Describer(self._models)

    def _detections(self) -> list[Detection]:
        """Of the photo, which is searched once."""
        if self._found is None:
            self._found = self._detector.faces(self.photo)
        return self._found

    def _face_at(self, rectangle: Rectangle) -> Detection | None:
        """The face that fills most of a rectangle, at least a third of it."""
        size = self.photo.size
        shares = [(face.rectangle(size).overlap(rectangle), face) for face in self._detections()]
        share, face = max(shares, key=lambda each: each[0], default=(0, None))
        return face if share * 3 >= rectangle.area else None
