"""What is installed is locked: each package, what one of them is built with, and what resolves them."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def locked(lock: Path) -> dict[str, tuple[str, int]]:
    """Each package with its version and how many hashes it has."""
    packages = re.split(r"\n(?=[a-z])", re.sub(r"(?m)^ *#.*\n", "", lock.read_text()))
    found = {}
    for package in packages:
        named = re.match(r"([a-z0-9_.-]+)==(\S+)", package)
        assert named, package
        found[named[1]] = named[2], len(re.findall(r"--hash=sha256:[0-9a-f]{64}", package))
    return found


@pytest.mark.rule("installed-locked")
@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_with_its_hashes(lock: Path) -> None:
    assert locked(lock)
    assert [name for name, (_, hashes) in locked(lock).items() if not hashes] == []


@pytest.mark.rule("installed-locked")
def test_what_builds_and_what_resolves_is_locked_too() -> None:
    assert locked(ROOT / "requirements/build.txt").keys() == {"setuptools"}
    assert locked(ROOT / "requirements/lock.txt").keys() == {"uv"}


@pytest.mark.process
@pytest.mark.rule("installed-locked")
@pytest.mark.parametrize("target", ["venv", "lock"])
def test_nothing_is_installed_without_its_hash(tmp_path: Path, target: str) -> None:
    ran = subprocess.run(
        ["make", "--dry-run", "--always-make", f"VENV={tmp_path}/venv", "WITH=all", target],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    installs = [
        line
        for line in ran.stdout.replace("\\\n", " ").splitlines()
        if " pip install " in line or "/pip install " in line
    ]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []
    assert [line for line in installs if "--only-binary :all:" not in line] == []
    from_source = [line for line in installs if "--no-binary" in line]
    assert all("--no-binary face-recognition-models --no-build-isolation" in line for line in from_source)
    assert len(from_source) == (target == "venv")
    if target == "venv":
        assert "requirements/build.txt" in installs[0]
