"""One intent of a person a file, each with `register(app, …)`."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt import App

from tagbot.handlers import face_tag, facetag_command, fallbacks, someone_else, train_anyway, wrong_person
from tagbot.handlers.someone_else import OpenModal
from tagbot.messages import FaceTagged, Publish


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the handlers may reach for."""

    publish: Publish
    open_modal: OpenModal
    status: Callable[[], str]
    """What `/facetag status` says."""
    retry: Callable[[str, str], str]
    """Does what a member asks of `/facetag retry`, and says what it did."""
    is_admin: Callable[[str], bool]
    is_heard: Callable[[FaceTagged], bool]
    """Whether a face that an admin wants trained anyway still waits for that; yes, where nobody knows."""
    may_retry: Callable[[str, str], bool]
    """Whether a member who types in a channel may retry."""
    now: Callable[[], float]


def register_all(app: App, wiring: Wiring) -> None:
    """Register every handler; the fallbacks come last, as Bolt takes the first that fits."""
    face_tag.register(app, wiring.publish, wiring.now)
    someone_else.register(app, wiring.publish, wiring.open_modal, wiring.now)
    wrong_person.register(app, wiring.publish, wiring.is_admin)
    train_anyway.register(app, wiring.publish, wiring.is_admin, wiring.is_heard)
    facetag_command.register(app, wiring.status, wiring.retry, wiring.may_retry)
    fallbacks.register(app)
