"""The proof that a person is forgotten: everything is searched for what was known of them."""

import json
from collections.abc import Collection, Iterator, Sequence

from tagbot.database import opening
from tagbot.database.models.forgettings import IDLE, Forgetting, Kind, Marks, ToForget
from tagbot.database.models.marks import borne_by_others, means
from tagbot.errors import Reject, Retry
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

TABLES_NOT_OURS = "pages of the database that only their owner may write anew"

AT_AMAZON = "messages that Amazon SQS has handed out since it was searched"

SERVERS_LOG = "the write-ahead log and the backups of the database server"


def concerns(text: str, marks: Marks, faces: Collection[str]) -> bool:
    """Whether a message, as JSON, is about the person or one of their faces."""
    if any(each in text for each in (*marks.ids, *faces)):
        return True
    message, _, errors = text.partition("\n")
    try:
        body = json.loads(message).get("body") or {}
    except (ValueError, AttributeError):
        body, errors = {}, text  # no message, whatever it says
    if any(each in errors for each in (*marks.names, *marks.emails)):
        return True
    typed = str(body.get("name") or "")
    return bool(typed) and not body.get("answer") and means(marks, typed, str(body.get("email") or ""))


def search(forgetting: Forgetting, parts: Parts) -> tuple[list[str], list[str]]:
    """Where something of the person was found, and what could not be searched."""
    marks = forgetting.marks or Marks()
    faces = [thing.ref for thing in ToForget.all_of(forgetting.id, Kind.FACE)]
    others = borne_by_others(marks)
    not_searched = list(_not_searched(marks, others, parts))
    wanted = _bytes_of(marks, others)
    for queue in parts.queues.values():
        queue.drop(lambda text: concerns(text, marks, faces))
    left = [f"the queue {name}" for name, queue in parts.queues.items() if queue.found(wanted)]
    opening.empty_log()
    if parts.settings.is_on_server or opening.found(wanted):
        not_searched += [] if opening.compact() else [TABLES_NOT_OURS]
        opening.empty_log()
        left += ["the database"] if opening.found(wanted) else []
    left += [f"the model {name}" for name in _models(forgetting, marks, faces, parts)]
    left += ["the pictures"] if any(_is_there(key, parts) for key in _keys(forgetting)) else []
    return left, not_searched


def _not_searched(marks: Marks, others: Marks, parts: Parts) -> Iterator[str]:
    yield from ALWAYS
    short = any(len(each.encode()) < SHORTEST for each in (*marks.names, *marks.name_keys))
    if short or others.names or others.name_keys or others.emails:
        yield BORNE
    if parts.settings.is_on_server:
        yield SERVERS_LOG
    if parts.settings.queue_prefix is not None:
        yield AT_AMAZON


def _bytes_of(marks: Marks, others: Marks) -> set[bytes]:
    """All that is searched for, as it stands in rows and in JSON."""
    borne = {*others.names, *others.name_keys, *others.emails}
    texts = {*marks.ids, *marks.names, *marks.name_keys, *marks.emails} - borne
    written = {each for text in texts for each in (text.encode(), json.dumps(text)[1:-1].encode())}
    vectors = {bytes.fromhex(each)[:OF_A_VECTOR] for each in {*marks.vectors} - {*others.vectors}}
    return {each for each in written if len(each) >= SHORTEST} | vectors


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
