"""`retry`: put dead letters back, or ask again about a face that was set aside, or whose request is lost."""

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import ask_again, rejected_together
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Reject, Retry
from tagbot.lib.typed_words import typed_words
from tagbot.messages import FaceFound, FaceStored
from tagbot.queues import SharedQueue
from tagbot.queues.publish import publish
from tagbot.slack import words
from tagbot.vocabulary import State

ALL = "all"

SLACK = "Slack"

PICTURES = "pictures"

AskLost = Callable[[Face], object]
"""Asks again about an open face whose request nobody can answer any more; true where it did. Raises what the
Slack door raises.
"""
IDLE = frozenset({"face", "faces", "queue", "queues", "id", "the"})
"""Words that people put before what they mean: the message itself shows `Face` before the id."""


class NothingOfThatName(Exception):  # noqa: N818 - an answer to the person who asked
    """The target is neither a queue nor a face."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The outcome of a `retry`."""

    messages: Mapping[str, int]
    """How many dead letters went back, by queue; queues without any are left out."""
    asked_again: int = 0
    """How many faces are asked about again."""
    unusable: Mapping[str, str] = field(default_factory=dict)
    """Why nothing could be done, by queue; or by `SLACK`."""

    def in_words(self) -> str:
        """For people."""
        by_queue = "".join(f"\n{name}: {count}" for name, count in self.messages.items())
        failed = "".join(f"\n{words.queue_unusable(*each)}" for each in self.unusable.items())
        return words.retried(sum(self.messages.values()), asked_again=self.asked_again) + by_queue + failed


def in_words(
    queues: Mapping[str, SharedQueue],
    target: str,
    *,
    by: str | None = None,
    ask_lost: AskLost | None = None,
) -> str:
    """The answer to `/facetag retry`. Raises `Retry` while the database is away."""
    try:
        with reached():
            return retry(queues, target, by=by, ask_lost=ask_lost).in_words()
    except NothingOfThatName:
        return words.nothing_of_that_name(target) if len(target.split()) == 1 else words.HELP


def retry(
    queues: Mapping[str, SharedQueue],
    target: str,
    *,
    by: str | None = None,
    ask_lost: AskLost | None = None,
) -> Retried:
    """Retry `all`, a queue by its name, or a face by its id, as people type or paste it. Raises
    `NothingOfThatName`.

    `by` is the member who asks for it, None for an operator. Without `ask_lost`, lost requests are left to
    the timed job `AskLostAgain`.
    """
    typed = typed_words(target)
    named = "-".join(word for word in typed if word not in IDLE)
    queue = next((name for name in ("-".join(typed), named) if name in queues), None)
    if queue is not None:
        return redriven({queue: queues[queue]})
    if named == ALL or not typed:
        return redriven(queues)
    with suppress(ValueError):
        named = str(uuid.UUID(named))
    with connected():
        face = Face.get_or_none(Face.id == named)
        if face is None:
            raise NothingOfThatName(target)
        retried = redriven(queues, face.id)
        if not face.has_crop:
            return replace(retried, unusable={**retried.unusable, PICTURES: words.PICTURES_GONE})
        asked = _asked_anew(queues, face, by)
        try:
            if not asked and face.state == State.OPEN and ask_lost is not None and ask_lost(face):
                publish(queues, FaceStored(face_id=face.id, round=face.round + 1))
                asked = 1
        except (Retry, Reject) as why:
            return replace(retried, unusable={**retried.unusable, SLACK: why.reason})
        return replace(retried, asked_again=asked)


def _asked_anew(queues: Mapping[str, SharedQueue], face: Face, by: str | None) -> int:
    """Begin the next round of a face that was set aside, and of those that were set aside with it; of how
    many. A closed face has no vector any more, so the machine looks at it anew.
    """
    again = [
        FaceFound(face_id=each.id, round=each.round + 1)
        for each in rejected_together(face)
        if each.has_crop and ask_again(each.id, each.round, State.REJECTED, by=by, fact=FaceFound)
    ]
    for each in again:
        publish(queues, each)
    return len(again)


def redriven(queues: Mapping[str, SharedQueue], key: str | None = None) -> Retried:
    """Put dead letters back, all or those about `key`. A queue that cannot be used keeps no other from it."""
    counts: dict[str, int] = {}
    unusable: dict[str, str] = {}
    for name, queue in queues.items():
        try:
            counts[name] = queue.redrive(key)
        except Retry as why:
            unusable[name] = why.reason
    return Retried({name: count for name, count in counts.items() if count}, unusable=unusable)
