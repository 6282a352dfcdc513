"""`python bot.py add`: copy photos with their sidecars into the inbox."""

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from tqdm import tqdm

from tagbot import build
from tagbot.commands.command import Command
from tagbot.commands.photo_search import SIDECAR, PhotoSearch
from tagbot.database.models.photos import Photo
from tagbot.database.opening import connected, open_database
from tagbot.lib.retrying import with_retries
from tagbot.lib.terminal import complain, say
from tagbot.photos.decoder import Decoder, DecoderCrashed
from tagbot.photos.file_kind import file_kind
from tagbot.photos.inbox import Inbox
from tagbot.photos.inbox.companion_names import renamed
from tagbot.photos.inbox.folder_listing import Sidecars
from tagbot.photos.known_photos import identity, is_known
from tagbot.photos.photo_limits import bytes_of
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.sidecar import SidecarRefused, read_sidecar
from tagbot.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder with photos"
    )


def _run(settings: Settings, options: argparse.Namespace) -> int:
    inbox = build.inbox(settings)
    inbox.prepare()
    open_database(settings.database_url)
    counts: Counter[str] = Counter()
    added: set[str] = set()
    places = (settings.data_dir, settings.inbox, settings.image_store)
    search = PhotoSearch({os.path.realpath(place) for place in places if isinstance(place, Path)})
    photos = dict.fromkeys(search.photos(options.paths))
    with connected(), closing(Decoder()) as decoder:
        for photo in tqdm(photos, unit=" photos", disable=None, leave=False):
            try:
                counts[_add(photo, search.sidecars, inbox, decoder, added)] += 1
            except (PictureRefused, SidecarRefused, DecoderCrashed, OSError) as why:
                search.refused.append((photo, (isinstance(why, OSError) and why.strerror) or str(why)))
    for path, reason in search.refused:
        complain(f"refused: {path}: {reason}")
    say(f"{counts['added']} added, {counts['known']} known already, {len(search.refused)} refused")
    for what, left_out in search.left_out.items():
        say(f"left out, {what}: {left_out}")
    return 1 if search.refused else 0


def _add(photo: Path, sidecars: Sidecars, inbox: Inbox, decoder: Decoder, added: set[str]) -> str:
    """Copy one photo, unless it was before; whether it was `added` or is `known` already."""
    data = bytes_of(photo)
    sidecar = sidecars.beside(photo)
    try:
        beside = None if sidecar is None else bytes_of(sidecar)
    except OSError as why:
        raise SidecarRefused(f"its sidecar cannot be looked at: {why.strerror}") from None
    with decoder.decoded(data) as decoded:
        read_sidecar(beside).check_inside(decoded.size)
    sha256 = identity(data)
    if sha256 in added or is_known(sha256, inbox, Photo.is_taken_over):
        return "known"
    suffix = photo.suffix.lower()
    if suffix == SIDECAR:  # in the inbox it would be taken for one
        suffix = f".{file_kind(data)}"
    stem = photo.stem.lstrip(".")
    others = [
        (renamed(name, photo.name, f"{stem}{suffix}"), content) for name, content in _others(photo, sidecars)
    ]
    with_retries(partial(inbox.add, stem, suffix, sha256, data, beside, others))
    added.add(sha256)
    return "added"


def _others(photo: Path, sidecars: Sidecars) -> Iterator[tuple[str, bytes]]:
    """The companions of a photo; one that cannot be read holds no photo up."""
    for path in sidecars.others(photo):
        try:
            yield path.name, bytes_of(path)
        except OSError as why:
            complain(f"left out: {path}: {why.strerror}")


COMMAND = Command(_arguments, _run)
