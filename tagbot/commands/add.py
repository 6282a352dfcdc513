"""`python bot.py add`: copy photos with their sidecars into the inbox."""

import argparse
import hashlib
import shutil
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from tagbot import parts
from tagbot.commands.command import Command
from tagbot.database import connected, open_database
from tagbot.models import Photo
from tagbot.pictures import PictureRefused, read_photo
from tagbot.settings import Settings
from tagbot.sidecar import SidecarRefused, read_sidecar

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""What is taken out of a folder; a file that is named itself is tried whatever its name."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a photo, or a folder with photos"
    )


def _run(settings: Settings, options: argparse.Namespace) -> int:
    parts.inbox(settings).prepare()
    open_database(settings.database_url)
    refused: list[str] = []
    counts: Counter[str] = Counter()
    with connected():
        for photo in tqdm(_photos(options.paths), unit=" photos", disable=None, leave=False):
            try:
                counts[_add(photo, settings.inbox)] += 1
            except (PictureRefused, SidecarRefused, OSError) as why:
                refused.append(f"{photo}: {why.strerror if isinstance(why, OSError) else why}")
    for line in refused:
        print(f"refused: {line}", file=sys.stderr)
    print(f"{counts['added']} added, {counts['known']} known already, {len(refused)} refused")
    return 1 if refused else 0


def _photos(paths: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(photo for path in paths for photo in _below(path)))


def _below(path: Path) -> Iterator[Path]:
    """The photos of a folder and its folders, hidden ones left out; or the file itself."""
    if not path.is_dir():
        yield path
        return
    for entry in sorted(path.iterdir()):
        if not entry.name.startswith(".") and (entry.is_dir() or entry.suffix.lower() in PHOTOS):
            yield from _below(entry)


def _add(photo: Path, inbox: Path) -> str:
    """Copy one photo; whether it was `added` or `known`."""
    data = photo.read_bytes()
    sidecar = photo.with_suffix(".json")
    beside = sidecar.read_bytes() if sidecar.is_file() else None
    read_photo(data)
    read_sidecar(beside)
    sha256 = hashlib.sha256(data).hexdigest()
    if Photo.get_or_none(Photo.sha256 == sha256) is not None:
        return "known"
    # Named after its content too: two folders may both have a photo.jpg, and the same photo twice is one
    # file.
    target = inbox / f"{photo.stem.lstrip('.')}-{sha256[:8]}{photo.suffix.lower()}"
    if beside is not None:
        _copy(sidecar, target.with_suffix(".json"))
    _copy(photo, target)
    return "added"


def _copy(source: Path, target: Path) -> None:
    """Under a hidden name first, so that the bot never meets half a file."""
    hidden = target.with_name(f".{uuid.uuid4().hex}")
    try:
        shutil.copyfile(source, hidden)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)


COMMAND = Command(
    "copy photos (folders are searched through) with their sidecars into the inbox", _arguments, _run
)
