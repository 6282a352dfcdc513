"""One hop of the flow: an answer claimed, stored as a vote, the next message durable, the answer done."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

from bench.child import Missing, in_child
from bench.engines import OpenQueue, engines
from bench.figures.messages import goal_beside
from bench.plain_peewee import store_vote
from bench.rounds import Scale, interleaved
from bench.scene import Scene, answer, open_faces, scene
from bench.table import Comparison, Line, NotMeasured, at_least, at_most, no_goal
from bench.workers import Step, seconds_for
from tagbot.database.opening import connected
from tagbot.messages import AnswerGiven, FaceTagged
from tagbot.stages.store_face_tag_sql import store_face_tag_sql

NOTE = """\
**One hop.** Answers about as many different faces wait on a durable queue; 1 or 4 workers claim them,
store each as a vote and put the next message on its queue; from when all workers have everything open to
the last answer acknowledged. Ours: the real worker with the real stage StoreFaceTagSql. Beside it huey, or
RabbitMQ through kombu with confirms, carries the messages, and the same vote goes into the same tables as
one writes that with Peewee: three queries in a transaction, SQLite with synchronous FULL, and a lock that
lines the threads up, which is faster than SQLite's own. To know how much of the difference are the queues
alone, both are given our stage as well, which has its SQL written out and waits for the disk together with
others. Syncs of the disk are told apart by strace, hop by hop: one for the vote, one for the next message,
in most hops no other, which is the median. A hop that fills one of SQLite's three logs (the database's and
two queues') to 1,000 pages also moves it into its file, which takes two or three more: the file's, and the
log's before and after. That is about one hop in fifty, and what the average has above 2. With several
workers, one sync may serve two of them."""

STAGE = "StoreFaceTagSql"
PEERS = ("huey", "rabbitmq")
WORKERS = (1, 4)
MOST_SYNCS = 2.0

NO_FILE = 1_000_000
"""No process has so many open: syncing it does nothing, but strace tells of it."""

MARK = f"fdatasync({NO_FILE}"
"""Without what follows: where another thread comes between, strace tells the rest later."""


def measure(scale: Scale) -> Iterator[Line]:
    """The rate beside each peer, 4 workers beside 1, and the syncs."""
    hops = scale.of(500, 200)
    beside = list(_beside(scale))
    results = interleaved(
        {
            _name(engine, workers, our_stage): partial(
                in_child,
                f"{__name__}:rate",
                engine=engine,
                workers=workers,
                hops=hops,
                our_stage=our_stage,
            )
            for workers in WORKERS
            for engine, our_stage in (("ours", True), *beside)
        },
        scale.short_rounds,
    )
    for workers, (engine, our_stage) in product(WORKERS, beside):
        figure, name = f"one hop, {workers} worker{'s' * (workers > 1)}", _name(engine, workers, our_stage)
        what = f"{engines()[engine].title} + {'our stage' if our_stage else 'Peewee'}"
        if name in results.missing:
            yield NotMeasured(figure, what, results.missing[name])
            continue
        yield Comparison(
            figure,
            results.of(_name("ours", workers)),
            results.of(name),
            what,
            "/s",
            no_goal("to know") if our_stage else goal_beside(engines()[engine], at_least(1.5)),
        )
    yield Comparison(
        "one hop, 4 workers",
        results.of(_name("ours", 4)),
        results.of(_name("ours", 1)),
        "1 worker",
        "/s",
        at_least(0.85),
    )
    yield from _sync_lines(scale)


def _beside(scale: Scale) -> Iterator[tuple[str, bool]]:
    """Peers, and whether they have our stage; what sets no goal is left out where time is short."""
    for name, our_stage in product(PEERS, (False, True)):
        if not (scale.quick and (our_stage or engines()[name].less_safe)):
            yield name, our_stage


def _name(engine: str, workers: int, our_stage: bool = True) -> str:
    return f"{engine}{' with our stage' if our_stage and engine != 'ours' else ''} {workers}"


def _sync_lines(scale: Scale) -> Iterator[Line]:
    what, hops = "allowed", scale.of(500, 200)
    try:
        alone, together = (
            [in_child(f"{__name__}:syncs", workers=workers, hops=hops) for _ in range(scale.rounds)]
            for workers in WORKERS
        )
    except Missing as why:
        yield NotMeasured("syncs of a hop", what, why)
        return
    allowed = [MOST_SYNCS] * scale.rounds
    medians = [float(median(each)) for each in alone]
    yield Comparison("syncs of a hop, the median", medians, allowed, what, "", at_most(1))
    for workers, rounds in zip(WORKERS, (alone, together), strict=True):
        average = [sum(each) / hops for each in rounds]
        figure = f"… on average, {workers} worker{'s' * (workers > 1)}, with SQLite’s checkpoints"
        yield Comparison(figure, average, allowed, what, "", no_goal("to know"))


def rate(engine: str, workers: int, hops: int, *, our_stage: bool = False) -> float:
    """In a child: hops a second; a peer may be given our stage."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene:
        if engine == "ours":
            return _rate_of_ours(the_scene, workers, hops)
        store = partial(_by_our_stage, the_scene) if our_stage else store_vote
        with engines()[engine].opened(Path(folder)) as open_queue:
            return _rate_of_another(the_scene, open_queue, store, workers, hops)


def _rate_of_ours(
    the_scene: Scene, workers: int, hops: int, before_each: Callable[[], None] = lambda: None
) -> float:
    store_answers(the_scene, hops)
    worker = the_scene.worker(STAGE)

    def step() -> bool:
        before_each()
        return worker.work_once(timeout=0)

    @contextmanager
    def at_work() -> Iterator[Step]:
        with connected():
            yield step

    return hops / seconds_for(hops, workers, at_work)


def store_answers(the_scene: Scene, hops: int) -> None:
    """Put answers on the stage's queue, and have Slack say that they name somebody who can be chosen."""
    tagger, person = the_scene.slack.people[:2]
    the_scene.services.slack.members.can_be_chosen(person, by=tagger)
    for face_id in open_faces(hops):
        the_scene.services.publish(answer(face_id, tagger, person))


def _by_our_stage(the_scene: Scene, message: AnswerGiven) -> FaceTagged | None:
    return next(iter(store_face_tag_sql(message, the_scene.services)), None)


def _rate_of_another(
    the_scene: Scene,
    open_queue: OpenQueue,
    store: Callable[[AnswerGiven], FaceTagged | None],
    workers: int,
    hops: int,
) -> float:
    tagger, person = the_scene.slack.people[:2]
    the_scene.services.slack.members.can_be_chosen(person, by=tagger)
    with closing(open_queue("first")) as queue:
        for face_id in open_faces(hops):
            queue.put(json.dumps(answer(face_id, tagger, person).to_json()))

    @contextmanager
    def at_work() -> Iterator[Step]:
        with connected(), closing(open_queue("first")) as first, closing(open_queue("second")) as second:

            def hop(text: str) -> None:
                output = store(AnswerGiven.from_json(json.loads(text)))
                if output is None:
                    raise RuntimeError("the face took no answer")
                second.put(json.dumps(output.to_json()))

            first.listen()
            yield lambda: first.work(hop)

    return hops / seconds_for(hops, workers, at_work)


def syncs(workers: int, hops: int) -> list[int]:
    """In a child: how often each hop waited for the disk, told from outside: nothing is overlooked. Those of
    several workers are told apart all together only.
    """
    if shutil.which("strace") is None:
        raise Missing("strace is not installed")
    with tempfile.NamedTemporaryFile("r") as log:
        strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync,fdatasync", "-o", log.name)
        in_child(f"{__name__}:work", under=strace, workers=workers, hops=hops)
        _, *of_hops, _ = log.read().split(MARK)
    return [each.count("sync(") for each in of_hops]


def work(workers: int, hops: int) -> None:
    """In a child, under strace."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene:
        _rate_of_ours(the_scene, workers, hops, _mark)
        _mark()  # what the end brings belongs to no hop


def _mark() -> None:
    with suppress(OSError):
        os.fdatasync(NO_FILE)
