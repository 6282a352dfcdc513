"""What grows with the number of faces, and what does not."""

import io
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median

from bench.child import in_child
from bench.many_faces import BEGAN, OPEN_FACES, Place, place
from bench.rounds import Scale, say
from bench.scene import Scene, answer, scene
from bench.table import Comparison, Line, at_most
from tagbot.commands import export
from tagbot.database.models import export_lines
from tagbot.database.models.faces import Face
from tagbot.database.models.places import Places, one_by_one
from tagbot.database.write_lock import writing
from tagbot.messages import AnswerGiven
from tagbot.monitoring import status_figures
from tagbot.queues import Delivery
from tagbot.stages.store_face_tag_sql import store_face_tag_sql
from tagbot.vocabulary import State

NOTE = """\
**Growth.** The same acts on databases of 1,000, 100,000 and 1,000,000 faces (nine in ten tagged, two votes
each), by turns; the larger two have a queue through which 100,000 messages went before. Claim: a message
that is ready is taken. Vote: the stage StoreFaceTagSql. `status`: all that it shows. Export: a line of
JSON, of the first 850. Next request: the place that became free is given to the face that waits longest.
Medians of each round."""

FIRST = 1000
DONE_MESSAGES = 100_000

EXPORTS = 25
"""At each size: one that is as long as it takes another program to wake up differs by a tenth and more."""

LINES = 850
"""In each export: the smallest database has hardly more tagged faces."""


def measure(scale: Scale) -> Iterator[Line]:
    """Each act at each size, beside the smallest."""
    sizes = [FIRST, 30_000] if scale.quick else [FIRST, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as databases:
        rounds = []
        for number in range(1, scale.rounds + 1):
            say(f"round {number}: growth")
            turns = scale.of(200, 60)
            rounds.append(in_child(f"{__name__}:microseconds", databases=databases, sizes=sizes, turns=turns))
    for act in rounds[0]:
        for size in sizes[1:]:
            yield Comparison(
                f"{act}, {size:,} faces",
                [each[act][str(size)] for each in rounds],
                [each[act][str(FIRST)] for each in rounds],
                f"{FIRST:,} faces",
                "µs",
                at_most(1.2),
            )


def microseconds(databases: str, sizes: list[int], turns: int) -> Mapping[str, Mapping[str, float]]:
    """In a child: medians by act and size; the databases are built by the first one."""
    taken: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene, ExitStack() as stack:
        places = [
            stack.enter_context(
                place(
                    Path(folder) / str(size),
                    Path(databases),
                    size,
                    DONE_MESSAGES if size != FIRST else 0,
                    the_scene.services.settings,
                )
            )
            for size in sizes
        ]
        acts = [(here, Acts(here, the_scene)) for here in places]
        for _ in range(turns):
            for here, its_acts in acts:
                with here.used():
                    for name, seconds in its_acts.all():
                        taken[name][str(here.faces)].append(seconds * 1e6)
        for _ in range(EXPORTS):
            for here in places:
                with here.used():
                    taken["`export`, a line"][str(here.faces)].append(export_a_line() * 1e6)
    return {act: {size: median(values) for size, values in by_size.items()} for act, by_size in taken.items()}


class Acts:
    """What is done again and again in one place, each act undone before the next."""

    def __init__(self, here: Place, the_scene: Scene) -> None:
        self._queue = here.queues[AnswerGiven.QUEUE]
        self._here = here
        self._services = the_scene.services
        self._tagger, self._person = the_scene.slack.people[:2]
        self._services.slack.members.can_be_chosen(self._person, by=self._tagger)
        with here.used():
            self._open = [face.id for face in Face.select(Face.id).where(Face.state == State.OPEN)]
        self._turn = 0

    def all(self) -> Iterator[tuple[str, float]]:
        """Each act with the seconds that it took."""
        self._turn += 1
        yield "claim", self._claim()
        yield "vote", self._vote()
        yield "`status`", _seconds(lambda: status_figures.collect(self._here.queues, self._services.inbox))
        yield "next request", self._next_request()

    def _claim(self) -> float:
        given = answer(self._open[0], self._tagger, self._person)
        self._queue.put(given.id, given.key, given.to_json())
        taken: list[Delivery | None] = []
        seconds = _seconds(lambda: taken.append(self._queue.get(timeout=0)))
        if taken[0] is None:
            raise RuntimeError("the message is not there")
        taken[0].ack()
        return seconds

    def _vote(self) -> float:
        given = answer(self._open[self._turn % len(self._open)], self._tagger, self._person)
        return _seconds(lambda: list(store_face_tag_sql(given, self._services)))

    def _next_request(self) -> float:
        let_in: list[str] = []
        places = Places(OPEN_FACES + 1, one_by_one(lambda: BEGAN))
        seconds = _seconds(lambda: let_in.extend(each.face_id for each in places.let_next_in()))
        if len(let_in) != 1:
            raise RuntimeError("no face was let in")
        with writing():
            Face.update(pending=None, request=None, number=None).where(Face.id == let_in[0]).execute()
        return seconds


def export_a_line() -> float:
    """Seconds, the first line's included, for which they may have to be sorted."""
    out = io.StringIO()
    seconds = _seconds(lambda: export.write_jsonl(islice(export_lines.lines(), LINES), out))
    if out.getvalue().count("\n") != LINES:
        raise RuntimeError(f"there are no {LINES} tagged faces")
    return seconds / LINES


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
