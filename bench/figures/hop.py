"""One hop of the flow: an answer claimed, stored as a vote, the next message durable, the answer done."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean, median

from bench.child import Missing, in_child
from bench.engines import OpenQueue, engines
from bench.figures.messages import Handled, goal_beside
from bench.plain_peewee import store_vote
from bench.rounds import ROUNDS, Scale, interleaved
from bench.scene import Scene, answer, open_faces, scene
from bench.table import Comparison, Line, NotMeasured, at_least, at_most, no_goal
from tagbot.database import connected
from tagbot.messages import AnswerGiven, FaceTagged
from tagbot.stages.store_face_tag_sql import store_face_tag_sql

NAME = "hop"

NOTE = """\
**One hop.** Answers about as many different faces wait on a durable queue; 1 or 4 workers claim them,
store each as a vote and put the next message on its queue. Ours: the real worker with the real stage
StoreFaceTagSql. Beside it huey, or RabbitMQ through kombu with confirms, carries the messages, and the same
vote goes into the same tables as one writes that with Peewee: three queries in a transaction, SQLite with
synchronous FULL, and a lock that lines the threads up, which is faster than SQLite's own. To know how much of
the difference are the queues alone, both are given our stage as well, which has its SQL written out and waits
for the disk together with others. Syncs of the disk are told apart by strace, hop by hop: one for the vote,
one for the next message; every few hundred hops SQLite moves its log into the file, which takes two more."""

STAGE = "StoreFaceTagSql"
PEERS = ("huey", "rabbitmq")
WORKERS = (1, 4)
MOST_SYNCS = 2.0

NO_FILE = 1_000_000
"""No process has so many open: syncing it does nothing, but strace tells of it."""

MARK = f"fdatasync({NO_FILE})"


def measure(scale: Scale) -> Iterator[Line]:
    """The rate beside each peer, 4 workers beside 1, and the syncs."""
    hops = scale.of(1000, 300)
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
            for engine, our_stage in (("ours", True), *product(PEERS, (False, True)))
        },
        scale.of(2 * ROUNDS - 1, ROUNDS),
    )
    for workers, engine, our_stage in product(WORKERS, PEERS, (False, True)):
        figure, name = f"one hop, {workers} worker{'s' * (workers > 1)}", _name(engine, workers, our_stage)
        beside = f"{engines()[engine].title} + {'our stage' if our_stage else 'Peewee'}"
        if name in results.missing:
            yield NotMeasured(figure, beside, results.missing[name])
            continue
        yield Comparison(
            figure,
            results.measured[_name("ours", workers)],
            results.measured[name],
            beside,
            "/s",
            no_goal("to know") if our_stage else goal_beside(engines()[engine], at_least(1.5)),
        )
    yield Comparison(
        "one hop, 4 workers",
        results.measured[_name("ours", 4)],
        results.measured[_name("ours", 1)],
        "1 worker",
        "/s",
        at_least(0.85),
    )
    yield from _sync_lines()


def _name(engine: str, workers: int, our_stage: bool = True) -> str:
    return f"{engine}{' with our stage' if our_stage and engine != 'ours' else ''} {workers}"


def _sync_lines() -> Iterator[Line]:
    what = "allowed"
    try:
        rounds = [in_child(f"{__name__}:syncs", hops=200) for _ in range(ROUNDS)]
    except Missing as why:
        yield NotMeasured("syncs of one hop", what, str(why))
        return
    allowed = [MOST_SYNCS] * ROUNDS
    yield Comparison("syncs of one hop", [median(each) for each in rounds], allowed, what, "", at_most(1))
    whole = [mean(each) for each in rounds]
    yield Comparison("… on average, with SQLite’s checkpoints", whole, allowed, what, "", no_goal("to know"))


def rate(engine: str, workers: int, hops: int, *, our_stage: bool = False) -> float:
    """In a child: hops a second; a peer may be given our stage."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene:
        if engine == "ours":
            return _rate_of_ours(the_scene, workers, hops)
        store = partial(_by_our_stage, the_scene) if our_stage else store_vote
        with engines()[engine].opened(Path(folder)) as open_queue:
            return _rate_of_another(the_scene, open_queue, store, workers, hops)


def _rate_of_ours(the_scene: Scene, workers: int, hops: int) -> float:
    store_answers(the_scene, hops)
    worker = the_scene.worker(STAGE)

    def work() -> None:
        with connected():
            while worker.work_once(timeout=0):
                pass

    return hops / _seconds(workers, work)


def store_answers(the_scene: Scene, hops: int) -> None:
    """Put answers on the stage's queue, and have Slack say that they name somebody who can be chosen."""
    tagger, person = the_scene.slack.people[:2]
    the_scene.services.slack.can_be_chosen(person)
    publish = the_scene.worker(STAGE).publish
    for face_id in open_faces(hops):
        publish(answer(face_id, tagger, person))


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
    the_scene.services.slack.can_be_chosen(person)
    with closing(open_queue("first")) as queue:
        for face_id in open_faces(hops):
            queue.put(json.dumps(answer(face_id, tagger, person).to_json()))
    handled = Handled(hops)

    def work() -> None:
        with connected(), closing(open_queue("first")) as first, closing(open_queue("second")) as second:

            def hop(text: str) -> None:
                output = store(AnswerGiven.from_json(json.loads(text)))
                if output is None:
                    raise RuntimeError("the face took no answer")
                second.put(json.dumps(output.to_json()))

            while not handled.all:
                if first.work(hop):
                    handled.one()

    return hops / _seconds(workers, work)


def _seconds(workers: int, work: Callable[[], None]) -> float:
    threads = [threading.Thread(target=work) for _ in range(workers)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def syncs(hops: int) -> list[int]:
    """In a child: how often each hop waited for the disk, told from outside: nothing is overlooked."""
    if shutil.which("strace") is None:
        raise Missing("strace is not installed")
    with tempfile.NamedTemporaryFile("r") as log:
        strace = ("strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", log.name)
        in_child(f"{__name__}:work", under=strace, hops=hops)
        _, *of_hops, _ = log.read().split(MARK)
    return [each.count("sync(") for each in of_hops]


def work(hops: int) -> None:
    """In a child, under strace."""
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as the_scene:
        store_answers(the_scene, hops)
        worker = the_scene.worker(STAGE)
        for _ in range(hops):
            with suppress(OSError):
                os.fdatasync(NO_FILE)
            worker.work_once(timeout=0)
        with suppress(OSError):
            os.fdatasync(NO_FILE)  # what the end brings belongs to no hop
