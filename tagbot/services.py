"""What a stage may reach for, besides its message and the database."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tagbot.lib.in_flight import WorkInFlight
from tagbot.photos.image_store import ImageStore
from tagbot.photos.inbox import Inbox
from tagbot.settings import Settings
from tagbot.slack.client import Slack
from tagbot.slack.updates import Updates
from tagbot.training import TrainingBackend


@dataclass(frozen=True, slots=True)
class Services:
    """Built once by `tagbot.app`; tests build it from the same parts."""

    settings: Settings
    inbox: Inbox
    images: ImageStore
    training: TrainingBackend
    slack: Slack
    updates: Updates
    now: Callable[[], float]
    """Seconds since 1970."""
    in_flight: WorkInFlight = field(default_factory=WorkInFlight)
    started_at: float = field(default_factory=time.time)
