"""What the operator is told of a bot on Amazon: calls, their cost, and what to deal with."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.opening import connected, open_database
from tagbot.monitoring import status_words
from tagbot.training.rekognition.permissions import ACTIONS
from tagbot.training.usage import Ledger, usage
from tests.world import DATABASE, new_database

NOVEMBER = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
LAST_OF_NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def _database(tmp_path: Path) -> Iterator[None]:
    open_database(new_database(tmp_path / DATABASE))
    with connected():
        yield


def record(now: float, *operations: str) -> None:
    ledger = Ledger(lambda: now)
    for operation in operations:
        ledger.record(operation)


def notices() -> list[str]:
    return [notice.text for notice in Notice.select().order_by(Notice.since)]


def test_a_bot_that_never_called_amazon_has_no_cost_to_show() -> None:
    assert usage(NOVEMBER) is None


def test_calls_are_counted_by_operation_and_pictures_cost() -> None:
    record(NOVEMBER, *["index_faces"] * 15, *["detect_faces"] * 5, *["associate_faces"] * 3)
    assert usage(NOVEMBER) == {
        "calls": 23,
        "by_operation": {"index_faces": 15, "detect_faces": 5, "associate_faces": 3},
        "estimated_dollars": 0.02,
    }
    lines = status_words.training({"training": usage(NOVEMBER)}, datetime.now(UTC))
    assert list(lines) == ["Amazon Rekognition since the start of the month: 23 calls, about $0.02."]


def test_a_month_ends_at_midnight_utc_and_the_next_begins_at_nothing() -> None:
    record(LAST_OF_NOVEMBER, "index_faces")
    assert usage(LAST_OF_NOVEMBER)
    assert usage(DECEMBER) is None
    record(DECEMBER, "index_faces", "index_faces")
    december, november = usage(DECEMBER), usage(NOVEMBER)
    assert december
    assert november
    assert (november["calls"], december["calls"]) == (1, 2)
    assert december["estimated_dollars"] == 0.002


def test_only_operations_that_look_at_a_picture_are_priced() -> None:
    free = {"".join(f"_{each.lower()}" if each.isupper() else each for each in name)[1:] for name in ACTIONS}
    record(NOVEMBER, *(free - {"index_faces", "search_users_by_image"}))
    figures = usage(NOVEMBER)
    assert figures
    assert (figures["calls"], figures["estimated_dollars"]) == (len(ACTIONS) - 2, 0.0)
    record(NOVEMBER, "index_faces", "detect_faces", "search_users_by_image")
    figures = usage(NOVEMBER)
    assert figures
    assert figures["estimated_dollars"] == 0.003


def test_calls_of_several_threads_are_all_counted() -> None:
    def call(_: int) -> None:
        with connected():
            record(NOVEMBER, *["index_faces"] * 10)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))
    figures = usage(NOVEMBER)
    assert figures
    assert figures["calls"] == 40


def store(state: str, backend: str | None) -> None:
    photo = {"sha256": "ab" * 32, "width": 1, "height": 1, "faces_found": 1, "received_at": 1.0}
    place = dict.fromkeys(("left", "top", "width", "height"), 1)
    face = {"id": "f", "photo": "ab" * 32, "stored_at": 1.0, "state": state, "training_backend": backend}
    store_photo(photo, [{**face, **place}])
    assert Face.select().count() == 1


@pytest.mark.parametrize(
    ("state", "backend"), [("open", None), ("tagged", None), ("tagged", "local"), ("training", None)]
)
def test_a_collection_that_never_held_a_tagged_face_may_be_missing(state: str, backend: str | None) -> None:
    store(state, backend)
    Ledger(lambda: NOVEMBER).collection_is_missing("facetag")
    assert notices() == []


def test_a_collection_that_vanished_is_told_of_once_with_what_to_do() -> None:
    store("tagged", "rekognition")
    for _ in range(3):
        Ledger(lambda: NOVEMBER).collection_is_missing("facetag")
    (text,) = notices()
    assert text.startswith("the collection facetag had vanished")
    assert "python bot.py reconcile --fix" in text


def test_why_photos_wait_is_told_until_they_go_on() -> None:
    ledger = Ledger(lambda: NOVEMBER)
    ledger.photos_go_on()
    for _ in range(2):
        ledger.photos_wait("AWS denies it")
    assert notices() == ["photos wait in the inbox, because AWS denies it"]
    ledger.photos_go_on()
    assert notices() == []
