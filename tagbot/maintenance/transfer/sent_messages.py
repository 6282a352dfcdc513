"""Which messages of a move SQS has confirmed, across interruptions of the move.

SQS cannot be asked for its messages. So each one that it has confirmed is noted in a file beside the queues
on the disk: in a file, as neither database is to change for it, and as it is gone only with those queues. It
says where each message lies: notes of queues that were deleted, or that are in another account or region,
count for nothing.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from tagbot.queues import Confirmed


class Confirmations:
    """The messages that SQS has confirmed, in a file with a line for each."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begun: list[frozenset[str]] = []
        """The places that there were each time."""
        self._confirmed: dict[str, dict[str, Confirmed]] = {}
        content = file.read_bytes() if file.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:  # the move was killed in the middle of the last line
            os.truncate(file, len(whole))
        for line in whole.splitlines():
            match json.loads(line):
                case [queue, mark, confirmed]:
                    self._of(queue)[mark] = Confirmed(**confirmed)
                case {"begun": places}:
                    self._begun.append(frozenset(places))

    def __len__(self) -> int:
        return sum(map(len, self._confirmed.values()))

    @property
    def begun(self) -> int:
        """How often the move has begun."""
        return len(self._begun)

    def begin(self, places: frozenset[str]) -> None:
        """Say that messages will be sent there."""
        self._append({"begun": sorted(places)})
        self._begun.append(places)

    def forget_all_but(self, places: frozenset[str]) -> None:
        """Messages that were sent to other places are gone with them. The file keeps them, as those places
        might be there again: in an account that was tried first, say.
        """
        self._begun = [begun for begun in self._begun if begun & places]
        self._confirmed = {
            queue: {mark: each for mark, each in confirmed.items() if each.place in places}
            for queue, confirmed in self._confirmed.items()
        }

    def marks(self, queue: str) -> set[str]:
        """The marks of a queue's confirmed messages."""
        return set(self._of(queue))

    def get(self, queue: str, mark: str) -> Confirmed | None:
        """The confirmation of a message."""
        return self._of(queue).get(mark)

    def put(self, queue: str, mark: str, confirmed: Confirmed) -> None:
        """On the disk when this returns."""
        self._append([queue, mark, asdict(confirmed)])
        self._of(queue)[mark] = confirmed

    def _of(self, queue: str) -> dict[str, Confirmed]:
        return self._confirmed.setdefault(queue, {})

    def _append(self, line: object) -> None:
        with self.file.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
