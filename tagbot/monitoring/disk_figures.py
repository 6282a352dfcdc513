"""How much lies where on this machine's disks, and when they will be full: measured now and then by a timed
job, which notes it in DATA_DIR for `status`. To look through a million pictures takes a while.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tagbot.lib.disk_room import Usage, shortage
from tagbot.settings import Settings

FILE = "disk.json"
"""In DATA_DIR."""

KEPT_SECONDS = 14 * 86_400.0
"""How far back the pace is measured: two weeks have their busy and their quiet days."""

LEAST_SECONDS = 3600.0
"""A pace over less is chance."""

LONGEST_SECONDS = 10 * 365 * 86_400.0
"""A disk that fills later hardly fills. A few bytes in two weeks would give years that no date has."""

MOST_SAMPLES = 400


def measure(settings: Settings, now: float, usage: Usage = shutil.disk_usage) -> None:
    """Look how much lies where, and note it beside what was noted before. Raises `OSError`."""
    sizes = dict.fromkeys(("database", "queues", "pictures", "inbox", "rejected", "models", "other"), 0)
    for name, path in _files(settings):
        with suppress(OSError):
            sizes[name] += path.lstat().st_size
    total, _, free = usage(settings.data_dir)
    samples = [each for each in _noted(settings).get("samples", []) if now - KEPT_SECONDS < each[0] < now]
    # So many at most, evenly thinned out: the oldest stays, as it tells most.
    if len(samples) >= MOST_SAMPLES:
        samples = samples[::2]
    noted = {"at": now, "bytes": sizes, "size": total, "samples": [*samples, [now, free]]}
    file = settings.data_dir / FILE
    unfinished = file.with_name(f".{FILE}")
    unfinished.write_text(json.dumps(noted))
    unfinished.replace(file)


def figures(settings: Settings, now: float, usage: Usage = shutil.disk_usage) -> dict[str, Any] | None:
    """As last measured, with how full it is now; None where it never was. Times are seconds since 1970."""
    noted = _noted(settings)
    with suppress(OSError, KeyError, IndexError):
        total, _, free = usage(settings.data_dir)
        return {
            "at": noted["at"],
            "bytes": noted["bytes"],
            "size": total,
            "free": free,
            "full_at": _full_at(noted["samples"][0], now, free),
            "shortage": shortage(settings.written_to, usage) or "",
        }
    return None


def _full_at(first: tuple[float, int], now: float, free: int) -> float | None:
    """None while the disk does not fill, or that is not known yet."""
    since, free_then = first
    taken = free_then - free
    if now - since < LEAST_SECONDS or taken <= 0:
        return None
    left = free * (now - since) / taken
    return now + left if left <= LONGEST_SECONDS else None


def _noted(settings: Settings) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return dict(json.loads((settings.data_dir / FILE).read_text()))
    return {}


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Each file, with what it is a part of; links are not followed."""
    data_dir = settings.data_dir
    places = {
        "pictures": settings.image_store,
        "inbox": settings.inbox,
        "models": settings.models,
        **{name: data_dir / name for name in ("queues", "rejected")},
    }
    folders = {path: name for name, path in places.items() if isinstance(path, Path)}
    scheme, _, database = settings.database_url.partition(":///")
    for start, name in {**folders, data_dir: "other"}.items():
        for here, below, files in os.walk(start):
            below[:] = [each for each in below if Path(here, each) not in folders]
            for file in files:
                path = Path(here, file)
                is_database = scheme == "sqlite" and str(path).startswith(database)
                yield "database" if is_database else name, path
