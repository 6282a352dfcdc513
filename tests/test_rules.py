"""The page of what is promised names, for each rule, tests that exist."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "tests/RULES.md"

TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")

FEWEST = 130
"""Rows: a page that shrinks has lost promises."""


def rows() -> list[list[str]]:
    """The cells of each row, without the heads of the tables."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row != ["rule", "tests"] and set("".join(row)) != {"-"}]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of a file's tests; one that is parametrized has one name."""
    return frozenset(re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))


def test_there_is_a_row_for_every_rule_and_none_is_empty() -> None:
    assert len(rows()) >= FEWEST
    assert all(len(row) == 2 and all(row) for row in rows())
    rules = [rule for rule, _ in rows()]
    assert len(set(rules)) == len(rules)


def test_every_row_names_a_test_and_nothing_else() -> None:
    for rule, tests in rows():
        assert TEST.search(tests), rule
        assert not TEST.sub("", tests).replace(",", "").strip(), rule


@pytest.mark.parametrize("file", sorted({match[1] for match in TEST.finditer(PAGE.read_text())}))
def test_every_test_that_is_named_exists(file: str) -> None:
    named = {match[2] for match in TEST.finditer(PAGE.read_text(encoding="utf-8")) if match[1] == file}
    assert (ROOT / file).is_file()
    assert named - names_in(file) == set()
