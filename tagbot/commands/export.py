"""`python bot.py export`: every tagged face, one a line, oldest first."""

import argparse
import csv
import io
import json
import shutil
import string
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TextIO

from tagbot.commands.command import Command
from tagbot.commands.one_person import one_person
from tagbot.database.models.export_lines import lines
from tagbot.database.models.kept import member_never_tagged
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, open_database
from tagbot.lib.owner_only import tighten
from tagbot.lib.terminal import complain
from tagbot.lib.unseen import UNPRINTABLE, UNSEEN
from tagbot.settings import Settings

FORMATS = "jsonl", "csv", "xmp", "zip"

COLUMNS = (
    "face_id", "photo", "source", "rectangle.left", "rectangle.top", "rectangle.width", "rectangle.height",
    "person.id", "person.slack_id", "person.name", "person.email", "votes",
    "training.backend", "training.person_ref", "training.face_ref", "tagged_at",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="jsonl", help="default: jsonl")
    parser.add_argument("--person", metavar="P", help="only the faces of one person; zip: all kept of them")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="xmp: beside the photos below this folder"
    )


def run(settings: Settings, options: argparse.Namespace) -> int:
    if options.format == "zip" and options.person is None:
        complain("--format zip is about one person: say whom with --person.")
        return 2
    if (problem := _misfit(options)) is not None:
        complain(problem)
        return 2
    open_database(settings.database_url)
    if options.format == "xmp":
        from tagbot.commands.xmp_export import export_xmp  # and with it lxml, which nothing else here needs

        with connected():
            return export_xmp(settings, options.photos)
    with connected(), ExitStack() as files:
        if options.format == "zip" and (member := member_never_tagged(options.person)):
            _write_zip(settings, None, member, _binary(options.output, files))
            return 0
        person = one_person(options.person) if options.person else None
        if options.person and person is None:
            return 1
        if options.format == "zip":
            slack_id = person.slack_id if person else None
            _write_zip(settings, person, slack_id, _binary(options.output, files))
        else:
            write = write_csv if options.format == "csv" else write_jsonl
            write(lines(person.id if person else None), _text(options.output, files))
    return 0


def _misfit(options: argparse.Namespace) -> str | None:
    """The options that do not go together, in words."""
    if options.format != "xmp":
        return "--photos goes with --format xmp." if options.photos else None
    if options.photos is None:
        return "--format xmp is written beside photos: say where they lie with --photos."
    if options.person or options.output:
        return "--format xmp writes all tags beside each photo: neither --person nor --output goes with it."
    return None


def _text(output: Path | None, files: ExitStack) -> TextIO:
    if output is not None:
        file = files.enter_context(output.open("w", encoding="utf-8", newline=""))
        _tighten(output)
        return file
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as a file gets it, whatever the terminal is set to
    return sys.stdout


def _binary(output: Path | None, files: ExitStack) -> BinaryIO:
    if output is None:
        return sys.stdout.buffer
    file = files.enter_context(output.open("wb"))
    _tighten(output)
    return file


def _tighten(output: Path) -> None:
    if output.is_file():  # it may be a pipe, or /dev/null
        tighten(output.resolve())


def _write_zip(settings: Settings, person: Person | None, slack_id: str | None, file: BinaryIO) -> None:
    # Loaded only here: they bring half of the bot, which the other formats can do without.
    from tagbot import build
    from tagbot.photos.image_keys import crop_key
    from tagbot.slack.own_data import write_zip

    images = build.image_store(settings)
    with TemporaryFile() as whole:  # a pipe cannot be written as an archive is
        write_zip(whole, person, slack_id, lambda face_id: images.get(crop_key(face_id)))
        whole.seek(0)
        shutil.copyfileobj(whole, file)


def write_jsonl(lines: Iterator[dict[str, Any]], file: TextIO) -> None:
    """One object a line. What would do harm on a terminal stands in JSON's escapes, which change no value."""
    for line in lines:
        text = json.dumps(line, ensure_ascii=False)
        file.write(UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def write_csv(lines: Iterator[dict[str, Any]], file: TextIO) -> None:
    """Nested fields under dotted names; lists as JSON; null is empty."""
    # With this end of a row, Python quotes each cell that has some end of a line in it; with "\n" it leaves
    # out "\r", which spreadsheets take for one.
    writer = csv.DictWriter(_Rows(file), COLUMNS, extrasaction="raise", lineterminator="\r\n")
    writer.writeheader()
    for line in lines:
        flat: dict[str, Any] = {}
        for name, value in line.items():
            if isinstance(value, dict):
                flat |= {f"{name}.{key}": inner for key, inner in value.items()}
            elif isinstance(value, list):
                flat[name] = json.dumps(value)
            elif name in COLUMNS:
                flat[name] = value
        writer.writerow({name: cell(value) for name, value in flat.items()})


@dataclass(frozen=True, slots=True)
class _Rows:
    """A file in which each row ends as lines do in all others."""

    file: TextIO

    def write(self, row: str) -> None:
        self.file.write(row.removesuffix("\r\n") + "\n")


BEFORE_FORMULA = f"{string.whitespace}'\"“”„‘’‚«»`"
"""What a spreadsheet may leave out at the beginning of a cell, or an editor."""


def cell(value: Any) -> Any:
    """A value that a spreadsheet takes for what it is: text that it would take for a formula begins with an
    apostrophe.
    """
    if not isinstance(value, str):
        return value
    begins = unicodedata.normalize("NFKC", UNSEEN.sub("", value)).lstrip(BEFORE_FORMULA)
    is_formula = begins.startswith(("=", "+", "-", "@", "−")) or value.startswith(("\t", "\r", "\n"))
    return f"'{value}" if is_formula else value


COMMAND = Command(arguments, run)
