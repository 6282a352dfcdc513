"""The whole flow on one screen: which stage reads which message, and what may follow.

The queues, the worker threads, `status` and the drawing in docs/architecture.md all come from here.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tagbot.messages import (
    AnswerGiven,
    ConsentChanged,
    FaceFound,
    FaceReopened,
    FacesStruckOut,
    FaceStored,
    FaceTagged,
    ForgetAsked,
    Message,
    PersonAdded,
    PhotoArrived,
    PhotoPosted,
    PhotosAsked,
    TrainingRefused,
    TrainingSent,
)
from tagbot.services import Services
from tagbot.stages.cleanup_tag import cleanup_tag
from tagbot.stages.detect_faces import detect_faces
from tagbot.stages.enrich_user import enrich_user
from tagbot.stages.fetch_photo import fetch_photo
from tagbot.stages.finalize_tag import finalize_tag
from tagbot.stages.forget_person import forget_person
from tagbot.stages.identify_face import identify_face
from tagbot.stages.request_tagging_on_slack import request_tagging_on_slack
from tagbot.stages.send_face_for_training import send_face_for_training
from tagbot.stages.send_photos import send_photos
from tagbot.stages.split_group import split_group
from tagbot.stages.store_consent import store_consent
from tagbot.stages.store_face_tag_sql import store_face_tag_sql
from tagbot.stages.undo_tag import undo_tag
from tagbot.vocabulary import INBOX, StageName

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Stage(Generic[M]):
    """A station of the flow: a function from one message to those that follow."""

    name: str
    reads: type[M]
    run: Callable[[M, Services], Iterable[Message]]
    emits: tuple[type[Message], ...] = ()
    workers: int = 1
    """Threads; within one stage no two of them work on the same face at once."""
    gives_up: bool = True
    """Whether a message that keeps failing becomes a dead letter after `MAX_ATTEMPTS`."""

    def outputs(self, message: M, services: Services) -> Iterator[Message]:
        """The messages that follow, one by one as the work goes on; raises `TypeError` for one that the stage
        did not declare.

        Here is asked, for every kind of message, whether who said it has a say.
        """
        if not services.heeds(message):
            return
        for output in self.run(message, services):
            if type(output) not in self.emits:
                raise TypeError(f"{self.name} does not declare {type(output).__name__}")
            yield output


@dataclass(frozen=True, slots=True)
class Source:
    """Where messages come from that no stage wrote."""

    name: str
    emits: tuple[type[Message], ...]


DETECTORS = min(os.cpu_count() or 1, 16) + 1
"""Photos in hand at a time: while the recogniser has one on each core, the next one is read and the last one
stored. With more cores, several bots share them: each worker has a connection to the database, of which
PostgreSQL allows 100 unless told.
"""

# Not annotated on purpose: with tuple[Stage[Any], ...] mypy would accept a stage that is paired with another
# stage's message.
PIPELINE = (
    # A photo waits in the inbox as safely as anywhere, so DetectFaces never gives up on one.
    Stage(
        StageName.DETECT_FACES,
        PhotoArrived,
        detect_faces,
        emits=(FaceFound,),
        workers=DETECTORS,
        gives_up=False,
    ),
    Stage(StageName.IDENTIFY_FACE, FaceFound, identify_face, emits=(FaceStored,)),
    # Several at once, as a post waits for its pictures to be ready; the pace of posting is kept by the Slack
    # door.
    Stage(StageName.REQUEST_TAGGING_ON_SLACK, FaceStored, request_tagging_on_slack, workers=3),
    Stage(StageName.STORE_FACE_TAG_SQL, AnswerGiven, store_face_tag_sql, emits=(FaceTagged,), workers=2),
    Stage(
        StageName.SEND_FACE_FOR_TRAINING,
        FaceTagged,
        send_face_for_training,
        emits=(PersonAdded, TrainingSent, TrainingRefused, ConsentChanged),
        workers=2,
    ),
    Stage(StageName.ENRICH_USER, PersonAdded, enrich_user),
    Stage(StageName.FINALIZE_TAG, TrainingSent, finalize_tag, emits=(FaceStored,)),
    Stage(StageName.CLEANUP_TAG, TrainingRefused, cleanup_tag, emits=(FaceStored,)),
    Stage(StageName.UNDO_TAG, FaceReopened, undo_tag, emits=(FaceStored,)),
    Stage(StageName.SPLIT_GROUP, FacesStruckOut, split_group, emits=(FaceStored,)),
    Stage(StageName.STORE_CONSENT, ConsentChanged, store_consent, emits=(FaceTagged,)),
    Stage(StageName.SEND_PHOTOS, PhotosAsked, send_photos),
    Stage(StageName.FORGET_PERSON, ForgetAsked, forget_person, emits=(ForgetAsked,)),
    # What it puts into the inbox, the inbox itself hands out.
    Stage(StageName.FETCH_PHOTO, PhotoPosted, fetch_photo, emits=(PhotoArrived,)),
)

SOURCES = (
    Source(INBOX, (PhotoArrived,)),
    Source(StageName.FACE_TAG, (AnswerGiven,)),
    Source("WrongPerson", (FaceReopened,)),
    Source("NotAllTheSame", (FacesStruckOut,)),
    Source("TrainAnyway", (AnswerGiven,)),
    Source("Consent", (ConsentChanged,)),
    Source("PhotosWithMe", (PhotosAsked,)),
    Source("ForgetMe", (ForgetAsked,)),
    Source("PhotoPosted", (PhotoPosted,)),
    Source(
        "TimedJobs",
        (FaceFound, FaceStored, FaceTagged, TrainingRefused, PersonAdded, ConsentChanged, ForgetAsked),
    ),
)


def arrows() -> Iterator[tuple[str, str, str]]:
    """Every way that a message can take: who writes it, its queue, which stage reads it."""
    readers: dict[type[Any], str] = {stage.reads: stage.name for stage in PIPELINE}
    for writer in (*SOURCES, *PIPELINE):
        for message in writer.emits:
            yield writer.name, message.QUEUE, readers[message]


def mermaid() -> str:
    """The flow as a Mermaid drawing."""
    lines = ["flowchart LR"]
    lines += [f"    {source.name}([{source.name}])" for source in SOURCES]
    lines += [f"    {stage.name}[{stage.name}]" for stage in PIPELINE]
    lines += [
        f"    {writer} --> {reader}" if writer == queue else f"    {writer} -- {queue} --> {reader}"
        for writer, queue, reader in arrows()
    ]
    return "\n".join(lines)
