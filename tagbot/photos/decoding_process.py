"""What runs in the processes of the decoder: one photo at a time, within limits."""

import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from tagbot.photos.decoding import read_with_metadata
from tagbot.photos.face_pictures import face_pictures
from tagbot.photos.metadata import Essence
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.stored_photo import stored_photo
from tagbot.photos.xmp.packet import XmpRefused
from tagbot.photos.xmp.regions import NamedRectangle, read_regions

MAPPED = Path("/proc/self/statm")
"""Of Linux: the memory that this process has mapped, in pages."""


class DecodingProcess:
    """Holds the photo that was decoded last."""

    def __init__(self) -> None:
        # No picture of anybody is to lie around in a core dump.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._photo: Photo | None = None
        self._metadata = Essence(b"")

    def decode(self, data: bytes, cpu_seconds: float, memory: int) -> Size | PictureRefused:
        """The photo's size. A photo that takes too long ends this process by a signal."""
        self._photo = None
        try:
            with limited(cpu_seconds, memory):
                self._photo, metadata = read_with_metadata(data)
                self._metadata = replace(metadata, file=b"")
        except PictureRefused as why:
            return why
        except MemoryError:
            return PictureRefused(f"it takes over {memory / 1e9:g} GB of memory to decode")
        return self._photo.size

    def whole(self) -> bytes:
        """The photo as a JPEG."""
        return stored_photo(self.photo)

    def pictures(self, faces: Sequence[tuple[str, Rectangle]], of: int) -> dict[str, bytes]:
        """Those of one of its faces."""
        return face_pictures(self.photo, faces, of)

    def regions(self, beside: Sequence[bytes]) -> tuple[list[NamedRectangle], list[str]]:
        """The faces that other programs marked, by the first XMP that has some: of those beside the photo, in
        order, and of that in it. Also why XMP was left out.
        """
        left_out: list[str] = []
        inside = self._metadata.xmp, self._metadata.extended_xmp
        for xmp in filter(None, (*beside, *inside)):
            try:
                found = read_regions(xmp, self.photo.size, self._metadata.orientation)
            except XmpRefused as why:
                left_out.append(str(why))
            else:
                if found:
                    return found, left_out
        return [], left_out

    def forget(self) -> None:
        """Let go of the photo, and of all that was said beside it."""
        self._photo = None
        self._metadata = Essence(b"")

    def sharpness(self, rectangles: Sequence[Rectangle]) -> list[float | None]:
        """Of the face in each rectangle: nobody here can tell."""
        return [None] * len(rectangles)

    @property
    def photo(self) -> Photo:
        """The one that is decoded."""
        if self._photo is None:
            raise LookupError("no photo was decoded")
        return self._photo


@contextmanager
def limited(cpu_seconds: float, memory: int) -> Iterator[None]:
    """With so much processor time, after which the process ends, and so many bytes more than it has now."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _, most = before = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        with suppress(OSError, ValueError):  # macOS has no such limit
            pages = int(MAPPED.read_text().split()[0])
            resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, most))
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, before)
