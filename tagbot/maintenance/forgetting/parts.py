"""The parts of a bot in which something of a person may be."""

from collections.abc import Callable, Mapping
from typing import Protocol

from tagbot.lib.keyed_hash import KeyedHash
from tagbot.photos.image_store import ImageStore
from tagbot.queues import Queue
from tagbot.settings import Settings
from tagbot.slack.client import Slack
from tagbot.slack.updates import Updates
from tagbot.training.backend import TrainingBackend
from tagbot.training.other_models import Model, OtherModels


class Parts(Protocol):
    """The stages' `Services` have them all."""

    @property
    def settings(self) -> Settings:
        """All settings."""

    @property
    def images(self) -> ImageStore:
        """The image store."""

    @property
    def training(self) -> TrainingBackend:
        """The training backend that is set."""

    @property
    def other_models(self) -> OtherModels:
        """Those of the backends that are not."""

    @property
    def slack(self) -> Slack:
        """Slack."""

    @property
    def updates(self) -> Updates:
        """The thread that shows changes there; it has to run."""

    @property
    def queues(self) -> Mapping[str, Queue]:
        """By name."""

    @property
    def opt_out_key(self) -> KeyedHash:
        """By which accounts are kept out."""

    @property
    def now(self) -> Callable[[], float]:
        """Seconds since 1970."""


def model(name: str, parts: Parts) -> Model:
    """That of a training backend, whichever is set."""
    return parts.training if name == parts.training.name else parts.other_models.of(name)
