"""Nothing takes longer for many faces: each query for what is under way reads an index of nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tagbot.database.models import export_lines
from tagbot.database.models.base import database
from tagbot.database.models.consents import consented_and_waiting, count_waiting_for_consent
from tagbot.database.models.faces import coming_back, moving, unknown_people
from tagbot.database.models.labelled_faces import count_asked, count_labelled, last_labelled
from tagbot.database.models.places import (
    count_on_their_way,
    count_open_requests,
    good_waiting_faces,
    next_with_message,
    waiting_faces,
)
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.waiting import StoredFaces
from tagbot.database.opening import connected, open_database
from tagbot.training.other_models import held_elsewhere
from tests.database.rows import a_face
from tests.world import DATABASE, new_database


@pytest.mark.rule("nothing-slow")
@pytest.mark.parametrize(
    ("ask", "by"),
    [
        (count_open_requests, {"request_posting", "request_stale", "face_state_tagged_at_id"}),
        (lambda: count_on_their_way(20), {"face_pending"}),
        (lambda: next_with_message(20), {"face_pending"}),
        (lambda: waiting_faces(20), {"face_state_stored_at_id"}),
        (lambda: good_waiting_faces(20), {"face_waits_good"}),
        (StoredFaces().count, {"face_pending", "face_request_id"}),
        (stale_in_slack, {"request_stale"}),
        (lambda: unknown_people(1.0, 20), {"person_unknown", "face_person_id_state_tagged_at"}),
        (lambda: held_elsewhere("local"), {"face_in_model"}),
        (lambda: list(export_lines.lines()), {"face_state_tagged_at_id"}),
        (count_labelled, {"face_is_none"}),
        (count_asked, {"face_never_asked"}),
        (lambda: moving("local"), {"face_moving", "face_handed_to"}),
        (coming_back, {"face_displaced", "face_handed_to", "person_merged"}),
        (count_waiting_for_consent, {"face_without_consent"}),
    ],
    ids=[
        "places", "on their way", "with message", "next", "next good", "waiting", "stale", "unknown people",
        "elsewhere", "export", "labelled", "asked", "moving", "coming back",
        "without consent",
    ],
)  # fmt: skip
def test_what_is_under_way_is_found_by_an_index_of_nothing_else(
    tmp_path: Path, ask: Callable[[], object], by: set[str]
) -> None:
    open_database(new_database(tmp_path / DATABASE))
    with connected():
        plans = plans_of(ask)

    used = {index for plan in plans for index in by if f"INDEX {index}" in plan}
    assert used == by, plans
    counted = "SCAN _wrapped"  # what a subquery found is counted
    assert not [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan and plan != counted]
    assert not [plan for plan in plans if "ORDER BY" in plan], plans


@pytest.mark.rule("nothing-slow")
def test_faces_of_people_who_agreed_are_looked_for_among_those_that_wait_for_it_alone(tmp_path: Path) -> None:
    open_database(new_database(tmp_path / DATABASE))
    with connected():
        [face, *_] = plans_of(lambda: consented_and_waiting(20))
    assert "INDEX face_without_consent" in face


@pytest.mark.rule("nothing-slow")
def test_the_last_labelled_faces_are_found_by_indexes_and_their_votes_by_the_face(tmp_path: Path) -> None:
    open_database(new_database(tmp_path / DATABASE))
    with connected():
        a_face(state="tagged")
        plans = plans_of(lambda: list(last_labelled(9)))
    assert not [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan]
    indexes = ("face_state_tagged_at_id", "face_is_none", "sqlite_autoindex_vote_1")
    assert [index for index in indexes if not any(f"INDEX {index}" in plan for plan in plans)] == []
    assert sum("ORDER BY" in plan for plan in plans) == 1, "the votes alone are sorted"


def plans_of(ask: Callable[[], object]) -> list[str]:
    """How SQLite answers what is asked of it meanwhile."""
    asked: list[tuple[str, Any]] = []
    connection = database.connection()
    connection.set_trace_callback(lambda sql: asked.append((sql, None)))
    try:
        ask()
    finally:
        connection.set_trace_callback(None)
    return [row[3] for sql, _ in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
