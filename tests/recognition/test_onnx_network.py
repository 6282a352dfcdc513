"""The library that runs networks tells nobody of it."""

from pathlib import Path

import pytest

from tests.recogniser import a_recogniser
from tests.world import FACE, face_pictures


@pytest.mark.process
@pytest.mark.rule("recogniser-tells-nobody")
def test_it_leaves_no_id_of_this_machine_behind_to_be_told_its_makers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    pool = a_recogniser()
    try:
        pool.call("describe", face_pictures(FACE)[0])
    finally:
        pool.close()
    assert list(tmp_path.rglob("*")) == []
