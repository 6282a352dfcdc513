"""The proof that a person is forgotten: everything is searched for what was known of them."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tagbot.database import opening
from tagbot.database.models.forgettings import IDLE, Forgetting, Kind, Marks, ToForget
from tagbot.database.models.marks import borne_by_others, means
from tagbot.database.models.mentioning_texts import columns_that_mention, mentions_of
from tagbot.database.text_search import columns_with, is_said_by_bot
from tagbot.errors import Reject, Retry
from tagbot.lib.mentions import Mentions
from tagbot.maintenance.forgetting.parts import Parts, model
from tagbot.photos.image_keys import context_key, crop_key, photo_key

SHORTEST = 4
"""Bytes: what is shorter stands everywhere by chance."""

OF_A_VECTOR = 32
"""Bytes: no two begin with the same, and what was half overwritten is found as well."""

ALWAYS = (
    "backups, exports and sidecars that were made before",
    "Homes in Slack that their members have not opened since: each is drawn anew when it is opened",
    "the retention of Slack, and what members posted there themselves",
    "logs that an earlier version wrote, which have Slack ids of taggers",
    "photos in the inbox and in rejected/, which nobody has looked at",
)
"""Never searched, by nature."""

BORNE = "a name or an address that others have as well"

OTHER_WORDS = (
    "bytes of the database for a name that is a part of other things there; the rows that mention people were"
)
"""Such a name cannot be told from them."""

BYTES = "the database (bytes of its files)"

TABLES_NOT_OURS = "pages of the database that only their owner may write anew"

AT_AMAZON = "messages that Amazon SQS has handed out since it was searched"

SERVERS_LOG = "the write-ahead log and the backups of the database server"


def concerns(text: str, marks: Marks, faces: Collection[str]) -> bool:
    """Whether a message, as JSON, is about the person or one of their faces."""
    ids = [each for each in (*marks.ids, *faces) if each in text]
    if ids and Mentions(ids, (), ()).are_in(text):  # not as a part of somebody else's longer id
        return True
    message, _, errors = text.partition("\n")
    try:
        body = json.loads(message).get("body") or {}
    except (ValueError, AttributeError):
        body, errors = {}, text  # no message, whatever it says
    # A name of one word may be another word, for which no message of others is to go.
    if any(each in errors for each in (*filter(_has_space, marks.names), *marks.emails)):
        return True
    typed = str(body.get("name") or "")
    return bool(typed) and not body.get("answer") and means(marks, typed, str(body.get("email") or ""))


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is searched for, as it stands in rows and in JSON."""

    sure: frozenset[bytes]
    """Ids, addresses and vectors: nothing else has them."""
    names: frozenset[bytes]
    """Each may be a part of something else."""
    typed: frozenset[bytes]
    """The names of one word, as messages have them that name a person: elsewhere in a queue they may be any
    other word.
    """

    @classmethod
    def of(cls, marks: Marks, others: Marks) -> "Wanted":
        """But for what others have as well."""
        names = {*marks.names, *marks.name_keys} - {*others.names, *others.name_keys}
        vectors = {bytes.fromhex(each)[:OF_A_VECTOR] for each in {*marks.vectors} - {*others.vectors}}
        sure = _written({*marks.ids, *marks.emails} - {*others.emails})
        typed = (json.dumps({"name": each})[1:-1].encode() for each in names if not _has_space(each))
        return cls(frozenset(sure | vectors), frozenset(_written(names)), frozenset(typed))

    @property
    def in_database(self) -> frozenset[bytes]:
        """All that its bytes are searched for."""
        return self.sure | self.names

    @property
    def in_queues(self) -> frozenset[bytes]:
        """All that the bytes of a queue are searched for."""
        return self.sure | self.typed | {each for each in self.names if b" " in each}


def search(forgetting: Forgetting, parts: Parts) -> tuple[list[str], list[str]]:
    """Where something of the person was found, and what could not be searched."""
    marks = forgetting.marks or Marks()
    faces = [thing.ref for thing in ToForget.all_of(forgetting.id, Kind.FACE)]
    others = borne_by_others(marks)
    wanted = Wanted.of(marks, others)
    not_searched = list(_not_searched(marks, others, parts))
    left = list(_in_queues(wanted, marks, faces, parts))
    left += _in_database(wanted, parts, not_searched)
    left += [f"the database ({column})" for column in columns_that_mention(mentions_of(marks))]
    left += [f"the model {name}" for name in _models(forgetting, marks, faces, parts)]
    left += ["the pictures"] if any(_is_there(key, parts) for key in _keys(forgetting)) else []
    return list(dict.fromkeys(left)), not_searched


def _in_queues(wanted: Wanted, marks: Marks, faces: Sequence[str], parts: Parts) -> Iterator[str]:
    """Messages about them go once more; a message about somebody else of the same name, or with a longer id,
    stays.
    """
    of_many = wanted.in_queues - wanted.sure | {each.encode() for each in marks.ids}
    for name, queue in parts.queues.items():
        of_others: set[bytes] = set()

        def is_theirs(text: str, of_others: set[bytes] = of_others) -> bool:
            if concerns(text, marks, faces):
                return True
            content = text.encode(errors="replace")
            of_others |= {each for each in of_many if each in content}
            return False

        queue.drop(is_theirs)
        if queue.found(wanted.in_queues) - of_others:
            yield f"the queue {name}"


def _in_database(wanted: Wanted, parts: Parts, not_searched: list[str]) -> Iterator[str]:
    """Its bytes. A name that its rows or its schema have is a part of something else there: the rows that
    mention people are searched apart.
    """
    opening.empty_log()
    if not parts.settings.is_on_server and not opening.found(wanted.in_database):
        return
    not_searched += [] if opening.compact() else [TABLES_NOT_OURS]
    opening.empty_log()
    found = opening.found(wanted.in_database)
    for each in sorted(found & wanted.sure):
        yield from _places(each)
    parts_of_words = opening.explained(found & wanted.names)
    not_searched += [OTHER_WORDS] if parts_of_words else []
    if found - wanted.sure - parts_of_words:
        yield BYTES


def _places(found: bytes) -> Iterator[str]:
    """Where in the database this stands."""
    try:
        text = found.decode()
    except UnicodeDecodeError:
        yield BYTES  # a vector
        return
    columns = list(columns_with(text))
    yield from (f"the database ({column})" for column, is_by_itself in columns if is_by_itself)
    if not columns and not is_said_by_bot(text):
        yield BYTES


def _not_searched(marks: Marks, others: Marks, parts: Parts) -> Iterator[str]:
    yield from ALWAYS
    short = any(len(each.encode()) < SHORTEST for each in (*marks.names, *marks.name_keys))
    if short or others.names or others.name_keys or others.emails:
        yield BORNE
    if {*marks.slack_ids} & parts.settings.admins:
        yield setting_of_operator("ADMINS")
    if mentions_of(marks).are_in(parts.settings.consent_text):
        yield setting_of_operator("CONSENT_TEXT")
    if parts.settings.is_on_server:
        yield SERVERS_LOG
    if parts.settings.queue_prefix is not None:
        yield AT_AMAZON


def setting_of_operator(name: str) -> str:
    """Not searched, and names them."""
    return f"the setting {name}, which names this person: only the operator changes it"


def _written(texts: Collection[str]) -> set[bytes]:
    """As they stand in rows and in JSON."""
    written = {each for text in texts for each in (text.encode(), json.dumps(text)[1:-1].encode())}
    return {each for each in written if len(each) >= SHORTEST}


def _has_space(name: str) -> bool:
    return " " in name


def _models(forgetting: Forgetting, marks: Marks, faces: Sequence[str], parts: Parts) -> Iterator[str]:
    for thing in ToForget.all_of(forgetting.id, Kind.MODEL):
        try:
            if model(thing.ref, parts).remembers(marks.person_ids, faces):
                yield thing.ref
        except (Retry, Reject):
            if thing.detail != IDLE:
                raise


def left_in_model(name: str) -> str:
    """Not searched, although it learned faces of theirs."""
    return f"faces that `reconcile --fix` takes out once TRAINING_BACKEND={name} is set again"


def of_other_model(name: str) -> str:
    """Not searched: it does not answer, and is not known to have a face of theirs."""
    return f"the model of TRAINING_BACKEND={name}, which was used before and does not answer"


def _keys(forgetting: Forgetting) -> Iterator[str]:
    for thing in ToForget.all_of(forgetting.id, Kind.FACE):
        yield crop_key(thing.ref)
        yield context_key(thing.ref)
    for thing in ToForget.all_of(forgetting.id, Kind.PHOTO):
        yield photo_key(thing.ref)


def _is_there(key: str, parts: Parts) -> bool:
    try:
        parts.images.get(key)
    except Reject:
        return False
    return True
