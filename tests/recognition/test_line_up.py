import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.names import name_key
from tagbot.recognition.line_up import line_up
from tagbot.recognition.nearest_people import LearnedFaces
from tagbot.recognition.resemblance import Resemblance
from tests.recognition.people import THRESHOLDS, vectors

NAMES = {"1": "Dora", "2": "anna", "3": "Čeněk", "4": "Ben", "5": "Ben", "6": "Emil"}


def nearest(*people: str, first: float = 0.3) -> list[Resemblance]:
    return [Resemblance(person, (first + number / 10,)) for number, person in enumerate(people)]


def offered(found: Sequence[Resemblance], most: int = 4, **others: object) -> tuple[str, ...]:
    names = {person: name_key(name) for person, name in NAMES.items()}
    return line_up(found, names, most=most, resembles=0.55, **others)  # type: ignore[arg-type]  # as given


def test_the_nearest_people_are_offered_in_alphabetical_order() -> None:
    assert offered(nearest("1", "2", "4", "6", "3")) == ("2", "4", "1", "6")


def test_two_of_one_name_stand_in_an_order_that_distance_does_not_change() -> None:
    assert offered(nearest("4", "5")) == offered(nearest("5", "4")) == ("4", "5")


@pytest.mark.rule("line-up", "guess-not-told")
@given(st.permutations(sorted(NAMES)), st.integers(2, 6), st.integers(0, 6))
def test_order_and_number_do_not_depend_on_who_is_nearest_or_how_many_resemble(
    order: list[str], most: int, resembling: int
) -> None:
    found = [
        Resemblance(person, (0.3 + number / 1000 if number < resembling else 0.9,))
        for number, person in enumerate(order)
    ]
    shown = offered(found, most)
    assert set(shown) == (set(order[:most]) if resembling else set())
    assert list(shown) == sorted(shown, key=lambda person: (NAMES[person].casefold(), person))
    chance = random.Random(1)
    among = found[:most]
    swapped = [
        Resemblance(person, each.distances)
        for person, each in zip(
            chance.sample([each.person for each in among], len(among)), among, strict=True
        )
    ]
    assert offered([*swapped, *found[most:]], most) == shown


def test_a_model_that_knows_nobody_like_this_offers_nobody() -> None:
    assert offered(nearest("1", "2", "3", first=0.56)) == ()
    assert offered([]) == ()


def test_a_second_name_is_added_where_one_person_alone_resembles() -> None:
    assert offered([Resemblance("1", (0.3,)), Resemblance("2", (1.2,))]) == ("2", "1")


@pytest.mark.rule("line-up")
def test_one_name_is_never_offered_alone() -> None:
    assert offered(nearest("1")) == ()
    assert offered([], named=["1"]) == ()


def test_people_who_may_not_be_offered_are_left_out_and_others_take_their_places() -> None:
    assert offered(nearest("gone", "1", "2", "4", "6", "3")) == ("2", "4", "1", "6")
    assert offered([Resemblance("gone", (0.1,)), Resemblance("1", (0.9,)), Resemblance("2", (0.9,))]) == ()


@given(st.permutations(sorted(NAMES)), st.sampled_from(sorted(NAMES)))
def test_a_person_named_in_the_photo_joins_and_is_marked_in_nothing(order: list[str], named: str) -> None:
    shown = offered(nearest(*order), named=[named])
    assert named in shown
    assert len(shown) == 4
    assert list(shown) == sorted(shown, key=lambda person: (NAMES[person].casefold(), person))
    far = offered(nearest(*order, first=0.9), named=[named])
    assert named in far
    assert len(far) == 4
    assert offered(nearest(*order, first=0.9), named=["a stranger"]) == ()


PEOPLE = 400


@cache
def shown_over_time() -> list[tuple[tuple[str, ...], str]]:
    """What was offered for a face of each of many people, and whom the machine meant."""
    learned, chance = LearnedFaces(THRESHOLDS), random.Random(3)
    people = [f"{chance.getrandbits(64):016x}" for _ in range(PEOPLE)]
    names = {person: f"{chance.choice('ABCDEFGHIJ')}{chance.getrandbits(20):05x}" for person in people}
    asked = []
    for number, person in enumerate(people):
        *known, vector = vectors(number, 3)
        asked.append(vector)
        for face, each in enumerate(known):
            learned.put(f"{number}-{face}", person, each)
    chance.shuffle(asked)
    found = [learned.nearest([vector], most=4) for vector in asked]
    return [
        (line_up(each, names, most=4, resembles=THRESHOLDS.nearness.resembles), each[0].person)
        for each in found
    ]


STRATEGIES: dict[str, Callable[[tuple[str, ...], Counter[str]], str]] = {
    "the first": lambda shown, _: shown[0],
    "the second": lambda shown, _: shown[1],
    "the third": lambda shown, _: shown[2],
    "the last": lambda shown, _: shown[-1],
    "the smallest id": lambda shown, _: min(shown),
    "the largest id": lambda shown, _: max(shown),
    "offered most so far": lambda shown, so_far: max(shown, key=lambda person: so_far[person]),
}


@pytest.mark.rule("guess-not-told")
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_over_many_faces_the_guess_cannot_be_told_from_the_line_up(strategy: str) -> None:
    # Who is hardly ever like others, shows up in statistics of hundreds of requests: no rule by which the
    # nearest people are offered can hide that, and it helps nobody with the face that they see.
    so_far: Counter[str] = Counter()
    told = 0
    for shown, guess in shown_over_time():
        assert len(shown) == 4
        assert guess in shown
        told += STRATEGIES[strategy](shown, so_far) == guess
        so_far.update(shown)
    # By chance a quarter, give or take three standard deviations.
    assert told / PEOPLE <= 0.25 + 3 * (0.25 * 0.75 / PEOPLE) ** 0.5
