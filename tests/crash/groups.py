"""Kill the bot at random moments while faces share requests, are struck out and reopened, and count what got
lost or was done twice.

    python -m tests.crash --groups --seeds 1-20

The bot forms its groups blindly, so that most of them hold several people's faces. People strike out who is
not the same, answer, and now and then agree on somebody wrong and reopen some of the faces. In the end every
face has its person.
"""

import random
import re
import time
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act, Message
from tests.crash import grouping_bot
from tests.crash.crash import (
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    Nemesis,
    Run,
    a_folder,
    backend,
    break_something,
    database,
    heal,
    put_suspects_back,
    status_of,
    stop_for,
)
from tests.crash.invariants import (
    ADDED,
    DEAD,
    LOST,
    NO_REQUEST,
    TOO_MANY,
    TWICE_ASKED,
    UNFINISHED,
    WRONGLY_SHOWN,
    WRONGLY_TAGGED,
    Outcome,
    Violations,
    Watch,
    bugs,
    differing_model,
    stored,
    stuck,
)
from tests.crash.people import Acting
from tests.scenario.flood import face_ids, offers, photos
from tests.scenario.running_bot import RunningBot, quiet
from tests.world import environment

OVER = re.compile(r"^(<@\w+>|FaceTag's operator) (reopened|took) .*asked about again")
"""What a message begins with whose faces have all left it."""

MOST_OPEN = 3


@dataclass
class Crowd(Acting):
    """They strike out who is not the same, answer, and reopen what is wrong."""

    acknowledged: set[tuple[object, ...]] = field(default_factory=set)
    """What they have done, each once."""
    most_open: int = 0
    """So many messages showed the controls of an open request at once."""
    splits: int = 0
    reopened: int = 0

    def act_once(self) -> None:
        """Look at each request, and at each message that says who it is."""
        messages = [message for message in self.slack.messages() if message.metadata is not None]
        self.most_open = max(self.most_open, sum(offers(each, "tag_person") for each in messages))
        for message in messages:
            with suppress(Refused):  # it looks different by now
                self._look_at(message)

    def _look_at(self, message: Message) -> None:
        faces = face_ids(message)
        truths = [self.truth(face) for face in faces]
        if offers(message, "tag_person"):
            odd = [face for face, truth in zip(faces, truths, strict=True) if truth != truths[0]]
            if odd:
                self._tick(message, "not_all_the_same", "odd_ones", odd)
            else:
                self._answer(message, faces, truths[0])
        elif offers(message, "wrong_person"):
            self._reopen_wrong_ones(message, faces)

    def _answer(self, message: Message, faces: list[str], truth: str) -> None:
        """Two people agree; on one first asked about alone, now and then, on somebody else at first."""
        is_first = message.metadata is not None and message.metadata["event_payload"]["round"] == 1
        if is_first and zlib.crc32(faces[0].encode()) % 4 == 0:
            truth = self.slack.people[2 + (self.slack.people.index(truth) - 1) % 3]
        for tagger in self.slack.people[:2]:
            mark = (message.ts, tuple(faces), tagger, truth)
            if mark not in self.acknowledged and self._done(
                self.slack.choose(tagger, message.ts, "tag_person", truth)
            ):
                self.acknowledged.add(mark)

    def _reopen_wrong_ones(self, message: Message, faces: list[str]) -> None:
        """Those whose message names somebody else."""
        wrong = [face for face in faces if f"Tagged as {self.names[self.truth(face)]}" not in message.text]
        if not wrong:
            return
        if len(faces) > 1:
            self._tick(message, "wrong_person", "wrong_ones", wrong)
            return
        mark = (message.ts, "reopened", tuple(wrong))
        if mark not in self.acknowledged and self._done(
            self.slack.click(self.slack.people[0], message.ts, "wrong_person")
        ):
            self.acknowledged.add(mark)
            self.reopened += 1

    def _tick(self, message: Message, action: str, block_id: str, faces: list[str]) -> None:
        """Open the modal, tick some, and submit it; a modal of before is closed by the new one."""
        mark = (message.ts, action, tuple(faces))
        if mark in self.acknowledged:
            return
        member = self.slack.people[0]
        before = {view.id for view in self.slack.views(member)}
        if not self._done(self.slack.click(member, message.ts, action)):
            return
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            new = [view for view in self.slack.views(member) if view.id not in before]
            if new:
                if self._done(self.slack.submit(member, new[-1].id, {block_id: faces})):
                    self.acknowledged.add(mark)
                    self.splits += action == "not_all_the_same"
                    self.reopened += action == "wrong_person"
                return
            time.sleep(0.02)  # the bot may be dead

    def _done(self, act: Act) -> bool:
        return act.acknowledged


def run(folder: Path, slack: Slack, wanted: Run, *, patience: float = PATIENCE_SECONDS) -> Outcome:
    """One run, and what it came to."""
    chance, source = random.Random(wanted.seed), folder / "photos"
    source.mkdir()
    faces, crowd = photos(source, wanted.faces), Crowd(slack)
    with backend(wanted.backend) as (rekognition, settings), database(wanted.database) as (server, address):
        common = {"MAX_OPEN_REQUESTS": str(MOST_OPEN), "RETRY_MAX_SECONDS": "0.5", "MAX_ATTEMPTS": "1000"}
        env = environment(a_folder(folder, 0), slack, **common, **settings, **address)
        nemesis = Nemesis(chance, [env], program=Path(grouping_bot.__file__))
        try:
            nemesis.start()
            added = nemesis.any_bot(slack).command("add", str(source))
            assert added.returncode == 0, added.stderr
            with crowd.acting():
                for number in range(wanted.kills):
                    if server is not None and wanted.database_away and number == wanted.kills // 2:
                        stop_for(server, wanted.database_away)
                    time.sleep(nemesis.life())  # not a wait for something: the moment of the kill
                    nemesis.kill_one()
                    if wanted.faults:
                        break_something(slack, rekognition, chance)
                    nemesis.start()
                bot, watch = nemesis.any_bot(slack), Watch()
                while not is_done(bot, faces, watch, crowd) and watch.idle_seconds < patience:
                    time.sleep(PAUSE_SECONDS)
            heal(slack, rekognition)
            return outcome(bot, faces, watch, crowd)
        finally:
            nemesis.kill_all()


def is_done(bot: RunningBot, faces: list[str], watch: Watch, crowd: Crowd) -> bool:
    """Whether every face is tagged and shown so, and no queue holds anything."""
    status = status_of(bot)
    if watch.look(status):
        bot.command("retry")
    watch.suspects += put_suspects_back(bot)
    tagged = status["faces"]["tagged"] == len(faces)
    return tagged and quiet(status) and not any(shown_wrongly(faces, crowd))


def outcome(bot: RunningBot, faces: list[str], watch: Watch, crowd: Crowd) -> Outcome:
    """Compare what the bot says with what people did and what Slack and the model have."""
    lines, status = bot.export(), bot.status()
    watch.look(status)
    votes, states = stored(bot)
    counted = {
        "faces": len(faces),
        "tagged": len(lines),
        "struck out or reopened": crowd.splits + crowd.reopened,
        "open at most": crowd.most_open,
        "times taken for the cause of crashes": watch.suspects,
        "requests": sum(message.metadata is not None for message in crowd.slack.messages()),
    }
    found: dict[str, list[str]] = {}
    for what, each in (
        *((UNFINISHED, f"{face} is {states.get(face)}") for face in faces if states.get(face) != "tagged"),
        *_tagged_wrongly(lines, crowd),
        *_votes(votes, faces, crowd),
        *shown_wrongly(faces, crowd),
        *differing_model(bot),
        *stuck(status),
        *((DEAD, each) for each in sorted(watch.dead)),
        *bugs(bot),
        *([(TOO_MANY, str(crowd.most_open))] if crowd.most_open > MOST_OPEN else []),
    ):
        found.setdefault(what, []).append(each)
    return Outcome(counted, found)


def _tagged_wrongly(lines: list[dict[str, Any]], crowd: Crowd) -> Violations:
    for line in lines:
        if line["person"]["slack_id"] != crowd.truth(line["face_id"]):
            yield WRONGLY_TAGGED, str(line["face_id"])


def _votes(votes: dict[str, list[tuple[str, str]]], faces: list[str], crowd: Crowd) -> Violations:
    """Both answers of the last round, once, and no other."""
    for face in faces:
        wanted = Counter((tagger, crowd.truth(face)) for tagger in crowd.slack.people[:2])
        there = Counter(votes.get(face, []))
        yield from ((LOST, f"on {face} of {each}") for each in (wanted - there).elements())
        yield from ((ADDED, f"on {face} of {each}") for each in (there - wanted).elements())


def shown_wrongly(faces: list[str], crowd: Crowd) -> Violations:
    """Each face is in one message that is not over, which says who it is."""
    living = [
        message
        for message in crowd.slack.messages()
        if message.metadata is not None and not OVER.match(message.text)
    ]
    where = Counter(face for message in living for face in face_ids(message))
    yield from ((NO_REQUEST, face) for face in faces if not where[face])
    yield from ((TWICE_ASKED, face) for face, count in where.items() if count > 1)
    for message in living:
        for face in face_ids(message):
            if not message.text.startswith(f"Tagged as {crowd.names[crowd.truth(face)]}"):
                yield WRONGLY_SHOWN, f"{face} as {message.text!r}"
