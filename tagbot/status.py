"""What the bot has done, what waits and why: the same for `/facetag status` and `python bot.py status`."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from tagbot.database import connected
from tagbot.inbox import Inbox
from tagbot.models import Face, Notice, photos_without_faces
from tagbot.queues import Counts, Trouble
from tagbot.training.ledger import usage


class Countable(Protocol):
    """The part of a queue that tells how it is."""

    def counts(self) -> Counts:
        """As `tagbot.queues.Queue` says."""

    def troubles(self) -> list[Trouble]:
        """As `tagbot.queues.Queue` says."""


def collect(queues: Mapping[str, Countable], inbox: Inbox) -> dict[str, Any]:
    """The figures, as `status --json` prints them."""
    with connected():
        return {
            "faces": Face.counts(),
            "queues": {name: asdict(queue.counts()) for name, queue in queues.items()},
            "inbox": inbox.waiting(),
            "photos_without_faces": photos_without_faces(),
            "training": usage(time.time()),
            "notices": [notice.text for notice in Notice.select().order_by(Notice.since)],
            "troubles": [
                {"queue": name, **asdict(trouble)}
                for name, queue in queues.items()
                for trouble in queue.troubles()
            ],
        }


def in_words(status: Mapping[str, Any]) -> str:
    """The figures as sentences, for people."""
    faces = status["faces"]
    about_faces = (
        f"Faces: {faces['tagged']} tagged, {faces['open']} open, {faces['training']} being learned, "
        f"{faces['waiting']} waiting to be asked, {faces['rejected']} set aside."
    )
    lines = [
        about_faces,
        *_about_photos(status),
        *(_about_queue(name, counts) for name, counts in status["queues"].items() if any(counts.values())),
        *map(_about_trouble, status["troubles"]),
        *_about_training(status["training"]),
        *(f"Please look at this: {notice}." for notice in status["notices"]),
    ]
    if not any(any(counts.values()) for counts in status["queues"].values()):
        lines.append("Nothing is waiting between the stages.")
    return "\n".join(lines)


def _about_photos(status: Mapping[str, Any]) -> list[str]:
    lines = []
    if status["inbox"]:
        photos = "photo" if status["inbox"] == 1 else "photos"
        lines.append(f"Inbox: {status['inbox']} {photos} to take over.")
    if status["photos_without_faces"]:
        lines.append(f"Photos in which no face was found: {status['photos_without_faces']}.")
    return lines


def _about_queue(name: str, counts: Mapping[str, int]) -> str:
    parts = {
        "ready": "ready",
        "in_flight": "being worked on",
        "delayed": "waiting for another attempt",
        "dead": "given up (dead letters)",
    }
    return (
        f"{name}: " + ", ".join(f"{counts[key]} {words}" for key, words in parts.items() if counts[key]) + "."
    )


def _about_training(usage: Mapping[str, Any] | None) -> list[str]:
    if usage is None:
        return []
    cost = f"about ${usage['estimated_dollars']:.2f}"
    return [f"Amazon Rekognition since the start of the month: {usage['calls']} calls, {cost}."]


def _about_trouble(trouble: Mapping[str, Any]) -> str:
    what = "waiting for another attempt" if trouble["state"] == "delayed" else "given up"
    return f"{trouble['queue']}: {trouble['count']} {what} because: {trouble['error']}."
