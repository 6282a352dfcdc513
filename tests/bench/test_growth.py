from pathlib import Path

import pytest

from bench.child import in_child


@pytest.mark.ci
@pytest.mark.process
def test_every_act_works_on_a_database_of_made_up_faces_as_the_tables_are_now(tmp_path: Path) -> None:
    taken = in_child("bench.figures.growth:microseconds", databases=str(tmp_path), sizes=[1000], turns=1)
    assert sorted(taken) == ["`export`, a line", "`status`", "claim", "next request", "vote"]
    assert all(each["1000"] > 0 for each in taken.values())
