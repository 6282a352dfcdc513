"""The companions of a photo, read: the files that other programs put beside it."""

from collections.abc import Iterable
from dataclasses import dataclass

from tagbot.photos.inbox.companion_names import is_xmp
from tagbot.photos.sidecar import Sidecar, read_takeout


@dataclass(frozen=True, slots=True)
class Beside:
    """It refuses no photo."""

    xmp: tuple[bytes, ...]
    """In the order in which it counts."""
    takeout: Sidecar

    @classmethod
    def of(cls, files: Iterable[tuple[str, bytes]]) -> "Beside":
        """From the files, by name."""
        found = tuple(files)
        xmp = tuple(content for name, content in found if is_xmp(name))
        takeouts = [read_takeout(content) for name, content in found if not is_xmp(name)]
        return cls(xmp, takeouts[0] if takeouts else Sidecar())
