"""Many photos at once, and people who answer as fast as they are asked."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Act, Message
from tests.scenario.running_bot import quiet, running_bot
from tests.world import PORTRAIT_FACE, portrait


def photos(folder: Path, count: int) -> list[str]:
    """Write so many different photos, each with a sidecar that has its face; the ids of the faces."""
    ids = [str(uuid.UUID(int=number, version=4)) for number in range(count)]
    for number, face_id in enumerate(ids):
        (folder / f"{number:04d}.json").write_text(
            json.dumps({"faces": [{"id": face_id, "rectangle": asdict(PORTRAIT_FACE)}]})
        )
        (folder / f"{number:04d}.jpg").write_bytes(portrait(number))
    return ids


def is_open(message: Message) -> bool:
    """Whether it shows the controls of an open request."""
    return offers(message, "tag_person")


def offers(message: Message, action_id: str) -> bool:
    """Whether it shows this control."""
    return any(
        element.get("action_id") == action_id
        for block in message.blocks
        for element in block.get("elements", ())
    )


def face_ids(request: Message) -> list[str]:
    """The faces that it is about, by its metadata."""
    assert request.metadata is not None
    return list(request.metadata["event_payload"]["face_ids"])


def flood(
    folder: Path, slack: Slack, *, count: int, most_open: int, patience: float, **settings: str
) -> list[Act]:
    """Add `count` photos at once and have two people answer each request; what they did.

    Fails when there ever are more requests in the channel than allowed, or when not all end as tagged.
    """
    source = folder / "photos"
    source.mkdir()
    photos(source, count)
    with running_bot(folder / "data", slack, MAX_OPEN_REQUESTS=str(most_open), **settings) as bot:
        added = bot.command("add", str(source))
        assert f"{count} added, 0 known already, 0 refused" in added.stdout, added.stderr
        acts = [
            act for request in _requests(slack, count, most_open, patience) for act in _answer(slack, request)
        ]
        status = bot.wait_for_status(quiet)
        assert status["faces"]["tagged"] == count
    return acts


def _requests(slack: Slack, count: int, most_open: int, patience: float) -> Iterator[Message]:
    """Each request as it appears."""
    done: set[str] = set()
    deadline = time.monotonic() + patience
    while len(done) < count:
        assert time.monotonic() < deadline, f"{len(done)} of {count} after {patience} s"
        open_now = slack.wait_for(
            lambda: [message for message in slack.messages() if is_open(message)],
            "an open request",
            timeout=30,
        )
        assert len(open_now) <= most_open
        fresh = [message for message in open_now if message.ts not in done]
        done.update(message.ts for message in fresh)
        yield from fresh


def _answer(slack: Slack, request: Message) -> Iterator[Act]:
    for tagger in slack.people[:2]:
        yield slack.choose(tagger, request.ts, "tag_person", slack.people[2])
