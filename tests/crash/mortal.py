"""`python bot.py`, which dies of SIGKILL at the first of some failpoints that it comes to.

    python -m tests.crash.mortal FOLDER

The folder says where (`wanted`), and learns where it came to (`reached`) and died (`killed`): a line each.
"""

import os
import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tagbot.lib import failpoints
from tagbot.main import main
from tagbot.slack import history
from tagbot.stages import request_tagging_on_slack


@dataclass(frozen=True, order=True)
class Place:
    """A passage of a failpoint."""

    stage: str
    point: str
    passage: int = 1
    """Counted since the stage took the message that it works on."""

    def __str__(self) -> str:
        return f"{self.stage}, {self.point}, {self.passage}"

    @classmethod
    def of(cls, text: str) -> "Place":
        """The place that is written so."""
        stage, point, passage = text.strip().split(", ")
        return cls(stage, point, int(passage))


class Passages(threading.local):
    """Where each thread has come to with the message that it works on."""

    def __init__(self) -> None:
        self._passed: Counter[str] = Counter()

    def passed(self, stage: str, point: str) -> Place:
        """The place that has just been reached."""
        if point == failpoints.TAKEN:
            self._passed.clear()
        self._passed[point] += 1
        return Place(stage, point, self._passed[point])


class Notes:
    """What is said about places on the disk, where it outlives the bot."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def places(self, name: str) -> list[Place]:
        """Those that are noted under a name."""
        file = self._folder / name
        return [Place.of(line) for line in file.read_text().splitlines()] if file.exists() else []

    def note(self, name: str, *places: Place) -> None:
        """Add some."""
        with (self._folder / name).open("a") as file:
            file.writelines(f"{place}\n" for place in places)


@dataclass
class Killer:
    """Ends the process at a wanted place, which it notes before."""

    notes: Notes
    wanted: set[Place]
    reached: set[Place]
    passages: Passages = field(default_factory=Passages)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while it dies: no other thread shall be noted for a death that it did not die."""

    def __call__(self, stage: str, point: str) -> None:
        place = self.passages.passed(stage, point)
        with self.lock:
            if place not in self.reached:
                self.reached.add(place)
                self.notes.note("reached", place)
            if place in self.wanted:
                self.notes.note("killed", place)
                os.kill(os.getpid(), signal.SIGKILL)


def run(folder: Path) -> int:
    """Run the bot until it dies, or is told to stop."""
    # No post appears late here, and whoever was killed while posting waits so long before it looks.
    history.SETTLE_SECONDS = vars(request_tagging_on_slack)["SETTLE_SECONDS"] = 0.2
    notes = Notes(folder)
    wanted = set(notes.places("wanted")) - set(notes.places("killed"))
    with failpoints.listening(Killer(notes, wanted, set(notes.places("reached")))):
        return main([])


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])))
