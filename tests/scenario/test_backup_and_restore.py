"""A loaded bot is backed up, killed, and its disk is lost: what came after the backup is gone, and nothing
else.
"""

import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tagbot.sandbox.driver import Slack
from tests.scenario.flood import face_ids, is_open, photos
from tests.scenario.running_bot import RunningBot, quiet, running_bot

PHOTOS = 60
BEFORE = 30
"""Of which so many are there when the backup begins."""

PATIENCE = 90.0
"""Seconds, on a machine that does much else."""

pytestmark = [pytest.mark.process, pytest.mark.ci, pytest.mark.timeout(240)]


@dataclass
class Clicks:
    """What people have said, and when Slack heard that the bot has it."""

    slack: Slack
    acknowledged: dict[tuple[str, str], float] = field(default_factory=dict)
    """By face and tagger."""
    stop: threading.Event = field(default_factory=threading.Event)

    def answer_all(self) -> None:
        """Answer each request as it appears, twice."""
        answered: set[str] = set()
        while not self.stop.is_set():
            for request in self.slack.messages():
                if is_open(request) and request.ts not in answered:
                    answered.add(request.ts)
                    for tagger in self.slack.people[:2]:
                        self._answer(request.ts, face_ids(request)[0], tagger)
            self.stop.wait(0.02)

    def _answer(self, ts: str, face_id: str, tagger: str) -> None:
        act = self.slack.choose(tagger, ts, "tag_person", self.slack.people[2])
        if act.acknowledged_at is not None:
            self.acknowledged.setdefault((face_id, tagger), act.acknowledged_at)


@contextmanager
def answering(slack: Slack) -> Iterator[Clicks]:
    clicks = Clicks(slack)
    thread = threading.Thread(target=clicks.answer_all)
    thread.start()
    try:
        yield clicks
    finally:
        clicks.stop.set()
        thread.join()


def rows(file: Path, sql: str) -> set[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as opened:
        return set(opened.execute(sql))


def put(
    bot: RunningBot, source: Path, ids: Sequence[str], arrived: dict[str, float], pause: float = 0.0
) -> None:
    """Put the photos of these faces into the inbox, one after the other; when each was there."""
    for face_id in ids:
        name = f"{int(face_id.replace('-', '')[-12:], 16):04d}"
        for end in ("json", "jpg"):
            bot.put(f"{name}.{end}", (source / f"{name}.{end}").read_bytes())
        arrived[face_id] = time.time()
        time.sleep(pause)  # they come little by little


def known_faces(data_dir: Path) -> set[str]:
    """In the database, or with their photos in the inbox."""
    sidecars = [json.loads(path.read_text()) for path in (data_dir / "inbox").glob("*.json")]
    waiting = {face["id"] for sidecar in sidecars for face in sidecar["faces"]}
    return waiting | {face for (face,) in rows(data_dir / "tagbot.db", "SELECT id FROM face")}


def known_answers(data_dir: Path) -> set[tuple[str, str]]:
    """Stored, or on their queue."""
    queued = rows(data_dir / "queues/face-tagging.db", "SELECT data FROM ack_queue_messages WHERE status < 9")
    bodies = [json.loads(text)["body"] for (text,) in queued]
    stored = rows(data_dir / "tagbot.db", "SELECT face_id, tagger FROM vote")
    return {(face, tagger) for face, tagger in stored} | {
        (body["face_id"], body["tagger"]) for body in bodies
    }


@pytest.mark.rule("backup-restored", "metrics")
@pytest.mark.failure("disk-lost", shows="what happens")
def test_what_came_after_the_backup_is_lost_and_nothing_else(tmp_path: Path, stand_in: Slack) -> None:
    source, restored = tmp_path / "photos", tmp_path / "restored"
    source.mkdir()
    restored.mkdir()
    ids = photos(source, PHOTOS)
    arrived: dict[str, float] = {}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        running_bot(tmp_path / "data", stand_in, METRICS_PORT=str(port)) as bot,
        answering(stand_in) as clicks,
    ):
        put(bot, source, ids[:BEFORE], arrived)
        bot.wait_for_status(lambda status: status["faces"]["tagged"] > 5, PATIENCE)
        late = threading.Thread(target=put, args=(bot, source, ids[BEFORE:-10], arrived, 0.01))
        late.start()
        began = time.time()
        told = bot.command("backup", str(tmp_path / "a.tar"))
        ended = time.time()
        assert told.returncode == 0, told.stderr
        late.join()
        put(bot, source, ids[-10:], arrived)
        bot.wait_for_status(lambda status: status["faces"]["tagged"] >= BEFORE, PATIENCE)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as told_to_prometheus:
            metrics = told_to_prometheus.read().decode()
        [count] = re.findall(
            r"(?m)^facetag_acknowledgement_duration_seconds_count.*interactive.* (\d+)", metrics
        )
        assert int(count) >= len(clicks.acknowledged) > BEFORE
        assert re.search(r'(?m)^facetag_messages_total{fate="done",stage="FinalizeTag"} \d\d', metrics)
        bot.process.send_signal(signal.SIGKILL)
        bot.process.wait()
    shutil.rmtree(tmp_path / "data")
    subprocess.run(["tar", "-xf", tmp_path / "a.tar", "-C", restored], check=True)

    faces, answers = known_faces(restored), known_answers(restored)
    assert {face for face, at in arrived.items() if at < began} <= faces
    assert faces.isdisjoint(face for face, at in arrived.items() if at > ended)
    assert {answer for answer, at in clicks.acknowledged.items() if at < began} <= answers
    assert answers.isdisjoint(answer for answer, at in clicks.acknowledged.items() if at > ended)
    assert len(faces) < len(arrived), "nothing was lost: the test is about too little"

    with running_bot(restored, stand_in) as bot, answering(stand_in):
        found = bot.wait_for_status(
            lambda status: status["faces"]["tagged"] == len(faces) and quiet(status), PATIENCE
        )
        assert found["faces"] == {"waiting": 0, "open": 0, "training": 0, "rejected": 0, "tagged": len(faces)}
        assert not [trouble for trouble in found["troubles"] if trouble["state"] == "dead"]
        assert {line["face_id"] for line in bot.export()} == faces
    learned = rows(restored / "tagbot.db", "SELECT count(*), count(DISTINCT face_id) FROM trained_vector")
    assert learned == {(len(faces), len(faces))}
