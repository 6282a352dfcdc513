"""The files of the inbox's folder: which count at all, and which sidecar lies beside which photo."""

import errno
import glob
import os
from collections.abc import Iterator
from pathlib import Path

from tagbot.photos.inbox.file_names import SIDECAR


def listed(folder: Path) -> Iterator[os.DirEntry[str]]:
    """All that may be a photo or a sidecar: neither hidden files nor folders. Raises `OSError`."""
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if not entry.name.startswith(".") and entry.is_file())


def size(entry: os.DirEntry[str]) -> int:
    """In bytes; -1 for a file that went away just now."""
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return -1


def sidecar_of(photo: Path) -> Path | None:
    """The sidecar beside a photo, if there is one; a name that is too long for one has none."""
    sidecar = photo.with_suffix(SIDECAR)
    try:
        return sidecar if sidecar.is_file() else None
    except OSError as problem:
        if problem.errno == errno.ENAMETOOLONG:
            return None
        raise


def own_sidecar_of(photo: Path) -> Path | None:
    """The sidecar that goes where this photo goes: none while another photo of the same name needs it."""
    sidecar = sidecar_of(photo)
    if sidecar is None or sidecar == photo:
        return None
    others = (
        path
        for path in photo.parent.glob(f"{glob.escape(photo.stem)}.*")
        if path.stem == photo.stem and path not in (photo, sidecar)  # party.1.jpg has its own
    )
    return None if any(others) else sidecar
