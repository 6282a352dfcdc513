import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tagbot.errors import Retry
from tagbot.training.local import LocalBackend

ROOT = Path(__file__).parents[2]


@pytest.mark.rule("local-never-differs")
def test_a_face_that_is_added_again_belongs_to_the_last_person(
    local: LocalBackend, vectors: Any, crop: bytes
) -> None:
    for person in ("first", "second"):
        local.add_face("moving", person, crop, training_id=person)
    assert vectors.rows["moving"][0] == "second"


def test_after_its_process_was_killed_it_works_again(vectors: Any, portrait: bytes) -> None:
    backend = LocalBackend(vectors, processes=1)
    try:
        backend.detect(portrait)
        (process,) = backend._pool.pids()
        os.kill(process, signal.SIGKILL)
        with pytest.raises(Retry):
            backend.detect(portrait)
        assert len(backend.detect(portrait)) == 1
    finally:
        backend.close()


def test_check_says_what_is_loaded(local: LocalBackend, vectors: Any) -> None:
    assert local.check().startswith("dlib 20.")
    assert f"{vectors.count()} faces" in local.check()


LIGHT = """
import sys
from tagbot.training.local import LocalBackend
class Vectors:
    def count(self): return 0
backend = LocalBackend(Vectors(), processes=1)
backend.check()
backend.close()
print({"dlib", "numpy", "multiprocessing.pool"} & set(sys.modules))
"""


def test_the_bot_itself_loads_neither_dlib_nor_numpy() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "set()\n"
