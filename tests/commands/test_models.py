"""`models`: which there are and what each is worth; `get`, which brings one."""

import hashlib
import json
import os
import pty
import re
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot.commands.models import get
from tagbot.recognition.model_files import CENTERFACE, MODELS, YUNET, Model, where
from tests.commands.conftest import Run
from tests.lib.file_server import FileServer, running_file_server

CONTENT = b"a model" * 10_000

pytestmark = pytest.mark.process


@pytest.fixture
def server() -> Iterator[FileServer]:
    with running_file_server(CONTENT) as server:
        yield server


@pytest.fixture
def model(server: FileServer) -> Model:
    """One that nobody has."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return replace(YUNET, address=server.address, size=len(CONTENT), sha256=sha256)


@pytest.mark.rule("models-listed")
def test_each_model_has_its_purpose_licence_source_and_worth(run: Run) -> None:
    ran = run("models")
    assert (ran.code, ran.err) == (0, "")
    head, *lines = ran.out.splitlines()
    assert head.split() == ["NAME", "THERE", "FOR", "LICENCE", "SOURCE"]
    for number, model in enumerate(MODELS.values()):
        first, second = lines[2 * number : 2 * number + 2]
        there = "no" if model is YUNET else "used"
        assert first.split() == [model.name, there, *model.purpose.split(), model.licence, model.source]
        assert second.strip() == model.worth
    assert lines[-1] == "python bot.py models get yunet brings yunet, 0.3 MB."


@pytest.mark.rule("models-listed")
def test_for_programs_there_is_json(run: Run, tmp_path: Path) -> None:
    told = json.loads(run("models", "--json", MODELS=str(tmp_path / "mine")).out)
    assert told["folder"] == str(tmp_path / "mine")
    by_name = {each["name"]: each for each in told["models"]}
    assert by_name.keys() == MODELS.keys()
    assert (by_name["yunet"]["there"], by_name["yunet"]["path"]) == (False, None)
    assert by_name["yunet"]["sha256"] == YUNET.sha256
    assert by_name["centerface"]["used"]
    assert by_name["centerface"]["path"] == str(where(CENTERFACE, None))


@pytest.mark.rule("models-genuine")
@pytest.mark.failure("model-not-genuine")
def test_a_file_with_other_contents_is_named_and_not_used(run: Run, tmp_path: Path) -> None:
    for file in (YUNET.file, CENTERFACE.file):
        (tmp_path / file).write_bytes(b"something else")
    ran = run("models", MODELS=str(tmp_path))
    assert ran.err.splitlines() == [
        f"{tmp_path / file}: this is not the file that its authors made, so it is not used"
        for file in (YUNET.file, CENTERFACE.file)
    ]
    assert ran.out.splitlines()[1].split()[:2] == ["yunet", "no"]
    assert ran.out.splitlines()[3].split()[:2] == ["centerface", "used"]


@pytest.mark.rule("models-get", "commands-beside-bot")
def test_get_makes_the_folder_and_brings_the_file(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data/models"
    assert get(model, folder) == 0
    assert (folder / model.file).read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == [model.file]
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"yunet is there: {folder / model.file}", "A bot that runs uses it from its next start.",
    ]  # fmt: skip
    assert told.err == ""
    assert get(model, folder) == 0
    assert capsys.readouterr().out == f"yunet is there already: {folder / model.file}\n"


@pytest.mark.rule("models-get")
def test_on_a_terminal_a_bar_shows_how_far_it_is(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with os.fdopen(ours, "rb", buffering=0) as shown, os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert get(model, tmp_path) == 0
        assert re.search(rb"\d+%\|.* \d\S*/70.0k ", shown.read(4096))


@pytest.mark.rule("models-get")
def test_a_wrong_file_in_its_place_gives_way(model: Model, tmp_path: Path) -> None:
    (tmp_path / model.file).write_bytes(b"something else")
    assert get(model, tmp_path) == 0
    assert where(model, tmp_path) == tmp_path / model.file


@pytest.mark.rule("models-get")
def test_get_goes_on_where_it_was_broken_off(
    model: Model, server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.breaks_off_after = 50_000
    assert get(model, tmp_path) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "yunet could not be brought: it broke off after 50,000 of 70,000 bytes, which are kept."
    assert told[1].startswith("The same command tries again.")
    assert get(model, tmp_path) == 0
    assert server.asked == [None, "bytes=50000-"]


@pytest.mark.rule("models-genuine", "models-get")
def test_what_is_not_the_authors_file_is_refused(
    model: Model, server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.content = CONTENT[::-1]
    assert get(model, tmp_path) == 1
    assert "is another file, and was thrown away" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.rule("models-get")
def test_where_the_network_forbids_it_it_says_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ran = run("models", "get", "YuNet")
    assert (ran.code, ran.out) == (1, "")
    what, again, address, put = ran.err.splitlines()
    assert what == "yunet could not be brought: Connection refused."
    assert "download it yourself" in again
    assert address == YUNET.address
    assert f"put it into {tmp_path / 'data/models'} as {YUNET.file};" in put
    assert list((tmp_path / "data/models").iterdir()) == []


@pytest.mark.rule("models-get")
def test_a_folder_that_cannot_be_written_to_is_told_in_words(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert get(model, tmp_path / "file/models") == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        f"{tmp_path / 'file/models'} cannot be written to: Not a directory. MODELS may name another folder."
    )
    assert told[2] == model.address


@pytest.mark.rule("models-get")
def test_what_a_package_brings_need_not_be_brought(run: Run) -> None:
    ran = run("models", "get", "centerface")
    assert (ran.code, ran.out) == (0, f"centerface is there already: {where(CENTERFACE, None)}\n")


def test_an_unknown_name_is_told_with_those_that_there_are(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("models", "get", "sface")
    told = capsys.readouterr().err
    assert told.startswith("usage: bot.py models get [-h] NAME")
    assert all(name in told for name in MODELS)
