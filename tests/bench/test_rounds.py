from bench.child import Missing
from bench.rounds import interleaved


def test_everything_is_measured_once_in_each_round() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    results = interleaved({"ours": lambda: measure("ours"), "peer": lambda: measure("peer")}, rounds=3)

    assert order == ["ours", "peer"] * 3
    assert results.measured == {"ours": [1, 3, 5], "peer": [2, 4, 6]}


def test_what_is_missing_holds_up_nothing_and_is_asked_once() -> None:
    asked: list[int] = []

    def missing() -> float:
        asked.append(1)
        raise Missing("no such server")

    results = interleaved({"ours": lambda: 1.0, "peer": missing}, rounds=3)

    assert results.measured == {"ours": [1.0, 1.0, 1.0]}
    assert str(results.missing["peer"]) == "no such server"
    assert len(asked) == 1
