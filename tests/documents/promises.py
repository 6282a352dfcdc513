"""What is promised, and the tests that hold it: each says so itself, by a marker with the key."""

import ast
import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.documents.tables import table
from tests.source import ROOT, python_files, text_of

PAGE = ROOT / "tests/RULES.md"

LISTS = {"rule": "tests/rules.toml", "failure": "tests/failures.toml"}
"""By marker, the file that its keys come from."""

HAPPENS = "what happens"
TOLD = "who is told"

PAGE_HEAD = """\
# What is promised, and the tests that hold it

In the order of a photo's way: each row is one rule that people, operators or programs may rely on, and the
tests that fail when it is broken. The last two tables have the tests that show what the documents say of
failures. `make docs` writes this page from `tests/rules.toml`, `tests/failures.toml` and the markers at the
tests. A rule without a test is a wish, so a new promise begins with a line there.
"""


class Failure(NamedTuple):
    """A row of what a document says about failures."""

    fails: str
    happens: str
    told: str


class Mark(NamedTuple):
    """A test says that it holds the promise of that key."""

    marker: str
    key: str
    test: str
    shows: tuple[str, ...] = ()
    """The cells of a failure; a rule has none."""


@cache
def rules() -> Mapping[str, Mapping[str, str]]:
    """By section, the sentences by their keys."""
    return tomllib.loads((ROOT / LISTS["rule"]).read_text())


@cache
def failures() -> Mapping[str, Mapping[str, Failure]]:
    """By document, the rows of its table by their keys."""
    documents = tomllib.loads((ROOT / LISTS["failure"]).read_text())
    return {
        document: {key: Failure(**row) for key, row in rows.items()} for document, rows in documents.items()
    }


def keys(marker: str) -> list[str]:
    """All keys that a marker may name, in the order of their list."""
    lists: Iterable[Mapping[str, object]] = rules().values() if marker == "rule" else failures().values()
    return [key for each in lists for key in each]


# --- The markers at the tests ------------------------------------------------------------------------------


@cache
def marks() -> tuple[Mark, ...]:
    """What all tests say that they hold, by file and line."""
    files = {path.relative_to(ROOT).as_posix(): path for path in python_files("tests")}
    return tuple(mark for file, path in files.items() for mark in marks_in(file, text_of(path)))


def marks_in(file: str, source: str) -> Iterator[Mark]:
    """What the tests of a file hold; a marker that says nothing, or stands at no test, is an error."""
    if not any(f"mark.{marker}" in source for marker in LISTS):
        return  # most of the time goes into parsing
    tree = ast.parse(source)
    read = []
    for test in tree.body if Path(file).name.startswith("test_") else []:
        if isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef) and test.name.startswith("test_"):
            for call in test.decorator_list:
                if isinstance(call, ast.Call) and (marker := _marker(call.func)):
                    read.append(call.func)
                    yield from _read(call, marker, f"{file}:{call.lineno}", f"{file}::{test.name}")
    if sum(source.count(f"mark.{marker}") for marker in LISTS) == len(read):
        return  # each stands above a test; to look through all else takes longest
    for node in ast.walk(tree):
        if (marker := _marker(node)) and node not in read and isinstance(node, ast.expr):
            raise ValueError(
                f"{file}:{node.lineno}: pytest.mark.{marker} is to stand above a test, and with a key:"
                f' @pytest.mark.{marker}("{keys(marker)[0]}")'
            )


def _marker(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr in LISTS and ast.unparse(node.value).endswith("mark"):
        return node.attr
    return None


def _read(call: ast.Call, marker: str, where: str, test: str) -> Iterator[Mark]:
    if not call.args:
        raise ValueError(f"{where}: pytest.mark.{marker} names no key")
    shows = _shows(call, marker, where)
    for argument in call.args:
        key = _literal(argument, where)
        if key not in keys(marker):
            near = difflib.get_close_matches(key, keys(marker), n=1)
            hint = f'; is it "{near[0]}"?' if near else ""
            raise ValueError(f'{where}: there is no {marker} "{key}" in {LISTS[marker]}{hint}')
        yield Mark(marker, key, test, shows)


def _shows(call: ast.Call, marker: str, where: str) -> tuple[str, ...]:
    cells = (HAPPENS, TOLD) if marker == "failure" else ()
    for keyword in call.keywords:
        if keyword.arg != "shows" or not cells:
            raise ValueError(f"{where}: pytest.mark.{marker} takes no {keyword.arg}")
        if (shows := _literal(keyword.value, where)) not in cells:
            raise ValueError(f'{where}: shows is "{HAPPENS}" or "{TOLD}"; a marker without it shows both')
        return (shows,)
    return cells


def _literal(node: ast.expr, where: str) -> str:
    """A text as it stands there: the tests are read, not run."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(
        f"{where}: `{ast.unparse(node)}` is to be a string in quotes, as nothing is run to read it"
    )


# --- What is written of them -------------------------------------------------------------------------------


def holding(key: str) -> list[str]:
    """The tests that hold a rule."""
    return list(dict.fromkeys(mark.test for mark in marks() if (mark.marker, mark.key) == ("rule", key)))


def showing(key: str, cell: str) -> list[str]:
    """The tests that show what a cell says about a failure."""
    found = (mark for mark in marks() if (mark.marker, mark.key) == ("failure", key))
    return list(dict.fromkeys(mark.test for mark in found if cell in mark.shows))


def failures_table(document: str) -> str:
    """What fails, what happens and who is told, as a document says it."""
    return table(("what fails", HAPPENS, TOLD), list(failures()[document].values()))


def page() -> str:
    """`tests/RULES.md`: every promise with its tests."""
    parts = [PAGE_HEAD]
    for section, sentences in rules().items():
        held = [(sentence, _named(holding(key))) for key, sentence in sentences.items()]
        parts.append(f"## {section}\n\n{table(('rule', 'tests'), held)}\n")
    for document, rows in failures().items():
        shown = [
            (row.fails, _named(showing(key, HAPPENS)), _named(showing(key, TOLD)))
            for key, row in rows.items()
        ]
        parts.append(
            f"## What fails, as `{document}` says\n\n{table(('what fails', HAPPENS, TOLD), shown)}\n"
        )
    return "\n".join(parts)


def _named(tests: list[str]) -> str:
    return ", ".join(f"`{test}`" for test in tests)
