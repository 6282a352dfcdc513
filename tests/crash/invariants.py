"""What has to hold in the end, whatever happened: compared from outside, each thing counted."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.database.opening import close_database, connected, open_database
from tagbot.lib.crashes import CRASHED
from tagbot.sandbox.driver import Slack
from tagbot.settings import Settings
from tests.crash.people import Story
from tests.scenario.running_bot import RunningBot

UNFINISHED = "faces lost or unfinished"
WRONGLY_TAGGED = "faces tagged wrongly"
LOST = "answers lost"
ADDED = "answers added"
EXPORT = "lines of the export wrong"
NO_REQUEST = "requests lost"
TWICE_ASKED = "requests doubled"
TOO_MANY = "too many requests open at once"
WRONGLY_SHOWN = "requests shown wrongly"
MODEL = "vectors missing, doubled or of nobody"
STUCK = "messages stuck"
DEAD = "dead letters without a cause"
BUGS = "bugs in the log"

INVARIANTS = (
    UNFINISHED, WRONGLY_TAGGED, LOST, ADDED, EXPORT, NO_REQUEST, TWICE_ASKED, TOO_MANY, WRONGLY_SHOWN, MODEL,
    STUCK, DEAD, BUGS,
)  # fmt: skip
"""What must not be. Each is counted in each run, also in one that did not come to its end."""

_BUG = re.compile(r"^.*\bERROR\b.*\bbug\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    counted: dict[str, int]
    found: dict[str, list[str]]
    """By invariant: each violation in words."""

    @property
    def violations(self) -> list[str]:
        """All of them."""
        return [f"{what}: {each}" for what, those in self.found.items() for each in those]

    def __str__(self) -> str:
        return "\n  ".join([f"{_figures(self.counted)}: {in_short(self.found)}", *self.violations])


def in_short(found: dict[str, list[str]]) -> str:
    """How many of each, and of all."""
    return f"{sum(map(len, found.values()))} violations ({_figures({k: len(v) for k, v in found.items()})})"


def _figures(figures: dict[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in figures.items())


@dataclass
class Watch:
    """What `status` told while the bot worked. Dead letters are gone once somebody says `retry`."""

    most_open: int = 0
    """So many requests were open at once."""
    dead: set[str] = field(default_factory=set)
    """All but suspects, with their reasons: there should be none."""
    suspects: int = 0
    """How often there were messages that had been in a stage's hands at several crashes: a bot that is killed
    again and again has to take them for the cause.
    """
    faces: dict[str, int] = field(default_factory=dict)
    """How many there are in each state, as it was told last."""
    moved_at: float = field(default_factory=time.monotonic)
    """When that changed."""

    @property
    def idle_seconds(self) -> float:
        """For so long no face has got any further, however slow the machine is."""
        return time.monotonic() - self.moved_at

    def look(self, status: dict[str, Any]) -> bool:
        """Note what it tells; whether there are dead letters."""
        if status["faces"] != self.faces:
            self.faces, self.moved_at = status["faces"], time.monotonic()
        self.most_open = max(self.most_open, status["faces"]["open"])
        dead = [trouble for trouble in status["troubles"] if trouble["state"] == "dead"]
        suspects = [trouble for trouble in dead if trouble["error"] == CRASHED]
        self.dead |= {
            f"{trouble['count']} in {trouble['queue']}: {trouble['error']}"
            for trouble in dead
            if trouble not in suspects
        }
        self.suspects += len(suspects)
        return bool(dead)


def outcome(bot: RunningBot, slack: Slack, story: Story, watch: Watch, max_open: int) -> Outcome:
    """Compare what the bot says with what people did and what Slack and the model have."""
    lines, status = bot.export(), bot.status()
    watch.look(status)
    counted = {
        "faces": len(story.lives),
        "tagged": len(lines),
        "answers acknowledged": sum(map(len, story.answered.values())),
        "reopened": len(story.reopened),
        "open at most": watch.most_open,
        "requests": sum(_requests(slack).values()),
        "in the model": sum(line["training"] is not None for line in lines),
        "times taken for the cause of crashes": watch.suspects,
    }
    votes, states = stored(bot)
    found: dict[str, list[str]] = {name: [] for name in INVARIANTS}
    for what, each in (
        *_unfinished(lines, states, story),
        *_tagged_wrongly(lines, slack, story),
        *_votes(votes, slack, story),
        *_differing_export(lines, votes),
        *_asked(slack, story),
        *_too_many_open(watch, max_open),
        *shown_wrongly(slack, story),
        *differing_model(bot),
        *stuck(status),
        *((DEAD, each) for each in sorted(watch.dead)),
        *bugs(bot),
    ):
        found[what].append(each)
    return Outcome(counted, found)


Violations = Iterator[tuple[str, str]]
"""The invariant, and what violates it."""


def stored(bot: RunningBot) -> tuple[dict[str, list[tuple[str, str]]], dict[str, str]]:
    """Answers and states of all faces, also of those that the export does not tell of."""
    open_database(Settings.from_env(bot.env).database_url)
    try:
        with connected():
            states = {face.id: face.state for face in Face.select(Face.id, Face.state)}
            votes = Vote.of_each(list(states))
    finally:
        close_database()
    return {
        face_id: sorted((vote.tagger, vote.answer) for vote in those) for face_id, those in votes.items()
    }, states


def _unfinished(lines: list[dict[str, Any]], states: dict[str, str], story: Story) -> Violations:
    """Every face is once in its final state."""
    for face_id, life in story.lives.items():
        final = "tagged" if life.is_tagged else "rejected"
        if states.get(face_id) != final:
            yield UNFINISHED, f"{face_id} is {states.get(face_id, 'nowhere')}, where {final} is right"
    yield from ((UNFINISHED, f"{face_id} is nobody's") for face_id in states.keys() - story.lives.keys())
    found = Counter(str(line["face_id"]) for line in lines)
    yield from (
        (UNFINISHED, f"{face_id} is there {count} times") for face_id, count in found.items() if count > 1
    )


def _tagged_wrongly(lines: list[dict[str, Any]], slack: Slack, story: Story) -> Violations:
    """At the right person, and in the model."""
    for line in lines:
        face_id, person = str(line["face_id"]), line["person"]["slack_id"]
        if face_id in story.lives and person != story.person(face_id, slack.people):
            yield WRONGLY_TAGGED, f"{face_id} is {person}'s"
        if line["training"] is None:
            yield MODEL, f"{face_id} is not in the model"


def _votes(votes: dict[str, list[tuple[str, str]]], slack: Slack, story: Story) -> Violations:
    """Each tagger's last answer, as far as Slack was told that it was taken, once."""
    for face_id in story.lives:
        stored, wanted = Counter(votes.get(face_id, [])), Counter(_answers(story, face_id, slack.people))
        yield from ((LOST, f"on {face_id} of {each}") for each in (wanted - stored).elements())
        yield from ((ADDED, f"on {face_id} of {each}") for each in (stored - wanted).elements())


def _answers(story: Story, face_id: str, people: list[str]) -> Iterable[tuple[str, str]]:
    return story.votes(face_id, people).items()


def _differing_export(lines: list[dict[str, Any]], votes: dict[str, list[tuple[str, str]]]) -> Violations:
    """It tells the answers as they are stored."""
    for line in lines:
        told = sorted((vote["tagger"], vote["answer"]) for vote in line["votes"])
        if told != votes[line["face_id"]]:
            yield EXPORT, f"{line['face_id']} with {told}"


def _requests(slack: Slack) -> Counter[tuple[str, int]]:
    return Counter(
        (message.metadata["event_payload"]["face_id"], message.metadata["event_payload"]["round"])
        for message in slack.messages()
        if message.metadata is not None
    )


def _asked(slack: Slack, story: Story) -> Violations:
    """One request for each face and round."""
    wanted = Counter(
        (face_id, number)
        for face_id, life in story.lives.items()
        for number in range(1, len(life.rounds) + 1)
    )
    found = _requests(slack)
    yield from (
        (NO_REQUEST, f"round {number} of {face_id}") for face_id, number in (wanted - found).elements()
    )
    yield from (
        (TWICE_ASKED, f"round {number} of {face_id}") for face_id, number in (found - wanted).elements()
    )


def _too_many_open(watch: Watch, max_open: int) -> Violations:
    if watch.most_open > max_open:
        yield TOO_MANY, f"{watch.most_open} where {max_open} may be"


def shown_wrongly(slack: Slack, story: Story) -> Violations:
    """What people see in the end."""
    names = {id_: member.real_name for id_, member in slack.members().items()}
    for message in slack.messages():
        if message.metadata is None:
            continue
        face_id, number = (message.metadata["event_payload"][key] for key in ("face_id", "round"))
        if number < len(story.lives[face_id].rounds):
            right = "reopened this face" in message.text
        elif story.lives[face_id].is_tagged:
            right = message.text.startswith(f"Tagged as {names[story.person(face_id, slack.people)]}")
        else:
            right = "nobody to tag" in message.text
        if not right:
            yield WRONGLY_SHOWN, f"round {number} of {face_id} as {message.text!r}"


def differing_model(bot: RunningBot) -> Violations:
    """One vector for each tagged face, at its person, and no other."""
    reconciled = bot.command("reconcile")
    if reconciled.returncode != 0:
        yield MODEL, reconciled.stdout or reconciled.stderr


def stuck(status: dict[str, Any]) -> Violations:
    """No queue holds anything that is not dead."""
    for queue, counts in status["queues"].items():
        held = {state: number for state, number in counts.items() if number and state != "dead"}
        if held:
            yield STUCK, f"{queue} holds {held}"


def bugs(bot: RunningBot) -> Violations:
    """What this bot and those beside it have told the log; a dead letter of one may be revived unseen."""
    for log in sorted(bot.data_dir.parent.glob("*/bot.log")):
        yield from ((BUGS, line) for line in _BUG.findall(log.read_text(errors="replace")))
