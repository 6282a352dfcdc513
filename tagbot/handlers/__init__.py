"""People's intents in Slack, one a file: each has `register(app, services)`.

A handler parses, puts the fact on its queue, and only then acknowledges to Slack. Before that, it neither
calls the Web API nor looks into the database.
"""

from slack_bolt import App

from tagbot.handlers import (
    app_home,
    change_answer,
    face_tag,
    facetag_command,
    fallbacks,
    forget_me,
    look_closer,
    not_all_the_same,
    own_rights,
    photo_posted,
    someone_else,
    train_anyway,
    wrong_person,
)
from tagbot.services import Services

HANDLERS = (
    face_tag,
    someone_else,
    not_all_the_same,
    look_closer,
    change_answer,
    wrong_person,
    train_anyway,
    own_rights,
    forget_me,
    photo_posted,
    facetag_command,
    app_home,
    fallbacks,
)
"""The fallbacks come last, as Bolt takes the first that fits."""


def register_all(app: App, services: Services) -> None:
    """Register every handler."""
    for handler in HANDLERS:
        handler.register(app, services)
