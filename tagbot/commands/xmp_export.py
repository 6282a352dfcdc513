"""`export --format xmp`: our tags in XMP beside photos, wherever the photos lie now."""

import os
import stat
import tempfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tagbot.commands.photo_search import PhotoSearch
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.lib.owner_only import give_to_owner_of
from tagbot.lib.terminal import complain, say
from tagbot.photos.decoding import orientation_of
from tagbot.photos.image_store.durable_file import fill
from tagbot.photos.inbox.companion_names import companions_of, is_xmp
from tagbot.photos.inbox.file_names import XMP
from tagbot.photos.inbox.sidecar_names import folded, stem
from tagbot.photos.known_photos import identity
from tagbot.photos.metadata import MAX_XMP
from tagbot.photos.photo_limits import bytes_of
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.regular_file import opened
from tagbot.photos.xmp.our_tags import Tag, has_ours, merged
from tagbot.photos.xmp.packet import XmpRefused, parsed
from tagbot.settings import Settings
from tagbot.vocabulary import State

BROKEN = (OSError, PictureRefused, XmpRefused)

MOST_SEARCHED = 50_000_000
"""Bytes of a sidecar that are searched for our mark: so few that they are held in memory."""


class XmpExport:
    """One run over a folder. The caller is connected to the database."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failed = False
        self._done: set[str] = set()
        """Real paths of the sidecars of known photos."""
        self._names: dict[Path, dict[str, str]] = {}

    def photo(self, path: Path) -> None:
        """Write what is tagged in a photo beside it."""
        try:
            data = bytes_of(path)
            known: Photo | None = Photo.get_or_none(Photo.sha256 == identity(data))
            if known is None:
                self.counts["unknown"] += 1
                complain(f"unknown: {path}")
                return
            target = self._target(path)
            self._done.add(os.path.realpath(target))
            upright, orientation = Size(known.width, known.height), orientation_of(data)
            if not self._put(target, tags_of(known), upright, orientation):
                self.counts["unchanged"] += 1
        except BROKEN as why:
            self._fail(path, why)

    def tidy(self, folder: Path, searched: Collection[str]) -> None:
        """Take our tags out of all sidecars below the folder that are of no known photo: in folders that were
        `searched` for photos, where links may have led, and in all others.
        """
        walked = {os.path.realpath(where): Path(where) for where, _, _ in os.walk(folder)}
        linked = {real: Path(real) for real in searched if real not in walked}
        for real, where in (walked | linked).items():
            for path in sorted(where.iterdir()):
                if is_xmp(path.name) and not path.is_dir():
                    self._tidy(path, was_searched=real in searched)

    def _tidy(self, path: Path, *, was_searched: bool) -> None:
        try:
            existing = None if os.path.realpath(path) in self._done else xmp_in(path)
            if existing is not None and has_ours(existing):
                for photo in () if was_searched else known_photos_of(path):
                    self.photo(photo)
                if os.path.realpath(path) not in self._done:
                    self._put(path, [], Size(1, 1), 1)
            # Under names with a dot, macOS keeps other things.
            elif existing is not None and was_searched and not path.name.startswith("."):
                _refuse_broken(path, existing)
        except BROKEN as why:
            self._fail(path, why)

    def _put(self, target: Path, tags: list[Tag], upright: Size, orientation: int) -> bool:
        """Bring a sidecar in line with these tags; returns whether it had to be written."""
        existing = xmp_in(target)
        content = None
        if tags or has_ours(existing or b""):
            try:
                content = merged(existing, tags, upright, orientation)
            except XmpRefused as why:
                raise _left_as_it_is(target, why) from None
        elif existing is not None:
            _refuse_broken(target, existing)
        if content is not None:
            write_beside(target, content)
            self.counts["written"] += 1
        return content is not None

    def _target(self, photo: Path) -> Path:
        """The sidecar of a photo: the one that is there, of two known photos of one stem for the first."""
        folder = photo.parent
        if folder not in self._names:
            self._names[folder] = {
                folded(each.name): each.name for each in folder.iterdir() if is_xmp(each.name)
            }
        names = self._names[folder]
        own, shared = names.get(folded(photo.name + XMP)), names.get(folded(stem(photo.name) + XMP))
        if own is None and shared is not None and os.path.realpath(folder / shared) not in self._done:
            return folder / shared
        return folder / (own or photo.name + XMP)

    def _fail(self, path: Path, why: Exception) -> None:
        self.failed = True
        complain(f"not written: {path}: {(isinstance(why, OSError) and why.strerror) or why}")


def _refuse_broken(path: Path, existing: bytes) -> None:
    """Raise `XmpRefused` for a sidecar in which our mark was not found, and may yet be."""
    try:
        # One that is too long to be read, and was searched to its end, has none.
        if not MAX_XMP < len(existing) <= MOST_SEARCHED:
            parsed(existing)
    except XmpRefused as why:
        raise _left_as_it_is(path, why) from None


def _left_as_it_is(path: Path, why: XmpRefused) -> XmpRefused:
    return XmpRefused(f"{path.name} is left as it is: {why}")


def export_xmp(settings: Settings, folder: Path) -> int:
    """Bring the sidecars below a folder in line with what is tagged; returns the exit code."""
    own = (settings.data_dir, settings.inbox, settings.image_store)
    search = PhotoSearch({os.path.realpath(place) for place in own if isinstance(place, Path)})
    export = XmpExport()
    for path in tqdm(dict.fromkeys(search.photos([folder])), unit=" photos", disable=None, leave=False):
        export.photo(path)
    export.tidy(folder, search.searched)
    for path, reason in search.refused:
        complain(f"not looked at: {path}: {reason}")
    counts = export.counts
    say(f"{counts['written']} written, {counts['unchanged']} unchanged, {counts['unknown']} unknown")
    return 1 if export.failed or search.refused else 0


def tags_of(photo: Photo) -> list[Tag]:
    """The tagged faces of a photo, from left to right."""
    where = (Face.photo == photo) & (Face.state == State.TAGGED)
    columns = (Face.id, Person.name, Face.left, Face.top, Face.width, Face.height)
    rows: Any = Face.select(*columns).join(Person).where(where).order_by(Face.left, Face.id).tuples()
    return [Tag(face_id, name or "", Rectangle(*sides)) for face_id, name, *sides in rows]


def known_photos_of(sidecar: Path) -> list[Path]:
    """The known photo that a sidecar lies beside, or those of one stem."""
    beside = companions_of(each.name for each in sidecar.parent.iterdir() if each.is_file())
    photos = [sidecar.with_name(photo) for photo, names in sorted(beside.items()) if sidecar.name in names]
    return [photo for photo in photos if Photo.is_taken_over(identity(photo.read_bytes()))]


def xmp_in(path: Path) -> bytes | None:
    """The content of a sidecar, or as much of it as is searched; None where there is none."""
    try:
        with opened(path) as file:
            return file.read(MOST_SEARCHED + 1)
    except FileNotFoundError:
        return None


def write_beside(path: Path, content: bytes) -> None:
    """Put a whole file in the place of the old one, with its rights; a new one is its owner's alone."""
    target = Path(os.path.realpath(path))
    descriptor, unfinished = tempfile.mkstemp(prefix=".", suffix=XMP, dir=target.parent)
    try:
        old = target.stat()
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
        if os.geteuid() == 0:
            os.fchown(descriptor, old.st_uid, old.st_gid)
    except FileNotFoundError:
        give_to_owner_of(target.parent, Path(unfinished))
    fill(descriptor, Path(unfinished), target, content)
