"""People's intents in Slack, one a file: each has `register(app, services)`.

A handler parses, puts the fact on its queue, and only then acknowledges to Slack. Before that, it neither
calls the Web API nor looks into the database, but for what Slack waits for in the very acknowledgement: the
options of a select, or why a form cannot be done. That has two seconds (`in_time`).
"""

from slack_bolt import App

from tagbot.handlers import (
    app_home,
    change_answer,
    face_tag,
    facetag_command,
    fallbacks,
    forget_me,
    forget_somebody,
    look_closer,
    merge_people,
    not_all_the_same,
    own_rights,
    people_pages,
    photo_posted,
    photos_with_me,
    rename_person,
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
    photos_with_me,
    people_pages,
    rename_person,
    merge_people,
    forget_somebody,
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
