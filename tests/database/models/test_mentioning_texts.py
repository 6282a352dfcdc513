"""Texts that may mention a person whom they are not about: all of them are known, and all are changed."""

import pytest
from peewee import CharField, ForeignKeyField, TextField

from tagbot.database.models.bookkeeping import FailedMessage, Notice
from tagbot.database.models.consents import ConsentStatement, ConsentText
from tagbot.database.models.forgettings import Marks
from tagbot.database.models.mentioning_texts import (
    COLUMNS,
    columns_that_mention,
    mentions_of,
    replace_mentions,
)
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.tables import TABLES
from tagbot.database.write_lock import writing
from tagbot.vocabulary import Consent

WORDS = "words of the program, numbers, times or hashes: nothing that says who somebody is"
FACE = "the id of a face, a photo, a request, a receipt, or of something at Slack"
OWN = "of a person, with whose row, vote or face it goes"
OTHERS = "may name somebody in what is about others: changed where it does"
MESSAGE = "of a message, with which it goes; its queue is searched"
BOT = "said anew by each bot every few seconds"

HOLDS = {
    "photo": {"sha256": FACE, "source": OTHERS, "taken_at": WORDS},
    "person": dict.fromkeys(
        ("id", "slack_id", "name", "email", "name_key", "picture_url", "training_ref", "merged_into"), OWN
    ),
    "request": dict.fromkeys(("id", "channel", "message_ts", "grid_file", "past_grids"), FACE)
    | {"line_up": OWN},
    "face": {"id": FACE, "state": WORDS, "reason": WORDS, "pending": FACE, "crop_file": FACE}
    | {"context_file": FACE, "training_backend": WORDS, "face_ref": FACE}
    | dict.fromkeys(("claimed_by", "person_ref", "given_to", "displaced_by", "handed_to"), OWN),
    "vote": dict.fromkeys(("tagger", "answer", "name", "email", "name_key"), OWN),
    "past_round": {"reopened_by": OWN},
    "trained_vector": {"face_id": FACE, "person_ref": OWN, "model": WORDS},
    "face_vector": {"model": WORDS},
    "guess": {"face_id": FACE},
    "named_face": {"name": WORDS},
    "consent_text": {"id": WORDS, "text": OTHERS},
    "consent_statement": {"said": WORDS, "way": OTHERS},
    "consent_question": {"channel": OWN, "message_ts": FACE, "problem": WORDS, "shows": WORDS},
    "opt_out": {"id": WORDS, "key_id": WORDS},
    "forgetting": {"id": FACE} | dict.fromkeys(("way", "step", "counts", "unsearched", "found"), WORDS),
    "to_forget": {"kind": WORDS, "ref": FACE, "detail": FACE},
    "posted_photo": {"id": FACE, "member": OWN, "channel": FACE, "sha256": FACE}
    | {"outcome": WORDS, "reason": OTHERS},
    "photos_wish": {"id": OWN, "member": OWN, "channel": FACE, "after": FACE, "plan": FACE},
    "sent_photo": {"file": FACE, "photo": FACE, "member": OWN, "wish": OWN},
    "digest": {"day": WORDS},
    "tally": {"what": WORDS},
    "effort": {"what": WORDS},
    "backend_calls": {"month": WORDS, "operation": WORDS},
    "notice": {"name": FACE, "text": OTHERS},
    "hold_up": {"saying": WORDS, "known": WORDS},
    "running_bot": {"id": BOT, "told": BOT},
    "turn": {"name": WORDS},
    "heard_channel": {"channel": WORDS},
    "failed_message": dict.fromkeys(("queue", "message_id", "key", "state", "handle", "text"), MESSAGE)
    | {"error": OTHERS},
}
"""Every column of text, by its table: of a new one, somebody has to say what it may hold."""

MARKS = Marks(
    slack_ids=("U0CHIARA1",),
    names=("Chiara De Luca",),
    name_keys=("chiara de luca",),
    emails=("chiara@example.com",),
)


def is_text(field: object) -> bool:
    return isinstance(field, CharField | TextField) and not isinstance(field, ForeignKeyField)


@pytest.mark.rule("forget-mentions")
def test_of_every_column_of_text_it_is_known_what_it_may_hold() -> None:
    columns = {
        table._meta.table_name: {field.column_name for field in table._meta.sorted_fields if is_text(field)}
        for table in TABLES
    }
    assert {name: set(known) for name, known in HOLDS.items()} == {
        name: texts for name, texts in columns.items() if texts
    }
    of_others = {
        f"{name}.{column}"
        for name, known in HOLDS.items()
        for column, what in known.items()
        if what is OTHERS
    }
    assert {f"{column.model._meta.table_name}.{column.column_name}" for column in COLUMNS} == of_others


def a_row_in_each(text: str) -> None:
    """One for each of the columns."""
    ben = Person.with_name("Ben Smith", None, 1.0)
    sizes = dict.fromkeys(("width", "height", "faces_found", "received_at"), 1)
    Photo.create(sha256="0" * 64, source=text, **sizes, force_insert=True)
    ConsentText.keep(text, 1.0)
    ConsentStatement.note(ben.id, Consent.GIVEN, at=1.0, way=text, text_id=None)
    PostedPhoto.create(id="slack-photo:F1:1.0", began_at=1.0, reason=text, force_insert=True)
    Notice.put("a notice", text, 1.0)
    numbers = dict.fromkeys(("attempt", "received", "first_seen", "not_before"), 1)
    FailedMessage.create(
        queue="face-tagging", message_id="1", key="1", state="dead", error=text, **numbers, force_insert=True
    )


def texts() -> set[str]:
    """All that stands in the columns."""
    rows = (row for column in COLUMNS for row in column.model.select(column).tuples())
    return {text for (text,) in rows}


@pytest.mark.rule("forget-mentions")
@pytest.mark.parametrize(
    "who", ["Chiara De Luca", "CHIARA DE LUCA", "<@U0CHIARA1>", "U0CHIARA1", "chiara@example.com"]
)
def test_in_each_of_them_a_mention_becomes_somebody_and_all_else_stays(url: str, who: str) -> None:
    assert url
    a_row_in_each(f"On paper, as {who} and Ben Smith saw.")
    mentions = mentions_of(MARKS)
    assert len(columns_that_mention(mentions)) == len(COLUMNS)
    with writing():
        assert replace_mentions(mentions, "somebody") == len(COLUMNS)
    assert texts() == {"On paper, as somebody and Ben Smith saw."}
    assert columns_that_mention(mentions) == []
    with writing():
        assert replace_mentions(mentions, "somebody") == 0


@pytest.mark.rule("forget-mentions")
def test_where_their_name_is_a_part_of_another_persons_that_one_stays(url: str) -> None:
    assert url
    Person.with_name("Chiara Rossi", None, 1.0)
    a_row_in_each("Chiara Rossi's phone, and Chiara's")
    mentions = mentions_of(Marks(names=("Chiara",), name_keys=("chiara",)))
    with writing():
        replace_mentions(mentions, "somebody")
    assert texts() == {"Chiara Rossi's phone, and somebody's"}
