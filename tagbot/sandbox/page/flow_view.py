"""What goes on behind the scenes: the flow as `PIPELINE` has it, its queues' counts, a face's state.

All of it is read beside the bot, as `python bot.py status` does.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from peewee import PeeweeException

from tagbot import build
from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.errors import Retry
from tagbot.messages import PhotoArrived
from tagbot.monitoring import status_figures
from tagbot.pipeline import PIPELINE, SOURCES
from tagbot.queues.disk import QueueUnusable
from tagbot.sandbox.state import Json
from tagbot.settings import Settings

UNREADABLE = (PeeweeException, QueueUnusable, Retry, OSError)
"""What reading beside a bot that starts or dies may raise; a moment later it can be read again."""


def drawing() -> list[Json]:
    """The stages in the order of the flow, each with the queue that it reads and those that it writes."""
    return [
        {
            "stage": stage.name,
            "reads": stage.reads.QUEUE,
            "from": [
                source.name for source in SOURCES if stage.reads in source.emits and source.name != "inbox"
            ],
            "writes": [message.QUEUE for message in stage.emits],
            "is_inbox": stage.reads is PhotoArrived,
        }
        for stage in PIPELINE
    ]


class Figures:
    """Reads the bot's files, in a thread of its own: the databases' connections belong to it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._settings = Settings.from_env(env)
        self._inbox = build.inbox(self._settings)
        self._thread = ThreadPoolExecutor(1, "figures")
        self._open = ExitStack()
        self._queues: Mapping[str, Any] = {}

    def read(self, face: str | None) -> Json:
        """The figures, and how a face is; only in `thread`."""
        if not self._queues:
            self._queues = self._open.enter_context(build.beside(self._settings))
        return {
            "status": status_figures.collect(self._queues, self._inbox),
            "face": face and face_state(face),
        }

    @property
    def thread(self) -> ThreadPoolExecutor:
        """Where `read` runs."""
        return self._thread

    def close(self) -> None:
        """Let go of the files."""
        self._thread.submit(self._open.close)
        self._thread.shutdown()


def face_state(face_id: str) -> Json | None:
    """How a face is. Who answered is told, what they answered is not, as in Slack."""
    with connected():
        face = Face.get_or_none(Face.id == face_id)
        if face is None:
            return None
        return {
            "id": face.id,
            "state": face.state,
            "reason": face.reason,
            "round": face.round,
            "answered": [vote.tagger for vote in Vote.of(face.id)],
            "in_model": face.face_ref is not None,
            "person": face.person.slack_id or face.person.name
            if face.state == "tagged" and face.person
            else None,
        }
