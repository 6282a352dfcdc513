"""Photos taken in, beside the detector alone and beside dlib's."""

import hashlib
import io
import os
import random
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
from PIL import Image, ImageEnhance

from bench.child import in_child
from bench.rounds import Scale, interleaved
from bench.scene import Scene, scene
from bench.table import AHEAD, Comparison, Line, at_most, no_goal
from tagbot.database.models.faces import Face
from tagbot.database.models.photos import Photo
from tagbot.database.opening import connected
from tagbot.photos.decoder import Decoder
from tagbot.photos.decoding import read_photo
from tagbot.training.local import recogniser_processes
from tests.curves.hog import Hog
from tests.recogniser import NO_MODELS
from tests.world import photographs

NOTE = """\
**Photos.** JPEGs of 1 to 12 megapixels with none to three faces, composed of photographs that scikit-image
brings along. Ours: from the inbox to rows, pictures and messages on the disk, by the real stage
DetectFaces with its workers and the local backend: read, decode, store the photo as JPEG, detect, cut,
store crops and contexts. Beside it the same detector with the same settings on the same files, in one
process a core: decode, detect, nothing else; processor time, as neither waits for the other’s last photo.
To know what decoding is of it, the same without. And beside our photos a second, by the clock, dlib’s HOG
detector, which the versions before used; only the time counts in which it looks for faces."""

SIZES = ((1280, 960), (1600, 1200), (2000, 1500), (4000, 3000), (1280, 853), (2400, 1600))
"""Of photos, in turn: pixels."""

BACKGROUNDS = ("coffee.png", "chelsea.png", "rocket.jpg")

CORES = os.cpu_count() or 1


def measure(scale: Scale) -> Iterator[Line]:
    """Photos a second, and the processor time of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compose(folder, scale.of(18, 6))
        child = partial(in_child, folder=name)
        measures = {
            "ours": partial(child, f"{__name__}:of_ours", processor=True),
            "detector": partial(child, f"{__name__}:of_detector", decoding=True),
            "decoded": partial(child, f"{__name__}:of_detector", decoding=False),
            "rate": partial(child, f"{__name__}:of_ours", processor=False),
            "hog": partial(child, f"{__name__}:of_hog"),
        }
        results = interleaved(measures, scale.rounds)
    yield Comparison(
        "photo taken in, processor time",
        results.of("ours"),
        results.of("detector"),
        "the detector alone",
        "ms",
        at_most(1.15),
    )
    yield Comparison(
        "photo taken in, processor time",
        results.of("ours"),
        results.of("decoded"),
        "the same, decoding not counted",
        "ms",
        no_goal("to know"),
    )
    yield Comparison(
        "photos taken in, all cores", results.of("rate"), results.of("hog"), "dlib’s HOG alone", "/s", AHEAD
    )


def compose(folder: Path, count: int) -> None:
    """Write so many photos, no two alike; the same at every run."""
    chance = random.Random(8)
    for number in range(count):
        size = SIZES[number % len(SIZES)]
        background = _picture(BACKGROUNDS[number % len(BACKGROUNDS)]).resize(size)
        photo = ImageEnhance.Brightness(background).enhance(chance.uniform(0.7, 1.2))
        for _ in range(number % 4):
            side = chance.randint(size[1] // 4, size[1] // 2)
            person = ImageEnhance.Brightness(_picture("astronaut.png").resize((side, side)))
            place = (chance.randint(0, size[0] - side), chance.randint(0, size[1] - side))
            photo.paste(person.enhance(chance.uniform(0.7, 1.2)), place)
        photo.save(folder / f"{number:03d}.jpg", quality=90)


def _picture(name: str) -> Image.Image:
    return Image.open(io.BytesIO((photographs() / name).read_bytes())).convert("RGB")


def of_ours(folder: str, processor: bool) -> float:
    """In a child: milliseconds of processor time for a photo, or photos a second, the detector's processes
    having started before.
    """
    with tempfile.TemporaryDirectory() as data, scene(Path(data)) as the_scene:
        count = arrive(the_scene, Path(folder))
        worker = the_scene.worker("DetectFaces")
        _at_once(worker.stage.workers, lambda: load(the_scene.services.decoder))

        def work() -> None:
            with connected():
                while worker.work_once(timeout=0):
                    pass

        started, spent = time.perf_counter(), processor_seconds()
        _at_once(worker.stage.workers, work)
        seconds, spent = time.perf_counter() - started, processor_seconds() - spent
        if Photo.select().count() != count or not Face.select().count():
            raise RuntimeError("not all photos were taken in")
        return spent * 1000 / count if processor else count / seconds


def processor_seconds() -> float:
    """Of this process and all that run under it."""
    here = psutil.Process()
    seconds = 0.0
    for each in (here, *here.children(recursive=True)):
        times = each.cpu_times()
        seconds += times.user + times.system
    return seconds


def load(decoder: Decoder) -> None:
    """Have one of the processes load what finds faces."""
    with decoder.decoded(_dot()) as photo:
        photo.faces()


def arrive(the_scene: Scene, folder: Path) -> int:
    """Put the photos into the inbox, where they have lain for long; how many there are."""
    inbox = the_scene.services.inbox
    photos = sorted(folder.iterdir())
    for photo in photos:
        data = photo.read_bytes()
        inbox.add(photo.stem, photo.suffix, hashlib.sha256(data).hexdigest(), data, None)
    inbox.get(timeout=0)
    real = inbox.clock
    inbox.clock = lambda: real() + 60.0
    return len(photos)


def _dot() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 80)).save(out, "JPEG")
    return out.getvalue()


def _at_once(number: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def of_detector(folder: str, decoding: bool) -> float:
    """In a child: milliseconds of processor time for a photo in which faces are looked for, with or without
    the time in which it is decoded.
    """
    left = deque(sorted(Path(folder).iterdir()))
    count = len(left)
    decoder = Decoder(recogniser_processes(NO_MODELS, processes=CORES))

    def work(look: bool) -> None:
        with suppress(IndexError):  # nothing is left
            while True:
                with decoder.decoded(left.popleft().read_bytes()) as photo:
                    if look:
                        photo.faces()

    def spent(look: bool) -> float:
        before = processor_seconds()
        _at_once(CORES, lambda: work(look))
        return processor_seconds() - before

    try:
        _at_once(CORES, lambda: load(decoder))
        seconds = spent(look=True)
        if not decoding:
            left.extend(sorted(Path(folder).iterdir()))
            seconds -= spent(look=False)
        return seconds * 1000 / count
    finally:
        decoder.close()


def of_hog(folder: str) -> float:
    """In a child: as `of_detector`, with dlib's."""
    paths = sorted(Path(folder).iterdir())
    with ProcessPoolExecutor(CORES) as processes:
        seconds = sum(processes.map(_seconds_of_hog, paths))
    return len(paths) * CORES / seconds


def _seconds_of_hog(path: Path) -> float:
    photo, hog = read_photo(path.read_bytes()), Hog()
    started = time.perf_counter()
    hog.find(photo)
    return time.perf_counter() - started
