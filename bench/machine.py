"""On what was measured: figures without it say nothing."""

import os
import platform
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.disk import file_system
from bench.engines.kombu_brokers import rabbitmq_version

PACKAGES = ("peewee", "persist-queue", "huey", "litequeue", "kombu", "slack-bolt", "pillow", "dlib-bin")


def described(load: float, folder: Path) -> str:
    """Machine, the disk with that folder, and versions, for the line above the table."""
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} × {_processor()}, {_memory()}, "
        f"{_disk(folder)}, {platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
        + "; "
        f"{_redis()}, {rabbitmq_version()}. Load when it began: {load:.1f}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"


def _disk(folder: Path) -> str:
    kind, device = file_system(folder)
    return f"{kind} on {device}" if kind else "a disk of which nothing is known"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _redis() -> str:
    if shutil.which("redis-server") is None:
        return "no Redis"
    told = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    return "Redis " + next((word[2:] for word in told.split() if word.startswith("v=")), "?")
