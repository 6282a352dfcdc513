"""Names of files in the inbox and in `rejected/`."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

SIDECAR = ".json"
XMP = ".xmp"

WHY = ".error.txt"
"""Added to the name of a file that was refused, for the text that says why."""

LONGEST_NAME = 255 - len(WHY)
"""Bytes of a name that leave room for that, of the 255 that file systems allow."""

LONGEST_SUFFIX = 20
"""Bytes of what follows a name's last dot that are kept where the name is too long."""


def is_sidecar(name: str) -> bool:
    """Whether a file of this name lies beside a photo: a sidecar of ours, or another program's."""
    return name.lower().endswith((SIDECAR, XMP))


def named(stem: str, ending: str) -> str:
    """A name for a file, or with the beginning of the stem where the text that says why it was refused could
    not be named after it.
    """
    room = LONGEST_NAME - len(os.fsencode(ending))
    encoded = os.fsencode(stem)
    return (stem if len(encoded) <= room else encoded[:room].decode(errors="ignore")) + ending


def names_like(name: str) -> Iterator[str]:
    """The name, then with a number before its suffix, for what is put where something else may lie."""
    stem = name.removesuffix(Path(name).suffix)
    suffix = os.fsencode(Path(name).suffix)[:LONGEST_SUFFIX].decode(errors="ignore")
    yield name if len(os.fsencode(name)) <= LONGEST_NAME else named(stem, suffix)
    for number in count(2):
        yield named(stem, f"-{number}{suffix}")
