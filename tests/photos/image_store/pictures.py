"""A picture's key, and what lies in a store."""

from pathlib import Path

KEY = "faces/3f0c1d52/crop.jpg"


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
