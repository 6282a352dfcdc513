"""What goes on behind the scenes: the flow as `PIPELINE` has it, its queues' counts, a face's state, and how
well people and the machine do.

All of it is read beside the bot, as `python bot.py status` and `stats` do.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from peewee import PeeweeException

from tagbot import build
from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.errors import Retry
from tagbot.monitoring import stats_figures, status_figures, status_words
from tagbot.pipeline import PIPELINE, SOURCES
from tagbot.queues.disk import QueueUnusable
from tagbot.sandbox.state import Json
from tagbot.settings import Settings

UNREADABLE = (PeeweeException, QueueUnusable, Retry, OSError)
"""What reading beside a bot that starts or dies may raise; a moment later it can be read again."""

STRANGE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading raises where a database has been damaged, and holds what no bot wrote."""

STATS_SECONDS = 3.0
"""How often the figures of `stats` are collected at most: they look at thousands of faces."""


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
            "is_inbox": SOURCES[0].name == stage.reads.QUEUE,
        }
        for stage in PIPELINE
    ]


def inbox_troubles(passages: Mapping[str, Sequence[Json]]) -> list[str]:
    """That a photo of the inbox keeps failing: it is on no queue, whose troubles `status` tells."""
    stages = [each["stage"] for each in drawing() if each["is_inbox"]]
    newest = [(stage, passages[stage][-1]) for stage in stages if passages.get(stage)]
    return [f"{stage} fails: {last['why']}." for stage, last in newest if last["verb"] == "retry"]


class StrangeDataError(Exception):
    """The bot's files hold what no bot wrote; that does not pass by itself."""


class Figures:
    """Reads the bot's files, in a thread of its own: the databases' connections belong to it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._settings = Settings.from_env(env)
        self._inbox = build.inbox(self._settings)
        self._thread = ThreadPoolExecutor(1, "figures")
        self._open = ExitStack()
        self._queues: Mapping[str, Any] = {}
        self._stats: Json = {}
        self._stats_of = (False, float("-inf"))

    def read(self, face: str | None, may_vote: bool, now: float) -> Json:
        """The figures, what is wrong by them, and how a face is; only in `thread`. `now` by any clock that
        never goes back. Raises `StrangeDataError`, or one of `UNREADABLE`.
        """
        if not self._queues:
            self._queues = self._open.enter_context(build.beside(self._settings))
        try:
            status = status_figures.collect(self._queues, self._inbox)
            return {
                "status": status,
                "troubles": status_words.troubles(status),
                "stats": self._recent_stats(may_vote, now),
                "face": face and face_state(face),
            }
        except STRANGE as why:
            raise StrangeDataError(f"they hold what no bot wrote ({type(why).__name__}: {why})") from why

    def _recent_stats(self, may_vote: bool, now: float) -> Json:
        by_vote, at = self._stats_of
        if may_vote != by_vote or now - at >= STATS_SECONDS:
            self._stats = stats_figures.collect(may_vote=may_vote)
            self._stats_of = may_vote, now
        return self._stats

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
