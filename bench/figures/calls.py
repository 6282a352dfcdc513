"""AWS calls for each face that is trained: what Amazon Rekognition costs."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.child import in_child
from bench.rounds import Scale, interleaved
from bench.table import Comparison, Line, at_most
from tests.stages.scenes import tagged
from tests.training.amazon import a_bot_on_amazon

NOTE = """\
**AWS calls.** Faces of several new people, answered and trained through the whole flow against the
Rekognition stand-in. The rules: IndexFaces and AssociateFaces for each face, CreateUser for each person.
What a bot calls once after its start (to see or make the collection) is not for a face, and is left out;
so is detection."""

FACES = 12
PEOPLE = 3
ONCE = {"DescribeCollection", "CreateCollection", "DetectFaces"}


def measure(scale: Scale) -> Iterator[Line]:
    """Calls made, beside those that the rules need."""
    by_the_rules = 2 + PEOPLE / FACES
    calls = interleaved({"ours": lambda: in_child(f"{__name__}:for_each_face")}, scale.rounds).of("ours")
    yield Comparison(
        f"AWS calls for each of {FACES} faces of {PEOPLE} people",
        calls,
        [by_the_rules] * len(calls),
        "2, plus 1 for each person",
        "",
        at_most(1),
    )


def for_each_face() -> float:
    """In a child."""
    with tempfile.TemporaryDirectory() as folder, a_bot_on_amazon(Path(folder)) as amazon:
        for number in range(FACES):
            tagged(amazon.world, amazon.world.slack.people[number % PEOPLE])
        called = Counter(call.operation for call in amazon.calls() if call.operation not in ONCE)
        return called.total() / FACES
