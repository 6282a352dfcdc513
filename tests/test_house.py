"""The house stays as it was built: limits of the figures that `make house` prints."""

from tests import house


def test_the_top_level_is_one_look() -> None:
    assert len(house.modules_at_the_top()) <= 14


def test_rooms_are_few_and_no_two_of_them_need_each_other() -> None:
    assert len(house.rooms()) <= 30
    assert len(house.arrows()) <= 170
    assert house.circles() == []


def test_no_file_is_longer_than_400_lines() -> None:
    assert {name: lines for name, lines in house.lengths_of_files().items() if lines > 400} == {}


def test_no_file_name_stands_for_two_different_things() -> None:
    assert house.twins() == []


def test_few_helpers_are_there_for_one_caller() -> None:
    assert len(house.helpers_used_once()) / len(list(house.functions())) <= 0.15


def test_sentences_name_their_subject() -> None:
    assert len(house.vague_sentences()) / len(house.sentences()) <= 0.02


def test_a_newcomer_learns_few_terms() -> None:
    assert len(house.terms_to_learn()) <= 25
