"""Looking for bytes in files, however large they are."""

import mmap
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path


def found_in(files: Iterable[Path], wanted: Collection[bytes]) -> set[bytes]:
    """Those of the wanted bytes that stand in one of the files; a file that has gone holds none."""
    found: set[bytes] = set()
    for path in files:
        with suppress(FileNotFoundError), path.open("rb") as file:
            if path.stat().st_size:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    found |= {each for each in wanted if each not in found and content.find(each) >= 0}
    return found
