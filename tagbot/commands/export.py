"""`python bot.py export`: every tagged face, one a line, oldest first."""

import argparse
import csv
import io
import json
import string
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from tagbot.commands.command import Command
from tagbot.consensus import Answer
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database, streamed
from tagbot.lib.owner_only import tighten
from tagbot.lib.unseen import UNPRINTABLE, UNSEEN
from tagbot.settings import Settings
from tagbot.vocabulary import State

COLUMNS = (
    "face_id", "photo", "source", "rectangle.left", "rectangle.top", "rectangle.width", "rectangle.height",
    "person.id", "person.slack_id", "person.name", "person.email", "votes",
    "training.backend", "training.person_ref", "training.face_ref", "tagged_at",
)  # fmt: skip

TOLD = (
    Face.id, Face.left, Face.top, Face.width, Face.height, Face.tagged_at,
    Face.training_backend, Face.person_ref, Face.face_ref,
    Photo.sha256, Photo.source,
    Person.id, Person.slack_id, Person.name, Person.email,
)  # fmt: skip
"""The columns that a line needs: to make objects of all of them took a fifth of its time."""

AT_ONCE = 50
"""Faces whose votes are asked for in one go, and so how far is read ahead of the line that is written: with
more, no line became cheaper.
"""


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


def lines() -> Iterator[dict[str, Any]]:
    """The line of each tagged face."""
    query = Face.select(*TOLD).join_from(Face, Person).join_from(Face, Photo)
    faces = streamed(query.where(Face.state == State.TAGGED).order_by(Face.tagged_at, Face.id))
    while some := list(islice(faces, AT_ONCE)):
        votes = Vote.of_each([face.id for face in some])
        for face in some:
            yield line(face, votes[face.id])


def line(face: Face, votes: Sequence[Answer]) -> dict[str, Any]:
    """Its names and shapes are the contract's."""
    person, tagged_at = face.person, face.tagged_at
    if person is None or tagged_at is None:
        raise TypeError(
            f"the tagged face {face.id} has no person or no time"
        )  # the stages write them together
    in_model = {
        "backend": face.training_backend,
        "person_ref": face.person_ref,
        "face_ref": face.face_ref,
    }
    return {
        "face_id": face.id,
        "photo": face.photo.sha256,
        "source": face.photo.source,
        "rectangle": {"left": face.left, "top": face.top, "width": face.width, "height": face.height},
        "person": {"id": person.id, "slack_id": person.slack_id, "name": person.name, "email": person.email},
        "votes": [{"tagger": vote.tagger, "answer": vote.answer, "at": _utc(vote.at)} for vote in votes],
        "training": None if face.face_ref is None else in_model,
        "tagged_at": _utc(tagged_at),
    }


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
