"""Each promise has a test, and each marker at a test names a promise.

That `tests/RULES.md` and the tables of failures are up to date, tests/test_documents.py looks after.
"""

import re

import pytest

from tests.documents import promises

FEWEST = 130
"""Rules: a list that shrinks has lost promises."""

MARKED = """\
import pytest

@pytest.mark.rule("photo-identity", "durable-queues")
@pytest.mark.failure("disk-full")
@pytest.mark.failure("stage-hangs", "bot-gone", shows="who is told")
@pytest.mark.parametrize("number", [1, 2])
def test_something(number: int) -> None: ...
"""


def test_no_rule_was_lost() -> None:
    assert len(promises.keys("rule")) >= FEWEST


@pytest.mark.parametrize("marker", promises.LISTS)
def test_a_key_is_short_readable_and_given_once(marker: str) -> None:
    keys = promises.keys(marker)
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) or len(key) > 40] == []
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_a_sentence_is_given_once() -> None:
    sentences = [each for section in promises.rules().values() for each in section.values()]
    assert all(sentences)
    assert len(set(sentences)) == len(sentences)


def test_each_rule_has_a_test() -> None:
    assert [key for key in promises.keys("rule") if not promises.holding(key)] == [], (
        'no test has @pytest.mark.rule("…") with this key'
    )


@pytest.mark.parametrize("cell", [promises.HAPPENS, promises.TOLD])
def test_of_each_failure_a_test_shows_what_happens_and_one_who_is_told(cell: str) -> None:
    assert all(all(row) for rows in promises.failures().values() for row in rows.values())
    assert [key for key in promises.keys("failure") if not promises.showing(key, cell)] == [], (
        f'no test has @pytest.mark.failure("…") with this key and shows "{cell}"'
    )


# --- How markers are read ----------------------------------------------------------------------------------


def test_a_test_holds_what_its_markers_name() -> None:
    test = "tests/test_it.py::test_something"
    assert list(promises.marks_in("tests/test_it.py", MARKED)) == [
        ("rule", "photo-identity", test, ()),
        ("rule", "durable-queues", test, ()),
        ("failure", "disk-full", test, (promises.HAPPENS, promises.TOLD)),
        ("failure", "stage-hangs", test, (promises.TOLD,)),
        ("failure", "bot-gone", test, (promises.TOLD,)),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            '"photo-identity"',
            '"photo-identitty"',
            'no rule "photo-identitty" in tests/rules.toml; is it "pho',
        ),
        ('"disk-full"', '"photo-identity"', 'no failure "photo-identity" in tests/failures.toml'),
        ('"photo-identity"', "IDENTITY", "`IDENTITY` is to be a string in quotes"),
        ('"who is told"', '"everything"', 'shows is "what happens" or "who is told"'),
        ('"durable-queues"', 'shows="who is told"', "pytest.mark.rule takes no shows"),
        ('"disk-full"', "", "pytest.mark.failure names no key"),
        ('("disk-full")', "", "pytest.mark.failure is to stand above a test, and with a key"),
        ("def test_something", "def something", "pytest.mark.rule is to stand above a test"),
    ],
)
def test_a_marker_that_cannot_be_read_is_told_with_its_line(right: str, wrong: str, told: str) -> None:
    assert right in MARKED
    with pytest.raises(ValueError, match=rf"^tests/test_it\.py:\d+: .*{re.escape(told)}"):
        list(promises.marks_in("tests/test_it.py", MARKED.replace(right, wrong)))
