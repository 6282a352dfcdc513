"""The workspace on disk, so that everything is still there after a restart.

One JSON file, written anew under another name and then put in its place, and a file for each upload. What
is good for seconds only (triggers, tickets, connections) is not kept, nor is the log of what people did.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from tagbot.errors import Reject
from tagbot.sandbox.state import Channel, File, Json, Member, Message, ResponseUrl, Version, View, Workspace
from tagbot.sandbox.workspace import World

T = TypeVar("T")

NOT_KEPT: Json = {"triggers": {}, "acts": {}, "suggested": {}}

OF_THE_APP = ("scopes", "commands", "shortcuts", "subscriptions")
"""What the manifest says: this version's counts, also where another one has saved its own."""


class Shelf:
    """A folder that keeps a workspace."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "workspace.json"
        self._files = folder / "files"
        self._written = b""

    def load(self, world: World) -> None:
        """Put what was kept into a fresh world; raises `Reject` when it cannot be read."""
        self._files.mkdir(parents=True, exist_ok=True)
        if not self._state.exists():
            return
        try:
            self._written = self._state.read_bytes()
            world.workspace = revived(json.loads(self._written))
        except (ValueError, TypeError, KeyError, AttributeError) as why:
            raise Reject(f"{self._state} cannot be read ({why}); move it away to start afresh") from why
        world.contents = {path.name: path.read_bytes() for path in self._files.iterdir()}

    def save(self, world: World) -> None:
        """Write what is new. The uploads go first, so that no message shows one that is not there."""
        self._save_files(world.contents)
        kept = json.dumps({**vars(world.workspace), **NOT_KEPT}, default=vars).encode()
        if kept != self._written:
            replace(self._state, kept)
            self._written = kept

    def _save_files(self, contents: Mapping[str, bytes]) -> None:
        there = {path.name for path in self._files.iterdir()}
        for name in contents.keys() - there:
            replace(self._files / name, contents[name])
        for name in there - contents.keys():
            (self._files / name).unlink()


def replace(path: Path, content: bytes) -> None:
    """Write a file so that there is the old one or the new one, whatever happens."""
    new = path.parent.with_suffix(".tmp")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def revived(row: Json) -> Workspace:
    """The workspace out of plain data."""
    tables = {"members": Member, "files": File, "views": View, "response_urls": ResponseUrl}
    row = {name: value for name, value in row.items() if name not in OF_THE_APP}
    return made(
        Workspace,
        row
        | {name: {key: made(kind, each) for key, each in row[name].items()} for name, kind in tables.items()}
        | {"homes": {key: made(View, each) for key, each in row.get("homes", {}).items()}}
        | {"channels": {key: channel(each) for key, each in row["channels"].items()}}
        | {"ephemerals": [message(each) for each in row["ephemerals"]]},
    )


def channel(row: Json) -> Channel:
    """A channel with its messages."""
    return made(
        Channel, row | {name: [message(each) for each in row[name]] for name in ("messages", "removed")}
    )


def message(row: Json) -> Message:
    """A message with what it said before."""
    return made(Message, row | {"history": [made(Version, each) for each in row["history"]]})


def made(kind: type[T], row: Mapping[str, Any]) -> T:
    """A dataclass; what another version has added is left out."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # every T here is a dataclass
    return kind(**{name: value for name, value in row.items() if name in known})
