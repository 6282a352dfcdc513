"""The bot's real parts, as `tagbot.app` puts them together, without its threads and its connection."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tagbot import build
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.requests import Request
from tagbot.database.opening import connected, open_database
from tagbot.database.write_lock import writing
from tagbot.messages import AnswerGiven
from tagbot.pipeline import PIPELINE
from tagbot.queues import Queue
from tagbot.sandbox.driver import Slack as StandIn
from tagbot.sandbox.driver import running_slack
from tagbot.services import Services
from tagbot.settings import Settings
from tagbot.vocabulary import State
from tagbot.worker import Worker
from tests.world import environment


@dataclass(frozen=True, slots=True)
class Scene:
    """One bot's parts, and the Slack that it talks to."""

    services: Services
    queues: Mapping[str, Queue]
    slack: StandIn

    def worker(self, stage_name: str) -> Worker:
        """The worker of a stage; several threads may run it."""
        stage = next(stage for stage in PIPELINE if stage.name == stage_name)
        return Worker(stage, self.services.deliveries(stage.reads.QUEUE), self.services)


@contextmanager
def scene(folder: Path, **variables: str) -> Iterator[Scene]:
    """The parts, working in a folder of their own; this thread has a connection to the database."""
    with running_slack(rate_limits=0.0) as slack:
        settings = Settings.from_env(environment(folder, slack, **variables))
        with build.queues(settings) as queues:
            open_database(settings.database_url)
            services = build.services(settings, queues, threading.Event(), timeout=5)
            services.inbox.prepare()
            try:
                with connected():
                    yield Scene(services, queues, slack)
            finally:
                services.training.close()


def open_faces(count: int) -> list[str]:
    """Store so many faces whose requests are open; their ids."""
    now, ids = time.time(), [str(uuid.uuid4()) for _ in range(count)]
    with writing():
        for face_id in ids:
            sha256 = uuid.uuid4().hex * 2
            Request.insert(id=face_id, message_ts=f"{now:.6f}", posted_at=now).execute()
            store_photo(
                {"sha256": sha256, "width": 512, "height": 512, "faces_found": 1, "received_at": now},
                [
                    {
                        "id": face_id,
                        "photo": sha256,
                        "left": 175,
                        "top": 76,
                        "width": 91,
                        "height": 91,
                        "stored_at": now,
                        "state": State.OPEN,
                        "request": face_id,
                    }
                ],
            )
    return ids


def answer(face: Face | str, tagger: str, person: str) -> AnswerGiven:
    """What somebody says now about a face in its first round."""
    face_id, now = face.id if isinstance(face, Face) else face, time.time()
    return AnswerGiven(face_id=face_id, tagger=tagger, answer=person, at=now, received=now)
