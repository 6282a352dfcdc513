"""How each running bot is, put into the database every few seconds, so that `status` can show it anywhere."""

import json
import logging
import socket
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from tagbot import __version__
from tagbot.database.models.bookkeeping import RunningBot
from tagbot.database.shared_clock import shared_now
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.monitoring.hung_stages import hung
from tagbot.services import Services
from tagbot.settings import Settings, SettingsError

log = logging.getLogger(__name__)

SILENT_SECONDS = 60.0
"""Heartbeats come every five seconds: a bot that is silent for so long has crashed, or cannot reach the
database.
"""

FORGOTTEN_SECONDS = 86_400.0
"""A bot that was silent for so long will not come back under that name."""

OTHER_QUEUES = (
    "QUEUE_URL is {here}, but the bot on {host} uses the same DATABASE_URL with QUEUE_URL={there}: several "
    "bots need one QUEUE_URL=sqs://PREFIX (a bot that was killed is believed to run for another minute)"
)

UNREADABLE = "unknown"
"""The host and the version of a bot whose heartbeat is damaged."""

TAKING = "Taking messages"
"""The door that fails where a stage gets no messages."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a bot is, in its own words. Times are seconds since 1970.

    The heartbeat of another version may have less, or more.
    """

    id: str
    """The same after a restart: a `DATA_DIR` has one bot at a time."""
    host: str
    version: str
    started_at: float
    """By its own clock."""
    seen_at: float
    """By the clock of `shared_now`, with which alone it can be compared: those of several machines differ."""
    queue_url: str = ""
    """Where its queues are; empty where it does not say so."""
    stages: list[str] = field(default_factory=list)
    """Names of the stages that it runs."""
    slack: dict[str, Any] | None = None
    """The fields of a `ConnectionState`; None where people's clicks do not come to this bot."""
    failing: list[dict[str, Any]] = field(default_factory=list)
    """The calls that fail: `door`, and the fields of a `Failure`; at each door the longest first."""
    in_hand_for_long: list[dict[str, Any]] = field(default_factory=list)
    """Of each stage that hangs: `stage`, `message` and `seconds`."""
    process: str = ""
    """Another one after a restart; empty where it does not come from a `HeartbeatSender`."""

    @classmethod
    def of(cls, services: Services, seen_at: float | None = None) -> Self:
        """This bot, now. Where no time is given, the database is asked for it."""
        doors = {
            "Slack": services.slack.health,
            "The training backend": services.training.health,
            "The image store": services.images.health,
            "The inbox": services.inbox.health,
            TAKING: services.in_flight.health,
        }
        return cls(
            id=_id(services.settings),
            host=socket.gethostname(),
            version=__version__,
            started_at=services.started_at,
            seen_at=shared_now() if seen_at is None else seen_at,
            queue_url=services.settings.queue_url,
            stages=list(services.settings.stages),
            slack=asdict(services.link.state) if services.settings.hears_people else None,
            failing=[
                {"door": door} | asdict(failure)
                for door, health in doors.items()
                for failure in health.failing()
            ],
            in_hand_for_long=[
                {"stage": work.stage, "message": work.message, "seconds": work.seconds}
                for work in hung(services.in_flight)
            ],
        )

    @classmethod
    def stored(cls, row: RunningBot) -> Self:
        """The heartbeat that `store` wrote, perhaps that of another version. A damaged one tells only the
        time: the bot may run all the same.
        """
        known = {each.name for each in fields(cls)}
        with suppress(ValueError, TypeError, AttributeError):
            return cls(**{name: value for name, value in json.loads(row.told).items() if name in known})
        return cls(row.id, UNREADABLE, UNREADABLE, started_at=row.seen_at, seen_at=row.seen_at)

    def store(self) -> None:
        """Put it where all can see it."""
        row = RunningBot.insert(id=self.id, seen_at=self.seen_at, told=json.dumps(asdict(self)))
        with writing():
            RunningBot.delete().where(RunningBot.seen_at < self.seen_at - FORGOTTEN_SECONDS).execute()
            row.on_conflict(
                conflict_target=[RunningBot.id], preserve=[RunningBot.seen_at, RunningBot.told]
            ).execute()

    def silent(self, now: float) -> float:
        """For how many seconds, by the clock of `shared_now`. A heartbeat from the future came by the clock
        of another server.
        """
        return abs(now - self.seen_at)

    def stages_without_messages(self) -> dict[str, float]:
        """The stages that cannot take messages, and since when; a bot of an earlier version does not say
        which stage it is.
        """
        failing = (each for each in self.failing if each["door"] == TAKING and "what" in each)
        return {each["what"]: each["since"] for each in failing}


class HeartbeatSender:
    """Sends this process's heartbeats, and finds out that another bot sends some under the same id: its
    `DATA_DIR` is a copy of this one's, or the other way round.
    """

    def __init__(self) -> None:
        self._process = str(uuid.uuid4())
        self._has_sent = False

    def send(self, services: Services) -> Heartbeat:
        """The heartbeat that was stored."""
        with writing():  # or each of two such bots could see the other's at once, and both take a new id
            this = replace(Heartbeat.of(services), process=self._process)
            row = RunningBot.get_or_none(RunningBot.id == this.id)
            # Before this process has sent one, it is an earlier process of the same bot that did.
            if self._has_sent and row is not None:
                other = Heartbeat.stored(row)
                if other.process != self._process:
                    this = replace(this, id=_new_id(services.settings))
                    log.warning(
                        "the bot on %s has the same DATA_DIR/bot-id, as if one folder was copied from the "
                        "other; this one has a new one now",
                        other.host,
                    )
            this.store()
        self._has_sent = True
        return this


def withdraw(services: Services) -> None:
    """Say that this bot has stopped as it was asked to."""
    with writing():
        RunningBot.delete().where(RunningBot.id == _id(services.settings)).execute()


def last_heartbeat_of(settings: Settings) -> float | None:
    """When the bot of these settings sent its last one, by the clock of `shared_now`; None where it sent
    none.
    """
    row = RunningBot.get_or_none(RunningBot.id == _id(settings))
    return None if row is None else float(row.seen_at)


def known_bots() -> list[Heartbeat]:
    """The last heartbeat of every bot that runs, or that was killed and not started again; the oldest bot
    first.
    """
    return sorted(
        (Heartbeat.stored(row) for row in RunningBot.select()), key=lambda bot: (bot.started_at, bot.id)
    )


def running_bots(now: float, seconds: float = SILENT_SECONDS) -> list[Heartbeat]:
    """The bots whose last heartbeat is at most so old; `now` is by the clock of `shared_now`. The oldest
    first.
    """
    return [bot for bot in known_bots() if bot.silent(now) <= seconds]


def other_bots(settings: Settings, now: float) -> list[Heartbeat]:
    """The `running_bots` without this one."""
    mine = _id(settings)
    return [bot for bot in running_bots(now) if bot.id != mine]


def bots_with_other_queues(settings: Settings, now: float) -> list[Heartbeat]:
    """Those of the `other_bots` that have other queues: messages on their way there would look lost here, and
    be sent again. The oldest first.
    """
    return [
        bot for bot in other_bots(settings, now) if not are_same_queues([settings.queue_url, bot.queue_url])
    ]


def other_queues(settings: Settings, other: Heartbeat) -> SettingsError:
    """Why this bot cannot run beside that one."""
    there = other.queue_url or "unknown"
    return SettingsError([OTHER_QUEUES.format(here=settings.queue_url, host=other.host, there=there)])


def refuse_other_queues(settings: Settings) -> None:
    """Raise `SettingsError` where a bot with other queues runs on this database."""
    for other in bots_with_other_queues(settings, shared_now()):
        raise other_queues(settings, other)


def are_same_queues(urls: Sequence[str]) -> bool:
    """Of several bots, in so far as they say so; queues on a disk are one bot's own."""
    told = set(urls) - {""}
    return len(urls) == 1 or ("disk" not in told and len(told) <= 1)


def _id(settings: Settings) -> str:
    """Kept in its folder: a container has another host's name each time it starts."""
    file = settings.data_dir / "bot-id"
    with suppress(FileNotFoundError):
        return file.read_text().strip()
    return _new_id(settings)


def _new_id(settings: Settings) -> str:
    file = settings.data_dir / "bot-id"
    try:
        new = file.with_name(f".{uuid.uuid4()}")
        new.write_text(f"{uuid.uuid4()}\n")
        new.replace(file)
    except OSError as why:
        raise Retry(f"{file} cannot be written: {why.strerror}") from why
    return file.read_text().strip()
