"""One intent of a person a file, each with `register(app, …)`."""

from collections.abc import Callable

from slack_bolt import App

from tagbot.handlers import face_tag, facetag_command, fallbacks
from tagbot.publish import Publish


def register_all(app: App, publish: Publish, status: Callable[[], str], now: Callable[[], float]) -> None:
    """Register every handler; the fallbacks come last, as Bolt takes the first that fits."""
    face_tag.register(app, publish, now)
    facetag_command.register(app, status)
    fallbacks.register(app)
