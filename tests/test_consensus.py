"""The rule of consensus: tables of cases, and what holds for any answers."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.consensus import Agreed, Answer, Consensus, PeopleDiffer, Rule, Unknown, Waiting, consensus
from tagbot.vocabulary import MACHINE, SpecialAnswer

USUAL = Rule(required_votes=2, unknown_after=3)


def said(*answers: str) -> list[Answer]:
    """One tagger after the other."""
    return [Answer(f"T{number}", answer, float(number)) for number, answer in enumerate(answers)]


CASES: list[tuple[tuple[str, ...], Consensus]] = [
    ((), Waiting()),
    (("ANNA",), Waiting()),
    (("ANNA", "ANNA"), Agreed("ANNA")),
    (("ANNA", "ANNA", "ANNA"), Agreed("ANNA")),
    (("ANNA", "BEN"), PeopleDiffer()),
    (("ANNA", "BEN", "CHIARA"), PeopleDiffer()),
    (("ANNA", "BEN", "ANNA"), Agreed("ANNA")),
    ((SpecialAnswer.NOT_A_FACE,), Waiting()),
    ((SpecialAnswer.NOT_A_FACE, SpecialAnswer.NOT_A_FACE), Agreed(SpecialAnswer.NOT_A_FACE)),
    ((SpecialAnswer.NOT_A_FACE, "ANNA"), PeopleDiffer()),
    ((SpecialAnswer.DONT_KNOW,), Waiting()),
    ((SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW), Waiting()),
    ((SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW), Unknown()),
    ((SpecialAnswer.DONT_KNOW, "ANNA"), Waiting()),
    ((SpecialAnswer.DONT_KNOW, "ANNA", "ANNA"), Agreed("ANNA")),
    ((SpecialAnswer.DONT_KNOW, "ANNA", "BEN"), PeopleDiffer()),
    ((SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, "ANNA"), Waiting()),
    (
        (SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, SpecialAnswer.NOT_A_FACE),
        Unknown(),
    ),
    (
        (SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, SpecialAnswer.DONT_KNOW, "ANNA", "ANNA"),
        Agreed("ANNA"),
    ),
]


@pytest.mark.parametrize(("answers", "outcome"), CASES)
def test_what_answers_amount_to_where_two_have_to_agree(answers: tuple[str, ...], outcome: Consensus) -> None:
    assert consensus(said(*answers), USUAL) == outcome


def test_one_answer_is_enough_where_one_is_required() -> None:
    assert consensus(said("ANNA"), Rule(1, 3)) == Agreed("ANNA")


def test_three_have_to_agree_where_three_are_required() -> None:
    assert consensus(said("ANNA", "ANNA"), Rule(3, 3)) == Waiting()
    assert consensus(said("ANNA", "BEN", "ANNA", "ANNA"), Rule(3, 3)) == Agreed("ANNA")


def test_where_two_answers_have_enough_the_more_frequent_one_wins() -> None:
    assert consensus(said("ANNA", "ANNA", "BEN", "BEN", "BEN"), USUAL) == Agreed("BEN")


def test_where_they_are_equally_frequent_the_one_that_had_enough_first_wins() -> None:
    assert consensus(said("ANNA", "BEN", "BEN", "ANNA"), USUAL) == Agreed("BEN")


def named(*typed: str) -> list[Answer]:
    """Names typed by one tagger after the other, each with the address behind an `@`, if any."""
    pairs = [each.partition("@") for each in typed]
    return [
        Answer(f"T{number}", f"ID{number}", float(number), name, email)
        for number, (name, _, email) in enumerate(pairs)
    ]


@pytest.mark.rule("same-name-same-person")
@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        (("zoe",), Waiting()),
        (("zoe", "zoe"), Agreed("ID0")),
        (("zoe", "zoe@a"), Agreed("ID0")),
        (("zoe@a", "zoe@b"), PeopleDiffer()),
        (("zoe@a", "zoe@b", "zoe"), Agreed("ID0")),
        (("zoe@a", "zoe@b", "ann", "zoe@b"), Agreed("ID1")),
        (("zoe", "ann"), PeopleDiffer()),
    ],
)
def test_one_name_is_one_answer_unless_two_addresses_differ(
    typed: tuple[str, ...], outcome: Consensus
) -> None:
    assert consensus(named(*typed), USUAL) == outcome


def test_a_name_without_an_address_goes_with_the_one_that_most_gave() -> None:
    outcome = consensus(named("zoe", "zoe@a", "zoe@b", "zoe@b"), USUAL)
    assert isinstance(outcome, Agreed)
    assert [each.tagger for each in outcome.answers] == ["T0", "T2", "T3"]


answers = st.lists(
    st.tuples(
        st.sampled_from(["ANNA", "BEN", "CHIARA", SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW]),
        st.floats(0, 1e9),
    ),
    max_size=9,
).map(lambda rows: [Answer(f"T{number}", answer, at) for number, (answer, at) in enumerate(rows)])
rules = st.builds(Rule, st.integers(1, 4), st.integers(1, 4))


@given(answers, rules, st.randoms(use_true_random=False))
def test_the_order_in_which_answers_are_read_does_not_matter(
    given: list[Answer], rule: Rule, chance: random.Random
) -> None:
    mixed = given[:]
    chance.shuffle(mixed)
    assert consensus(mixed, rule) == consensus(given, rule)


@pytest.mark.rule("agreement-claims-once")
@given(answers, rules)
def test_people_agree_if_and_only_if_enough_of_them_give_one_answer(given: list[Answer], rule: Rule) -> None:
    counts = Counter(each.answer for each in given if each.answer != SpecialAnswer.DONT_KNOW)
    outcome = consensus(given, rule)
    if isinstance(outcome, Agreed):
        assert counts[outcome.answer] == max(counts.values()) >= rule.required_votes
    else:
        assert max(counts.values(), default=0) < rule.required_votes


@pytest.mark.rule("unknown-person")
@given(answers, rules)
def test_it_is_unknown_only_while_nobody_has_named_anyone(given: list[Answer], rule: Rule) -> None:
    if isinstance(consensus(given, rule), Unknown):
        assert {each.answer for each in given} <= {SpecialAnswer.DONT_KNOW, SpecialAnswer.NOT_A_FACE}
        assert sum(each.answer == SpecialAnswer.DONT_KNOW for each in given) >= rule.unknown_after


@pytest.mark.rule("differing-answers")
@given(answers, rules)
def test_people_differ_only_where_there_are_two_opinions_and_no_agreement(
    given: list[Answer], rule: Rule
) -> None:
    opinions = {each.answer for each in given} - {SpecialAnswer.DONT_KNOW}
    outcome = consensus(given, rule)
    if isinstance(outcome, PeopleDiffer):
        assert len(opinions) > 1
    if isinstance(outcome, Waiting):
        assert len(opinions) <= 1


@given(answers, rules)
def test_one_more_who_does_not_know_never_undoes_an_agreement(given: list[Answer], rule: Rule) -> None:
    outcome = consensus(given, rule)
    if isinstance(outcome, Agreed):
        assert consensus([*given, Answer("T99", SpecialAnswer.DONT_KNOW, 2e9)], rule) == outcome


def machine(answer: str, at: float = -1.0) -> Answer:
    """Noted before anybody answered."""
    return Answer(MACHINE, answer, at)


@pytest.mark.rule("machine-only-beside-people")
@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ((), Waiting()),
        (("ANNA",), Agreed("ANNA")),
        (("BEN",), Waiting()),
        (("BEN", "BEN"), Agreed("BEN")),
        (("BEN", "CHIARA"), PeopleDiffer()),
        ((SpecialAnswer.DONT_KNOW,) * 3, Unknown()),
        ((SpecialAnswer.NOT_A_FACE,), Waiting()),
    ],
)
def test_the_machines_vote_counts_beside_a_persons_alone(
    answers: tuple[str, ...], outcome: Consensus
) -> None:
    assert consensus(said(*answers), USUAL, machine("ANNA")) == outcome


@pytest.mark.rule("machine-only-beside-people")
@given(st.lists(st.sampled_from(["ANNA", "BEN", *SpecialAnswer]), max_size=6), st.integers(1, 4))
def test_without_the_machine_nothing_is_agreed_on_with_more_than_one_person_less(
    answers: list[str], required: int
) -> None:
    outcome = consensus(said(*answers), Rule(required, 3), machine("ANNA"))
    if isinstance(outcome, Agreed):
        people = [each for each in outcome.answers if each.tagger != MACHINE]
        assert len(people) >= max(1, required - 1)
    else:
        assert outcome == consensus(said(*answers), Rule(required, 3))
