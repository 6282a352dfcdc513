"""Requests about several faces, in every mix of their states."""

import itertools
import uuid

import pytest

from tagbot.sandbox import block_kit
from tagbot.slack import words
from tagbot.slack.blocks import PersonShown, Rendered
from tagbot.slack.group_message import FaceShown, GroupShown, group_message
from tagbot.vocabulary import RejectionReason, State
from tests.slack.spoken import unspoken

ANN = PersonShown("U0ANN00001", "Ann Lee")
DECIDED = {State.TRAINING, State.TAGGED}
ASKED = {State.OPEN, State.WAITING}


def shown(*states: State) -> Rendered:
    faces = [
        FaceShown(
            id=str(uuid.UUID(int=number)),
            round=1,
            number=number,
            state=state,
            person=ANN if state == State.TAGGED else None,
            reason=RejectionReason.TOO_BLURRED if state == State.REJECTED else None,
        )
        for number, state in enumerate(states, 1)
    ]
    return group_message(GroupShown(faces=faces, grid_file="F0GRID", required_votes=2))


def actions(rendered: Rendered) -> set[str]:
    return {
        element["action_id"]
        for block in rendered.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }


@pytest.mark.rule("group-answer")
def test_once_one_face_is_on_its_way_to_the_model_no_answer_about_the_others_is_taken() -> None:
    for states in itertools.product(State, repeat=3):
        answerable = "tag_person" in actions(shown(*states))
        assert answerable == (bool(ASKED & {*states}) and not DECIDED & {*states}), states


def test_what_is_still_to_be_learned_is_said_of_its_numbers_beside_what_is_done() -> None:
    text = shown(State.TAGGED, State.OPEN, State.TRAINING).text
    assert f"{words.of_faces(words.tagged_as('Ann Lee'), words.numbered_faces([1]))}" in text
    assert words.of_faces(words.LEARNING, words.numbered_faces([2, 3])) in text


def test_slack_takes_the_message_in_every_mix_of_states() -> None:
    for states in itertools.product(State, repeat=3):
        rendered = shown(*states)
        assert block_kit.inspect_message(rendered.blocks, lambda _: True), states
        assert rendered.text, states


@pytest.mark.rule("text-says-all")
def test_the_text_says_all_that_the_blocks_say_in_every_mix_of_states() -> None:
    for states in itertools.product(State, repeat=3):
        assert unspoken(shown(*states)) == [], states
