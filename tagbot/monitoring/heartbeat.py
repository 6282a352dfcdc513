"""What each running bot tells of itself in the database, so that `status` can show it from anywhere."""

import json
import logging
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from tagbot import __version__
from tagbot.database.models.bookkeeping import RunningBot
from tagbot.database.shared_clock import shared_now
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.lib.in_flight import TAKING
from tagbot.services import Services
from tagbot.settings import Settings, SettingsError

log = logging.getLogger(__name__)

SILENT_SECONDS = 60.0
"""Bots tell every five seconds: who is silent for so long has crashed, or cannot reach the database."""

FORGOTTEN_SECONDS = 86_400.0
"""A bot that was silent for so long will not come back under that name."""


OTHER_QUEUES = (
    "QUEUE_URL is {here}, but the bot on {host} uses the same DATABASE_URL with QUEUE_URL={there}: several "
    "bots need one QUEUE_URL=sqs://PREFIX (a bot that was killed is believed to run for another minute)"
)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How a bot is, in its own words. Times are seconds since 1970.

    A bot of another version may have told less, or more.
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
    """The fields of a `LinkState`; None where people's clicks do not come to this bot."""
    failing: list[dict[str, Any]] = field(default_factory=list)
    """What fails at each door: `door`, and the fields of a `Failure`."""
    in_hand_for_long: list[dict[str, Any]] = field(default_factory=list)
    """The fields of each `Work`."""
    process: str = ""
    """Another one after a restart; empty where it is not a `HeartbeatSender` that tells."""

    @classmethod
    def of(cls, services: Services) -> Self:
        """This bot, now; the caller's thread is connected to the database."""
        return cls(
            id=_id(services.settings),
            host=socket.gethostname(),
            version=__version__,
            started_at=services.started_at,
            seen_at=shared_now(),
            queue_url=services.settings.queue_url,
            stages=list(services.settings.stages),
            slack=asdict(services.link.state) if services.settings.hears_people else None,
            failing=list(_failing(services)),
            in_hand_for_long=[asdict(held) for held in services.in_flight.hung()],
        )

    def store(self) -> None:
        """Put it where all can see it."""
        told = RunningBot.insert(id=self.id, seen_at=self.seen_at, told=json.dumps(asdict(self)))
        with writing():
            RunningBot.delete().where(RunningBot.seen_at < self.seen_at - FORGOTTEN_SECONDS).execute()
            told.on_conflict(
                conflict_target=[RunningBot.id], preserve=[RunningBot.seen_at, RunningBot.told]
            ).execute()

    def silent(self, now: float) -> float:
        """For how many seconds, by the clock of `shared_now`. What was seen in the future, was by the clock
        of another server.
        """
        return abs(now - self.seen_at)


class HeartbeatSender:
    """Tells of this process, again and again, and finds out that another bot tells under the same id: its
    `DATA_DIR` is a copy of this one's, or the other way round.
    """

    def __init__(self) -> None:
        self._process = str(uuid.uuid4())
        self._has_told = False

    def send(self, services: Services) -> Heartbeat:
        """Put how this bot is where all can see it; what was put there."""
        with writing():  # or each of two such bots could see the other's at once, and both take a new id
            this = replace(Heartbeat.of(services), process=self._process)
            if self._has_told and (other := _told_since(this)) is not None:
                this = replace(this, id=_new_id(services.settings))
                log.warning(
                    "the bot on %s has the same DATA_DIR/bot-id, as if one folder was copied from the other; "
                    "this one has a new one now",
                    other.host,
                )
            this.store()
        self._has_told = True
        return this


def _told_since(this: Heartbeat) -> Heartbeat | None:
    """What another process told under this id since this one told last: so it is no earlier one of the same
    bot, of which there is one at a time.
    """
    row = RunningBot.get_or_none(RunningBot.id == this.id)
    told = None if row is None else _understood(json.loads(row.told))
    return None if told is None or told.process == this.process else told


def withdraw(services: Services) -> None:
    """Say that this bot has stopped as it was asked to."""
    with writing():
        RunningBot.delete().where(RunningBot.id == _id(services.settings)).execute()


def known_bots() -> list[Heartbeat]:
    """Every bot that runs, or that was killed and not started again, as it told last; the oldest first."""
    told = [_understood(json.loads(bot.told)) for bot in RunningBot.select()]
    return sorted(told, key=lambda bot: (bot.started_at, bot.id))


def running_bots(now: float, seconds: float = SILENT_SECONDS) -> list[Heartbeat]:
    """The bots that have told of themselves for the last time at most so long ago; `now` is by the clock of
    `shared_now`. The oldest first.
    """
    return [bot for bot in known_bots() if bot.silent(now) <= seconds]


def other_bots(settings: Settings, now: float) -> list[Heartbeat]:
    """Those of them that are not this one."""
    mine = _id(settings)
    return [bot for bot in running_bots(now) if bot.id != mine]


def bots_with_other_queues(settings: Settings, now: float) -> list[Heartbeat]:
    """Those of the `other_bots` that have other queues: what is on its way there would look lost here, and be
    sent again. The oldest first.
    """
    return [
        bot for bot in other_bots(settings, now) if not are_same_queues([settings.queue_url, bot.queue_url])
    ]


def other_queues(settings: Settings, other: Heartbeat) -> SettingsError:
    """Why this bot cannot run beside that one."""
    there = other.queue_url or "unknown"
    return SettingsError([OTHER_QUEUES.format(here=settings.queue_url, host=other.host, there=there)])


def are_same_queues(urls: Sequence[str]) -> bool:
    """Of several bots, in so far as they say so; what is on a disk is one bot's own."""
    told = set(urls) - {""}
    return len(urls) == 1 or ("disk" not in told and len(told) <= 1)


def _understood(told: dict[str, Any]) -> Heartbeat:
    known = {each.name for each in fields(Heartbeat)}
    return Heartbeat(**{name: value for name, value in told.items() if name in known})


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


def _failing(services: Services) -> Iterator[dict[str, Any]]:
    """The longest first, at each door."""
    for door, health in {
        "Slack": services.slack.health,
        "The training backend": services.training.health,
        "The image store": services.images.health,
        "The inbox": services.inbox.health,
        TAKING: services.in_flight.health,
    }.items():
        for failure in health.failing():
            yield {"door": door} | asdict(failure)
