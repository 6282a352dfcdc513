"""The companions of a photo, by names alone: XMP and Google Takeout's JSON, put there by other programs.

Takeout names it after the photo, `photo.jpg.json` or `photo.jpg.supplemental-metadata.json`, and shortens
what is too long; a number goes from `photo(1).jpg` to the end: `photo.jpg(1).json`.
"""

import re
from collections.abc import Iterable

from tagbot.photos.inbox.file_names import SIDECAR, XMP, is_sidecar
from tagbot.photos.inbox.sidecar_names import alike, folded, sidecars_of, stem

SUPPLEMENT = ".supplemental-metadata"

SHORTENED = 40
"""Letters from which on a name of Takeout's may have been shortened; it cuts at 46."""

NUMBER = re.compile(r"(.*)(\(\d+\))")


def companions_of(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By photo, what lies beside it but a sidecar of ours: `photo.jpg.xmp`, `photo.xmp`, then Takeout's."""
    all_names = set(names)
    own = set(sidecars_of(all_names).values())
    photos = {name for name in all_names if not is_sidecar(name)}
    beside = list(all_names - photos - own)
    if not beside:
        return {}
    xmps = {folded(name.removesuffix(name[-len(XMP) :])): name for name in sorted(beside) if is_xmp(name)}
    takeouts = _takeouts(photos, [name for name in beside if not is_xmp(name)])
    found = {
        photo: (xmps.get(folded(photo)), xmps.get(alike(photo)), takeouts.get(photo)) for photo in photos
    }
    return {photo: each for photo, three in found.items() if (each := tuple(filter(None, three)))}


def is_xmp(name: str) -> bool:
    """Whether a file of this name is XMP."""
    return name.lower().endswith(XMP)


def renamed(companion: str, photo: str, target: str) -> str:
    """The name of what lies beside a photo, where the photo is named otherwise."""
    for old, new in ((photo, target), (stem(photo), stem(target))):
        if folded(companion).startswith(folded(old)):
            return new + companion[len(old) :]
    return target + (XMP if is_xmp(companion) else SIDECAR)


def _takeouts(photos: set[str], beside: list[str]) -> dict[str, str]:
    by_name = {folded(photo): photo for photo in photos}
    found: dict[str, str] = {}
    for name in sorted(beside, reverse=True):
        base, number = folded(name.removesuffix(name[-len(SIDECAR) :])), ""
        if numbered := NUMBER.fullmatch(base):
            base, number = numbered[1], numbered[2]
        before, _, last = base.rpartition(".")
        supplemented = before if before and SUPPLEMENT.startswith(f".{last}") else base
        for each in (base, supplemented):
            if (photo := by_name.get(_numbered(each, number))) is not None:
                found[photo] = name
                break
        else:
            if len(base) >= SHORTENED:
                cut = [photo for each, photo in by_name.items() if f"{each}{SUPPLEMENT}".startswith(base)]
                found |= dict.fromkeys(cut, name) if len(cut) == 1 else {}
    return found


def _numbered(photo: str, number: str) -> str:
    name, dot, suffix = photo.rpartition(".")
    return f"{name}{number}{dot}{suffix}" if dot else photo + number
