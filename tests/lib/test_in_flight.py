"""Which messages the stages work on, and since when."""

from contextlib import suppress

from tagbot.lib.in_flight import Work, WorkInFlight


def test_work_is_in_flight_until_it_ends_however_it_does() -> None:
    now = 0.0
    in_flight = WorkInFlight(lambda: now)
    with suppress(KeyError), in_flight.tracking("UndoTag", "face-undo:F:1"):
        now = 30.0
        with in_flight.tracking("CleanupTag", "face-cleanup:G:1"):
            now = 40.0
            assert in_flight.longer_than(5) == [
                Work("UndoTag", "face-undo:F:1", 40.0),
                Work("CleanupTag", "face-cleanup:G:1", 10.0),
            ]
            assert in_flight.longer_than(10) == [Work("UndoTag", "face-undo:F:1", 40.0)]
        raise KeyError
    assert in_flight.longer_than(0) == []


def test_work_becomes_late_once_and_not_after_its_end() -> None:
    in_flight = WorkInFlight(lambda: 0.0)
    with in_flight.tracking("UndoTag", "face-undo:F:1"):
        [work] = in_flight.longer_than(-1)
        assert [in_flight.becomes_late(work) for _ in range(2)] == [True, False]
    assert not in_flight.becomes_late(work)
