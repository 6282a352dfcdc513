"""Where everything is measured: in a folder on a disk. In memory, nobody waits for one."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.util import get_temp_dir
from pathlib import Path

from bench.child import ROOT, Missing

IN_MEMORY = {"tmpfs", "ramfs"}

MOUNTS = Path("/proc/self/mounts")
"""What is mounted where, on Linux; elsewhere temporary folders are on disks."""


@contextmanager
def folder_on_disk() -> Iterator[Path]:
    """Where this process and its children have their temporary files meanwhile; nothing of it stays.

    Raises `Missing` where all is in memory.
    """
    place = first_on_disk((Path(tempfile.gettempdir()), Path("/var/tmp"), ROOT))  # noqa: S108 - a folder of its own is made in it
    before = os.environ.get("TMPDIR")
    get_temp_dir()  # multiprocessing's lives until the process ends, so it must not lie in ours
    with tempfile.TemporaryDirectory(prefix="facetag-bench-", dir=place) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = None
            del os.environ["TMPDIR"]
            if before is not None:
                os.environ["TMPDIR"] = before


def first_on_disk(places: Sequence[Path], mounts: Path = MOUNTS) -> Path:
    """The first of these folders that is on a disk, and may be written."""
    for place in places:
        if os.access(place, os.W_OK) and file_system(place, mounts)[0] not in IN_MEMORY:
            return place
    raise Missing(f"none of {', '.join(map(str, places))} is on a disk: set TMPDIR to a folder that is")


def file_system(place: Path, mounts: Path = MOUNTS) -> tuple[str, str]:
    """Its type and its device, as the kernel names them; two empty texts where nobody tells."""
    if not mounts.exists():
        return "", ""
    # The last one counts of several at the same point. A space in a path is written as \040.
    mounted = {
        Path(point.replace("\\040", " ")): (kind, device)
        for device, point, kind, *_ in map(str.split, mounts.read_text().splitlines())
    }
    place = place.resolve()
    return next(mounted[each] for each in (place, *place.parents) if each in mounted)
