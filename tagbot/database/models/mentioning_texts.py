"""Mentions of a person in texts that are not about them: a photo's source, a consent's text, and the like."""

from collections.abc import Iterator
from typing import Any

from tagbot.database.models.bookkeeping import FailedMessage, Notice
from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText
from tagbot.database.models.forgettings import Marks
from tagbot.database.models.marks import names_of_others
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.lib.mentions import Mentions

COLUMNS: tuple[Any, ...] = (
    Photo.source,
    ConsentText.text,
    ConsentStatement.way,
    PostedPhoto.reason,
    Notice.text,
    FailedMessage.error,
)
"""All in which people or programs write freely; a test sorts every column of text in the schema."""


def mentions_of(marks: Marks) -> Mentions:
    """By what a person may be mentioned; other people's names, of which theirs is a part, are not theirs."""
    keys = (each for each in marks.name_keys if " " in each)
    names = dict.fromkeys((*marks.names, *keys))
    alone = Mentions((), (), names)
    others = (each for each in names_of_others(marks) if alone.are_in(each))
    return Mentions(marks.ids, marks.emails, names, dict.fromkeys(others))


def mentioning_questions(mentions: Mentions) -> list[ConsentQuestion]:
    """The questions for consent in Slack whose words mention the person."""
    texts = [each.id for each in ConsentText.select() if mentions.are_in(str(each.text))]
    asked = ConsentQuestion.message_ts.is_null(False) & ConsentQuestion.channel.is_null(False)
    return list(ConsentQuestion.select().where(asked & (ConsentQuestion.text << texts)))


def replace_mentions(mentions: Mentions, instead: str) -> int:
    """Change the texts, in a transaction of the caller's; in how many rows. All else in them stays."""
    return sum(
        column.model.update({column: mentions.without(text, instead)}).where(column == text).execute()
        for column in COLUMNS
        for text in _mentioning(column, mentions)
    )


def columns_that_mention(mentions: Mentions) -> list[str]:
    """Each with its table."""
    found = (column for column in COLUMNS if _mentioning(column, mentions))
    return [f"{column.model._meta.table_name}.{column.column_name}" for column in found]  # noqa: SLF001 - Peewee's


def _mentioning(column: Any, mentions: Mentions) -> list[str]:
    return [text for text in _texts(column) if mentions.are_in(text)]


def _texts(column: Any) -> Iterator[str]:
    for (text,) in column.model.select(column).where(column.is_null(False)).distinct().tuples():
        yield text
