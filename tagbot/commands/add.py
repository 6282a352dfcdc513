"""`python bot.py add`: copy photos with their sidecars into the inbox."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tqdm import tqdm

from tagbot import build
from tagbot.commands.command import Command
from tagbot.database.opening import connected, open_database
from tagbot.lib.retrying import with_retries
from tagbot.photos.decoding import read_photo
from tagbot.photos.inbox import Inbox
from tagbot.photos.known_photos import identity, is_known
from tagbot.photos.photo_limits import bytes_of
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.sidecar import SidecarRefused, read_sidecar
from tagbot.settings import Settings

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""Of the files in a folder, those with these suffixes; a file that is named itself is tried whatever its
name.
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder with photos"
    )


def _run(settings: Settings, options: argparse.Namespace) -> int:
    inbox = build.inbox(settings)
    inbox.prepare()
    open_database(settings.database_url)
    refused: list[str] = []
    counts: Counter[str] = Counter()
    added: set[str] = set()
    searched: set[Path] = set()
    photos = dict.fromkeys(photo for path in options.paths for photo in _below(path, searched, refused))
    with connected():
        for photo in tqdm(photos, unit=" photos", disable=None, leave=False):
            try:
                counts[_add(photo, inbox, added)] += 1
            except (PictureRefused, SidecarRefused, OSError) as why:
                refused.append(_because(photo, why))
    for line in refused:
        print(f"refused: {line}", file=sys.stderr)
    print(f"{counts['added']} added, {counts['known']} known already, {len(refused)} refused")
    return 1 if refused else 0


def _below(path: Path, searched: set[Path], refused: list[str]) -> Iterator[Path]:
    """The photos of a folder and its folders, hidden ones left out; or the file itself.

    A folder that was `searched` already, as links may lead back to it, is not searched again.
    """
    try:
        entries = sorted(path.iterdir()) if path.is_dir() else None
        folder = path.resolve()
    except OSError as why:
        refused.append(_because(path, why))
        return
    if entries is None:
        yield path
    elif folder not in searched:
        searched.add(folder)
        for entry in entries:
            if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix.lower() in PHOTOS):
                yield from _below(entry, searched, refused)


def _because(path: Path, why: Exception) -> str:
    return f"{path}: {why.strerror if isinstance(why, OSError) else why}"


def _add(photo: Path, inbox: Inbox, added: set[str]) -> str:
    """Copy one photo, unless it was before; whether it was `added` or is `known` already."""
    data = bytes_of(photo)
    sidecar = photo.with_suffix(".json")
    beside = bytes_of(sidecar) if sidecar.is_file() else None
    size = read_photo(data).size
    read_sidecar(beside).check_inside(size)
    sha256 = identity(data)
    if sha256 in added or is_known(sha256, inbox):
        return "known"
    with_retries(partial(inbox.add, photo.stem.lstrip("."), photo.suffix.lower(), sha256, data, beside))
    added.add(sha256)
    return "added"


COMMAND = Command(_arguments, _run)
