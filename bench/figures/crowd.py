"""What people have to do for each face: answers, clicks, and what the channel is sent."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.child import Missing
from bench.known_faces import Known, drawn
from bench.labelling import Labelled, Team
from bench.rounds import Scale, say
from bench.slack_beside import stand_in
from bench.table import Comparison, Goal, Line, no_goal, no_less_than, no_more_than

NOTE = """\
**Answers for each face.** The whole bot, and photos with one known person in the middle of each, in a folder
for each person; the environment variable `FACES` names the folder around them. Labeled Faces in the Wild is
such a one, with 34 people of 30 photos and more. All photos are taken in before the first answer. Then five
taggers answer in the stand-in, each when the bot has done what follows from the last one’s act. They know who
it is in 95 of 100 requests; of their mistakes, 60 in 100 are the person whose face is nearest by the
recogniser, the others anybody. Of the faces in a request that are another person’s than most they see 90 in
100, and strike them out before they answer. An answer counts once, however many faces it is about; a button
is one click, a list two, a modal two and what is ticked in it. Beside it the same bot with `MAX_GROUP=1` and
`LINE_UP=0`. A face is misjudged that is tagged wrongly because two taggers mistook the person: no bot can
know better, so what is right is told without these. With the machine’s vote: 20 faces of each of 34 people
are asked about one by one, so that it earns its vote, then 10 more of each in groups; a crowd whose own
mistakes keep the machine from earning it is left out. Left out are people in the background of a photo, with
the answers that nobody knows them and what the channel was sent about them; how long people take; and that
who has answered much, or sees a likely name, errs in other ways. Chance comes from a seed. The small sample
is drawn anew in each round, the others once."""

OURS = {"MAX_GROUP": "9", "LINE_UP": "4"}
"""As a bot is unless told otherwise."""
ONE_BY_ONE = OURS | {"MAX_GROUP": "1"}
BARE = ONE_BY_ONE | {"LINE_UP": "0"}
WITH_VOTE = {"MACHINE_VOTE": "earned"}

BESIDE = "each by itself, no names offered"


@dataclass(frozen=True, slots=True)
class Sample:
    """Whose faces are labelled, and how few answers they should take."""

    people: int
    faces: int
    """In all; each person has as many, or one more."""
    answers: float

    def drawn(self, seed: int) -> list[Known]:
        """By the seed."""
        least, over = divmod(self.faces, self.people)
        people = drawn(self.people, least + bool(over), seed)
        return [
            replace(person, photos=person.photos[: least + (number < over)])
            for number, person in enumerate(people)
        ]

    def __str__(self) -> str:
        return f"{self.faces} faces of {self.people} people"


LARGE = Sample(people=25, faces=400, answers=0.36)
SMALL = Sample(people=13, faces=60, answers=0.6)

RECORD_PEOPLE, RECORD_FACES, NEXT_FACES = 34, 20, 10
"""So many people’s faces earn the machine its vote, so many of each; then come so many more."""
NEXT_ANSWERS = 0.3

RECORD_SEEDS = range(1, 6)
"""Of crowds, until with one it is earned: of 600 faces that the machine is sure about, one may be wrong, and
each that two taggers mistook for the same person counts as wrong.
"""

SAME_FACTOR = 1.1
"""What the channel is sent falls as answers do, but for a tenth: who was struck out is asked about twice."""

SPARES_ANSWERS = no_goal("the vote spares answers, a request is sent all the same")

RIGHT = 99.5
"""Per cent."""


def measure(scale: Scale) -> Iterator[Line]:
    """The small sample, the large one, and what the machine's vote saves."""
    yield from _of(SMALL, range(1, scale.rounds + 1))
    if not scale.quick:
        yield from _of(LARGE, range(1, 2))
        yield from _with_vote()


def _of(sample: Sample, seeds: Sequence[int]) -> Iterator[Line]:
    ours, beside = [], []
    for seed in seeds:
        say(f"round {seed}: {sample}")
        people = sample.drawn(seed)
        ours.append(by_a_new_bot(people, seed, OURS))
        beside.append(by_a_new_bot(people, seed, BARE))
    yield from _compared(str(sample), sample.answers, ours, beside)


def _with_vote() -> Iterator[Line]:
    """The same people's next faces, once the machine has earned its vote."""
    say("the machine's vote")
    earned = next((found for seed in RECORD_SEEDS if (found := _next_faces(seed)) is not None), None)
    if earned is None:
        raise Missing(f"none of {len(RECORD_SEEDS)} crowds let the machine earn its vote")
    what = f"{RECORD_PEOPLE * NEXT_FACES} next faces, with the machine’s vote"
    yield from _compared(what, NEXT_ANSWERS, *([each] for each in earned), sent=SPARES_ANSWERS)


def _next_faces(seed: int) -> tuple[Labelled, Labelled] | None:
    """What the next faces took, and beside it; None where no vote was earned with the first."""
    people = drawn(RECORD_PEOPLE, RECORD_FACES + NEXT_FACES, seed)
    first = [replace(each, photos=each.photos[:RECORD_FACES]) for each in people]
    then = [replace(each, photos=each.photos[RECORD_FACES:]) for each in people]
    with team(people, seed) as the_team, tempfile.TemporaryDirectory() as folder:
        record = the_team.label(first, Path(folder), ONE_BY_ONE | WITH_VOTE)
        if not record.machine_votes:
            say(f"the crowd of seed {seed} mistook too many for the machine to earn its vote")
            return None
        return the_team.label(then, Path(folder), OURS | WITH_VOTE), by_a_new_bot(then, seed, BARE)


@contextmanager
def team(people: Sequence[Known], seed: int) -> Iterator[Team]:
    """In a workspace of their own."""
    with stand_in(rate_limits=0.0, file_ready_seconds=0.0) as slack:
        found = Team(slack, people, seed)
        found.move_in()
        yield found


def by_a_new_bot(people: Sequence[Known], seed: int, settings: Mapping[str, str]) -> Labelled:
    """With a new team."""
    with team(people, seed) as the_team, tempfile.TemporaryDirectory() as folder:
        return the_team.label(people, Path(folder), settings)


def _compared(
    what: str,
    most_answers: float,
    ours: Sequence[Labelled],
    beside: Sequence[Labelled],
    *,
    sent: Goal | None = None,
) -> Iterator[Line]:
    """`ours` and `beside`: by round; `sent` is the goal of what the channel is sent, which is else to fall as
    answers do.
    """

    def line(figure: str, value: Callable[[Labelled], float], unit: str, goal: Goal) -> Comparison:
        return Comparison(figure, [*map(value, ours)], [*map(value, beside)], BESIDE, unit, goal)

    answers = line(
        f"answers for each of {what}", lambda each: each.answers, "", no_more_than(most_answers, "answers")
    )
    as_answers = Goal("as answers, and a tenth", lambda line: line.ratio <= SAME_FACTOR * answers.ratio)
    yield answers
    yield line("… clicks", lambda each: each.clicks, "", no_goal("to know"))
    yield line("… posts in Slack", lambda each: each.posts, "", sent or as_answers)
    yield line("… pictures uploaded", lambda each: each.pictures, "", sent or as_answers)
    yield line("… right, but for the next", lambda each: each.right, "%", no_less_than(RIGHT, "%"))
    yield line("… misjudged by two taggers", lambda each: each.misjudged, "%", no_goal("it is the crowd’s"))
