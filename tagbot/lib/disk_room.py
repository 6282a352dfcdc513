"""Room on the disks that the bot writes to: photos wait before answers have none."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from tagbot.errors import Retry

NEARLY_FULL = 0.95
"""From this share on, what comes in waits: a photo takes megabytes, an answer a few hundred bytes."""

Usage = Callable[[Path], tuple[int, int, int]]
"""Of the disk of a folder: bytes in all, used and free, as `shutil.disk_usage` gives them."""


def share_used(folder: Path, usage: Usage = shutil.disk_usage) -> float:
    """How full the disk of a folder is; the administrator's reserve counts as used. Raises `OSError`."""
    total, _, free = usage(folder)
    return 1 - free / total if total else 0.0


def shortage(folders: Iterable[Path], usage: Usage = shutil.disk_usage) -> str | None:
    """Say of which folder the disk is nearly full; None where there is room, or where it cannot be asked."""
    for folder in folders:
        try:
            share = share_used(folder, usage)
        except OSError:  # it is not there yet
            continue
        if share >= NEARLY_FULL:
            # Rounded down, so that a reason does not change with each picture.
            return (
                f"the disk of {folder} is {int(share * 100)} % full: photos wait in the inbox, and answers "
                "still have room; make room on it, and it goes on by itself"
            )
    return None


def refuse_nearly_full(folders: Iterable[Path], usage: Usage = shutil.disk_usage) -> None:
    """Raises `Retry`."""
    if (reason := shortage(folders, usage)) is not None:
        raise Retry(reason)
