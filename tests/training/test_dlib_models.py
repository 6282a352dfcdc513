import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tagbot.training.dlib_models import missing

ROOT = Path(__file__).parents[2]


MISSING = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv[1]]
from tagbot.errors import Reject
from tagbot.training.local import LocalBackend
from tagbot.training.dlib_models import missing
print(missing())
try:
    LocalBackend(None)
except Reject as why:
    print(why.reason)
"""


@pytest.mark.parametrize("installed", [["PIL", "pillow.libs"], ["PIL", "pillow.libs", "dlib"]])
def test_what_is_not_installed_is_said_with_the_command_that_adds_it(
    installed: list[str], tmp_path: Path
) -> None:
    pillow = find_spec("PIL")
    assert pillow
    assert pillow.origin
    packages = Path(pillow.origin).parents[1]
    for name in installed:
        (tmp_path / name).symlink_to(packages / name)
    done = subprocess.run(
        [sys.executable, "-c", MISSING, tmp_path], capture_output=True, text=True, check=True, cwd=ROOT
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert ("models" if "dlib" in installed else "dlib,") in first
    assert "make venv" in first
    assert "pip install --require-hashes -r requirements/build.txt" in first
    assert "--no-build-isolation --use-pep517 -r requirements/all.txt" in first


def test_nothing_is_missing_here() -> None:
    assert missing() is None
