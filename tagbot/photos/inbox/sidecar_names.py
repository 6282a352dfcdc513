"""Which sidecar lies beside which photo, by their names alone."""

import unicodedata
from collections.abc import Iterable

from tagbot.photos.inbox.file_names import SIDECAR, is_sidecar


def stem(name: str) -> str:
    """A name without its suffix; at S3 it may have slashes."""
    folder, slash, own = name.rpartition("/")
    return f"{folder}{slash}{own.rpartition('.')[0] or own}"


def folded(name: str) -> str:
    """A name as a system sees it that makes no difference between large and small letters, or between the
    two ways to write an accent.
    """
    return unicodedata.normalize("NFC", name.casefold())


def alike(name: str) -> str:
    """Its stem, seen in this way."""
    return folded(stem(name))


def sidecars_of(names: Iterable[str]) -> dict[str, str]:
    """The sidecar of each photo that has one, among the names of one folder.

    `.JSON` is as good as `.json`. Where no sidecar has the photo's own stem, one that is alike is taken, but
    for another photo's own.
    """
    photos: list[str] = []
    own: dict[str, str] = {}
    for name in sorted(names):  # of several, the last one: small letters come after large ones
        if not is_sidecar(name):
            photos.append(name)
        elif name.lower().endswith(SIDECAR):
            own[stem(name)] = name
    if not own:
        return {}
    theirs = {stem(photo) for photo in photos}
    others = {alike(name): name for each, name in own.items() if each not in theirs}
    found = {photo: own.get(stem(photo)) or others.get(alike(photo)) for photo in photos}
    return {photo: sidecar for photo, sidecar in found.items() if sidecar is not None}
