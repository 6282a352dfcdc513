"""What the detectors find: the one that everybody has, and the better one where its file is there."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.centerface import CenterFace
from tagbot.recognition.detection import Detection, Finds, Pixels, distinct
from tagbot.recognition.detector import MOST_FACES, Detector
from tagbot.recognition.model_files import CENTERFACE, YUNET, Model, where
from tagbot.recognition.yunet import YuNet
from tests.recogniser import MODELS
from tests.recognition.faces import astronaut, blurred, darkened, masked, turned
from tests.world import FACE, photographs

ROOT = Path(__file__).parents[2]

ON_EVERY_NETWORK = pytest.mark.parametrize(
    "detector", [(CENTERFACE, CenterFace), (YUNET, YuNet)], indirect=True, ids=["CenterFace", "YuNet"]
)


@pytest.fixture(name="detector", scope="module")
def _detector(request: pytest.FixtureRequest) -> Detector:
    model: Model
    network: Callable[[Path], CenterFace | YuNet]
    model, network = request.param
    file = where(model, MODELS)
    if file is None:
        pytest.skip(f"{model.file} is not there; MODELS names the folder of one that is")
    return Detector(network(file))


def places(detector: Detector, image: Image.Image) -> list[Rectangle]:
    photo = Photo(image)
    return [face.rectangle(photo.size) for face in detector.faces(photo)]


def is_at(place: Rectangle, other: Rectangle) -> bool:
    return place.overlap(other) > 0.6 * max(place.area, other.area)


@pytest.mark.rule("faces-found")
@ON_EVERY_NETWORK
@pytest.mark.parametrize(
    "image",
    [astronaut, lambda: turned(45), masked, lambda: darkened(0.15), lambda: blurred(4)],
    ids=["as she is", "turned", "masked", "in the dark", "blurred"],
)
def test_a_face_is_found_whatever_befell_it(detector: Detector, image: Callable[[], Image.Image]) -> None:
    (place,) = places(detector, image())
    assert is_at(place, FACE)


@pytest.mark.rule("faces-found")
@ON_EVERY_NETWORK
@pytest.mark.parametrize("width", [20, 40, 200, 900])
def test_a_face_of_any_size_is_found_once(detector: Detector, width: int) -> None:
    factor = width / FACE.width
    side = round(512 * factor)
    image = Image.new("RGB", (max(1400, side), max(1000, side)), "grey")
    image.paste(astronaut().resize((side, side)), (0, 0))
    (place,) = places(detector, image)
    assert is_at(
        place, Rectangle(*(round(each * factor) for each in (FACE.left, FACE.top, FACE.width, FACE.width)))
    )


@ON_EVERY_NETWORK
@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg"])
def test_what_is_no_face_is_left_alone(detector: Detector, name: str) -> None:
    assert places(detector, Image.open(photographs() / name).convert("RGB")) == []


@ON_EVERY_NETWORK
def test_eyes_nose_and_mouth_are_where_they_are(detector: Detector) -> None:
    (face,) = detector.faces(Photo(astronaut()))
    expected = [(203, 102), (247, 104), (224, 126), (203, 143), (242, 144)]
    assert np.abs(np.array(face.points) - expected).max() < 6


def test_how_a_face_is_turned_is_known() -> None:
    detector = Detector.for_crops(None)
    for degrees in (0, 45, 90, -60):
        (face,) = detector.faces(Photo(turned(degrees)))
        assert face.roll == pytest.approx(degrees, abs=15)


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (3, 9000), (33, 31)])
def test_a_photo_of_any_shape_can_be_searched(size: tuple[int, int]) -> None:
    assert places(Detector.for_photos(None), Image.new("RGB", size, "grey")) == []


class Crowd:
    """Finds a face wherever there is room for one, the later the surer."""

    name = "crowd"
    looks = (10_000,)
    fit = CenterFace.fit

    def find(self, _: Pixels) -> Finds:
        rows = [row(number % 30 * 10, number // 30 * 10, 9, 9, number / 1000) for number in range(900)]
        return np.array(rows, np.float32)


def test_of_a_crowd_the_surest_are_kept() -> None:
    faces = Detector(Crowd()).faces(Photo(Image.new("RGB", (100, 100))))
    assert len(faces) == MOST_FACES
    assert min(face.score for face in faces) == pytest.approx(0.4)


MEASURED = """
import resource, sys
from PIL import Image
from tagbot.photos.pixels import Photo
from tagbot.recognition.detector import Detector
detector = Detector.for_photos(None)
photo = Photo(Image.effect_noise((5000, 5000), 80).convert("RGB"))
before = resource.getrusage(resource.RUSAGE_SELF)
detector.faces(photo)
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_maxrss - before.ru_maxrss, after.ru_utime - before.ru_utime)
"""


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("detection-is-bounded")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the memory is counted in other units")
def test_25_megapixels_are_searched_in_little_time_and_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    kilobytes, seconds = map(float, done.stdout.split())
    assert kilobytes < 500_000
    assert seconds < 5


def row(left: float, top: float, width: float, height: float, score: float) -> list[float]:
    return [left, top, width, height, score, *[0.0] * 10]


def test_of_several_finds_of_one_face_the_surest_stays() -> None:
    finds = np.array(
        [row(0, 0, 10, 10, 0.6), row(1, 0, 10, 10, 0.9), row(20, 0, 10, 10, 0.7), row(8, 0, 10, 10, 0.8)],
        np.float32,
    )
    assert distinct(finds)[:, 0].tolist() == [1, 8, 20]


def test_a_part_of_a_larger_face_is_no_face_of_its_own() -> None:
    finds = np.array([row(40, 40, 20, 20, 0.9), row(0, 0, 100, 100, 0.6)], np.float32)
    assert distinct(finds)[:, 2].tolist() == [100]


def test_where_nothing_was_found_nothing_is_left() -> None:
    assert len(distinct(np.zeros((0, 15), np.float32))) == 0


def test_a_face_beyond_the_border_has_its_place_within_the_picture() -> None:
    find = np.array([-30, -30, 40, 50, 0.9, *[-10] * 10], np.float32)
    place = Detection.of(find, CenterFace.fit).rectangle(Photo(astronaut()).size)
    assert place.inside(Photo(astronaut()).size)
