"""`python bot.py export`: every tagged face, one a line, oldest first."""

import argparse
import csv
import io
import json
import string
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tagbot.commands.command import Command
from tagbot.database.models.export_lines import lines
from tagbot.database.opening import connected, open_database
from tagbot.lib.owner_only import tighten
from tagbot.lib.unseen import UNPRINTABLE, UNSEEN
from tagbot.settings import Settings

COLUMNS = (
    "face_id", "photo", "source", "rectangle.left", "rectangle.top", "rectangle.width", "rectangle.height",
    "person.id", "person.slack_id", "person.name", "person.email", "votes",
    "training.backend", "training.person_ref", "training.face_ref", "tagged_at",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="default: jsonl")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def run(settings: Settings, options: argparse.Namespace) -> int:
    write = write_csv if options.format == "csv" else write_jsonl
    open_database(settings.database_url)
    with connected(), ExitStack() as files:
        if options.output:
            file = files.enter_context(options.output.open("w", encoding="utf-8", newline=""))
            if options.output.is_file():  # it may be a pipe, or /dev/null
                tighten(options.output.resolve())
        else:
            file = sys.stdout
            if isinstance(file, io.TextIOWrapper):
                file.reconfigure(encoding="utf-8")  # as a file gets it, whatever the terminal is set to
        write(lines(), file)
    return 0


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
