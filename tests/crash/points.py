"""Every boundary of every stage, by SIGKILL: the bot dies there, is started again, and dies at the next.

    python -m tests.crash --points                                          all of them
    python -m tests.crash --points "UndoTag, after a call, 2" --backend local    one

A story is four faces that take every way through the bot. First they take it undisturbed, to see where a bot
comes to; then as often as it takes to have died everywhere. In one story a stage dies fewer times than make a
message the suspect of a crash.
"""

import hashlib
import subprocess
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tagbot import build
from tagbot.lib import failpoints
from tagbot.messages import FaceReopened
from tagbot.pipeline import PIPELINE
from tagbot.queues import MAX_CRASHES
from tagbot.queues.publish import publish
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.settings import Settings
from tagbot.slack.updates import UPDATES
from tagbot.stages.detect_faces import FACE_IDS
from tests.clean_environment import clean_environment
from tests.crash.crash import backend, is_done
from tests.crash.invariants import INVARIANTS, Outcome, Watch, in_short, outcome
from tests.crash.mortal import Notes, Place
from tests.crash.people import AGREED, CHANGED_MIND, NOBODY, WRONG_AT_FIRST, Life, People, Story
from tests.forked import ROOT, BotProcess
from tests.scenario.flood import photos
from tests.scenario.running_bot import RunningBot
from tests.world import environment

BACKENDS = ("local", "rekognition")

MORTAL = ROOT / "tests/crash/mortal.py"
"""A bot that dies where it is told to."""

_CALLS = (failpoints.BEFORE_CALL, failpoints.AFTER_CALL)

NEVER_REACHED: dict[str, frozenset[tuple[str, str]]] = {
    "local": frozenset(
        (stage, point)
        # The recogniser is a part of the bot; what one person is told, a thread of its own tells.
        for stage in ("DetectFaces", "SendFaceForTraining", "UndoTag")
        for point in _CALLS
    ),
    "rekognition": frozenset(),
}
"""By training backend, what a stage does not have there; besides `NOWHERE_REACHED`."""

NOWHERE_REACHED = frozenset(
    {
        # What Slack shows is the affair of the thread `UPDATES`.
        *((stage, point) for stage in ("FinalizeTag", "CleanupTag") for point in _CALLS),
        # The recogniser is a part of the bot.
        *(("IdentifyFace", point) for point in _CALLS),
        # Nothing follows from these.
        ("RequestTaggingOnSlack", failpoints.AFTER_OUTPUT),
        ("EnrichUser", failpoints.AFTER_OUTPUT),
        # This has no messages, which alone have outputs and are acknowledged.
        (UPDATES, failpoints.AFTER_OUTPUT),
        (UPDATES, failpoints.BEFORE_ACKNOWLEDGEMENT),
        # In this story each face is asked about by itself: tests/stages/test_groups.py dies at these.
        *(("SplitGroup", point) for point in failpoints.POINTS),
        # What this brings, the inbox hands out.
        ("FetchPhoto", failpoints.AFTER_OUTPUT),
        # In this story nobody says anything about being learned: tests/stages/test_store_consent.py does.
        *(("StoreConsent", point) for point in failpoints.POINTS),
        # Nor does anybody ask for their photos: tests/stages/test_send_photos.py does.
        *(("SendPhotos", point) for point in failpoints.POINTS),
        # Nor does anybody want to be forgotten: tests/crash/forgetting.py dies at these.
        *(("ForgetPerson", point) for point in failpoints.POINTS),
    }
)
"""What a stage does not have."""

LONGEST_WAIT = 60.0
"""Seconds that a story may take between two deaths."""

LOOK_SECONDS = 0.3

FRUITLESS = 3
"""So many stories in which the bot came to no more of the places that are left are enough."""


def to_reach(training: str) -> set[tuple[str, str]]:
    """All points that there are, with a training backend."""
    names = [*(stage.name for stage in PIPELINE), UPDATES]
    all_ = {(name, point) for name in names for point in failpoints.POINTS}
    return all_ - NEVER_REACHED[training] - NOWHERE_REACHED


@dataclass
class Lives:
    """A bot that is started again whenever it died."""

    bot: RunningBot
    notes: Path
    number: int = 1

    @classmethod
    def begin(cls, folder: Path, slack: Slack, settings: dict[str, str]) -> "Lives":
        """Its first one."""
        data = folder / "data"
        (data / "inbox").mkdir(parents=True)
        env = environment(data, slack, MAX_OPEN_REQUESTS=str(MAX_OPEN), **settings)
        return cls(RunningBot(_started(data, folder, env), data, slack, env), folder)

    def go_on(self) -> None:
        """Let it live for a while; when it died, start it again."""
        with suppress(subprocess.TimeoutExpired):
            self.bot.process.wait(LOOK_SECONDS)
            self.bot.process = _started(self.bot.data_dir, self.notes, self.bot.env)
            self.number += 1

    def end(self) -> None:
        """For good."""
        self.bot.process.kill()
        self.bot.process.wait()


def _started(data: Path, notes: Path, env: Mapping[str, str]) -> BotProcess:
    settings = clean_environment(**env)
    return BotProcess(str(notes), cwd=data, env=settings, output=data / "bot.log", program=MORTAL)


def tell(folder: Path, slack: Slack, training: str, wanted: Iterable[Place]) -> tuple[Outcome, Notes]:
    """One story, in which the bot dies at each of these places that it comes to; what it came to."""
    notes = Notes(folder)
    notes.note("wanted", *wanted)
    with backend(training) as (_, settings):
        lives = Lives.begin(folder, slack, settings)
        try:
            faces = put_photos(folder / "photos", lives.bot)
            story, watch = Story(dict(zip(faces, FOUR, strict=True))), Watch()
            with People(slack, story).acting():
                go_on(lives, story, watch)
                reopen_late(lives.bot, faces[FOUR.index(WRONG_AT_FIRST)])
                go_on(lives, story, watch)
            return outcome(lives.bot, slack, story, watch, MAX_OPEN), notes
        finally:
            lives.end()


FOUR: tuple[Life, ...] = (WRONG_AT_FIRST, NOBODY, CHANGED_MIND, Life((AGREED,)))

MAX_OPEN = 1
"""Room for one request in the channel, so that each that closes lets another one in."""


def put_photos(source: Path, bot: RunningBot) -> list[str]:
    """Drop the photos into the inbox; the ids of their faces. The first is posted in Slack, and so comes
    without a sidecar: its face has to be found.
    """
    source.mkdir()
    faces = photos(source, len(FOUR))
    (source / "0000.json").unlink()
    posted = source / "0000.jpg"
    sha256 = hashlib.sha256(posted.read_bytes()).hexdigest()
    bot.slack.wait_for_connections(timeout=LONGEST_WAIT)
    bot.slack.share(bot.slack.people[0], "photo.jpg", posted.read_bytes())
    posted.unlink()
    for file in sorted(source.iterdir(), key=lambda file: (file.suffix == ".jpg", file.name)):
        bot.put(file.name, file.read_bytes())
    return [str(uuid.uuid5(FACE_IDS, f"{sha256}:0")), *faces[1:]]


def reopen_late(bot: RunningBot, face_id: str) -> None:
    """Let somebody find a face wrong that has been reopened by then: they are told so."""
    with build.beside(Settings.from_env(bot.env)) as queues:
        publish(queues, FaceReopened(face_id=face_id, round=1, by=bot.slack.people[1]))


def go_on(lives: Lives, story: Story, watch: Watch) -> None:
    """Until nothing is left to do, or nothing more happens."""
    number, until = lives.number, time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        lives.go_on()
        if lives.number != number:
            number, until = lives.number, time.monotonic() + LONGEST_WAIT
        elif story.is_told and is_done(lives.bot, story, watch):
            return


NEVER_DIED = "places never died at"
LISTED_WRONGLY = "points listed wrongly"


@dataclass
class Deaths:
    """All that has been died, with a training backend."""

    training: str
    killed: set[Place] = field(default_factory=set)
    found: dict[str, list[str]] = field(
        default_factory=lambda: {name: [] for name in (*INVARIANTS, NEVER_DIED, LISTED_WRONGLY)}
    )
    """What was violated, as in `Outcome`."""

    def matrix(self) -> None:
        """Die at every place that a bot comes to, and print each story."""
        reached = set(self.one_story(()))
        wrong = to_reach(self.training) ^ {(place.stage, place.point) for place in reached}
        self.found[LISTED_WRONGLY] += [", ".join(each) for each in sorted(wrong)]
        self.at(reached)

    def at(self, places: set[Place]) -> None:
        """Die at each of these places."""
        fruitless = 0
        while (left := places - self.killed) and fruitless < FRUITLESS:
            self.one_story(_some_of(sorted(left)))
            fruitless = 0 if left - self.killed != left else fruitless + 1
        self.found[NEVER_DIED] += [str(place) for place in sorted(left)]

    def one_story(self, wanted: Sequence[Place]) -> list[Place]:
        """Print where the bot died, and what it came to; where it came to."""
        started = time.monotonic()
        with a_slack() as slack, tempfile.TemporaryDirectory() as folder:
            came_to, notes = tell(Path(folder), slack, self.training, wanted)
            killed, reached = notes.places("killed"), notes.places("reached")
        for place in killed:
            print(f"{self.training}: killed at {place}")
        print(
            f"{self.training}, {len(killed)} kills, {time.monotonic() - started:.0f} s: {came_to}", flush=True
        )
        self.killed |= set(killed)
        for name, those in came_to.found.items():
            self.found[name] += those
        return reached

    def __str__(self) -> str:
        violations = [f"{what}: {each}" for what, those in self.found.items() for each in those]
        first = f"{self.training}: died at {len(self.killed)} places, {in_short(self.found)}"
        return "\n  ".join([first, *violations])


def _some_of(places: Sequence[Place]) -> list[Place]:
    """As many of each stage as its messages bear in one story."""
    of_stage: Counter[str] = Counter()
    some = []
    for place in places:
        of_stage[place.stage] += 1
        if of_stage[place.stage] < MAX_CRASHES:
            some.append(place)
    return some


@contextmanager
def a_slack() -> Iterator[Slack]:
    """One that takes no time."""
    with running_slack(file_ready_seconds=0.0, rate_limits=0.0, retry_seconds=[1.0] * 3) as slack:
        yield slack


def run(trainings: Iterable[str], places: set[Place]) -> int:
    """Die everywhere, or at these places; how many violations there were."""
    found = 0
    for training in trainings:
        deaths = Deaths(training)
        if places:
            deaths.at(places)
        else:
            deaths.matrix()
        print(deaths, flush=True)
        found += sum(map(len, deaths.found.values()))
    return found
