import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tagbot.errors import Retry
from tagbot.training.backend import Trained
from tagbot.training.local import LocalBackend
from tests.recogniser import a_recogniser

ROOT = Path(__file__).parents[2]


@pytest.mark.rule("local-never-differs")
def test_a_face_that_is_added_again_belongs_to_the_last_person(
    local: LocalBackend, vectors: Any, crop: bytes
) -> None:
    for person in ("first", "second"):
        local.add_face("moving", person, crop, training_id=person)
    assert vectors.rows["moving"][0] == "second"


def test_after_its_process_was_killed_it_works_again(vectors: Any, crop: bytes) -> None:
    backend = LocalBackend(vectors, a_recogniser())
    try:
        assert backend.add_face("before", "a person", crop, training_id="1") == Trained("before")
        (process,) = backend._pool.pids()
        os.kill(process, signal.SIGKILL)
        with pytest.raises(Retry):
            backend.add_face("after", "a person", crop, training_id="2")
        assert backend.add_face("after", "a person", crop, training_id="2") == Trained("after")
    finally:
        backend.close()


def test_check_says_what_is_loaded(local: LocalBackend, vectors: Any) -> None:
    assert local.check().startswith("CenterFace finds faces, dlib-resnet describes them, ")
    assert f"{vectors.count()} faces" in local.check()


LIGHT = """
import sys
from pathlib import Path
from tagbot import build
from tagbot.training.local import LocalBackend, recogniser_processes
class Vectors:
    def count(self): return 0
backend = LocalBackend(Vectors(), recogniser_processes(Path("no models"), processes=1))
backend.check()
backend.close()
print({"dlib", "numpy", "onnxruntime", "multiprocessing.pool"} & set(sys.modules))
"""


def test_the_bot_itself_loads_none_of_the_recognisers_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"
