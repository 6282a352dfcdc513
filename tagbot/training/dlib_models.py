"""Where dlib's models lie on this machine, found without importing dlib or the models' package."""

import importlib.util
from pathlib import Path

MODELS = ("shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat")
"""In the package face_recognition_models. Only these two: its 68-point model excludes commercial use."""

INSTALL = (
    "`make venv WITH=all` adds it (or: pip install --require-hashes -r requirements/build.txt, and then "
    "pip install --require-hashes --no-build-isolation --use-pep517 -r requirements/all.txt)"
)


def missing() -> str | None:
    """Say what is not installed, and the command that adds it."""
    if importlib.util.find_spec("dlib") is None:
        return f"dlib, which TRAINING_BACKEND=local needs, is not installed: {INSTALL}"
    try:
        models()
    except FileNotFoundError:
        return f"the models that TRAINING_BACKEND=local needs are not installed: {INSTALL}"
    return None


def models() -> tuple[Path, ...]:
    """The files of `MODELS`; raises `FileNotFoundError`.

    Their package cannot be imported: it needs pkg_resources, which setuptools no longer has.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec and spec.submodule_search_locations) or ():
        files = tuple(Path(folder) / "models" / model for model in MODELS)
        if all(file.is_file() for file in files):
            return files
    raise FileNotFoundError("face_recognition_models")
