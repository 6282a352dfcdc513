"""What the bot's log says: its last lines, and the last messages through each stage."""

import json
import re
from collections import defaultdict, deque
from pathlib import Path

from tagbot.sandbox.state import Json

TAIL = 12  # lines that are shown when the bot has died
PASSAGES = 4  # messages that are remembered for each stage
LIFE = 12  # steps that are remembered of each face
FACES = 500

FACE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WHY = re.compile(r" ms: (.+)$")


class BotLog:
    """The lines of one bot after another, as they come; all of them also end in a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.passages: defaultdict[str, deque[Json]] = defaultdict(lambda: deque(maxlen=PASSAGES))
        self._lives: dict[str, deque[Json]] = {}
        self.newest_face: str | None = None

    def add(self, line: str) -> None:
        """Take a line."""
        self._file.write(line + "\n")
        self._file.flush()
        entry = parsed(line)
        if not entry:
            self.tail.append(line)
            return
        self.tail.append(f"{entry['at'][11:19]} {entry['message']}")
        self.tail.extend(entry.get("traceback", "").splitlines())
        if "stage" in entry:
            self._passed(entry)

    def life(self, face: str) -> list[Json]:
        """What happened to a face, oldest first."""
        return list(self._lives.get(face, ()))

    def close(self) -> None:
        """No more lines will come."""
        self._file.close()

    def _passed(self, entry: Json) -> None:
        """A message went through a stage."""
        face = FACE.search(entry["message_id"])
        why = WHY.search(entry["message"])
        passage = {
            "at": entry["at"],
            "stage": entry["stage"],
            "verb": entry["action"],
            "ms": entry["ms"],
            "face": face[0] if face else None,
            "why": why[1] if why else "",
        }
        self.passages[entry["stage"]].append(passage)
        if face and not entry["message_id"].startswith("face-enrich-user:"):  # that one is a person's id
            self._remember(face[0], passage)

    def _remember(self, face: str, passage: Json) -> None:
        self.newest_face = face
        self._lives.setdefault(face, deque(maxlen=LIFE)).append(passage)
        if len(self._lives) > FACES:
            del self._lives[next(iter(self._lives))]


def parsed(line: str) -> Json:
    """A line of the bot's log; nothing for what Python itself wrote."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
