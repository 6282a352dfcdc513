"""TrainAnyway: where people and machine differ, an admin has the face learned all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.messages import AnswerGiven
from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tests.handlers.conftest import SLOW_DISK, connected_desk
from tests.rekognition.pictures import SeenFace
from tests.rekognition.stand_in import running_rekognition
from tests.stages.scenes import fresh, shown
from tests.training.amazon import Amazon, assert_is_in_the_model_once, on_amazon
from tests.world import ts_of


@pytest.fixture
def amazon(tmp_path: Path, stand_in: Slack) -> Iterator[Amazon]:
    with running_rekognition() as service, on_amazon(tmp_path, stand_in, service) as amazon:
        yield amazon


@pytest.fixture
def differing(amazon: Amazon) -> Face:
    person = amazon.person()
    amazon.tagged(person)
    amazon.service.look(lambda _: [SeenFace(similarity=1.0)])
    face = amazon.tagged(person)
    assert face.reason == "differs"
    shown(amazon.world, face)
    return face


@pytest.mark.rule("add-anyway-for-admins")
def test_a_click_puts_one_message_on_the_queue_before_slack_is_acknowledged(
    amazon: Amazon, differing: Face
) -> None:
    anna = amazon.world.slack.people[0]
    with connected_desk(amazon.world) as desk:
        desk.disk_seconds = SLOW_DISK
        act = desk.slack.click(anna, ts_of(differing), "train_anyway")
        assert (act.acknowledged, act.error) == (True, None)
        [(message, stored_at)] = desk.stored
    assert stored_at <= (act.acknowledged_at or 0.0)
    assert isinstance(message, AnswerGiven)
    assert (message.face_id, message.round, message.answer) == (differing.id, 1, "train_anyway")
    assert message.tagger == anna
    assert amazon.world.messages("face-tagging") == [message]


@pytest.mark.rule("add-anyway")
def test_an_admin_has_the_face_learned_and_clicking_twice_is_harmless(
    amazon: Amazon, differing: Face
) -> None:
    anna = amazon.world.slack.people[0]
    before = len(amazon.called())
    with connected_desk(amazon.world, admins=frozenset({anna})) as desk:
        for _ in range(2):
            assert desk.slack.click(anna, ts_of(differing), "train_anyway").acknowledged
        assert len({message.id for message, _ in desk.stored}) == 2
        amazon.settle()
    assert amazon.called(before) == ["IndexFaces", "AssociateFaces"]
    assert_is_in_the_model_once(amazon, differing)


@pytest.mark.rule("click-on-closed-face")
def test_who_clicks_where_it_is_not_offered_any_more_is_told_and_who_was_in_time_is_not(
    amazon: Amazon, differing: Face
) -> None:
    first, second = amazon.world.slack.people[:2]
    with connected_desk(amazon.world) as desk:
        old = desk.slack.message(ts_of(differing))
        assert desk.slack.click(first, ts_of(differing), "train_anyway").acknowledged
        amazon.settle()
        # On a screen that still shows the button.
        desk.client.chat_update(
            channel=desk.slack.channel, ts=old.ts, text=old.text, blocks=old.blocks, metadata=old.metadata
        )
        assert desk.slack.click(second, ts_of(differing), "train_anyway").acknowledged
        amazon.settle()
        desk.slack.wait_for_ephemeral(second, lambda message: message.text == words.NOT_DIFFERING)
        assert desk.world.told(first) == []
    assert_is_in_the_model_once(amazon, differing)


@pytest.mark.rule("add-anyway-for-admins")
def test_others_are_told_that_only_admins_can_and_nothing_is_learned(amazon: Amazon, differing: Face) -> None:
    anna, ben = amazon.world.slack.people[:2]
    with connected_desk(amazon.world, admins=frozenset({ben})) as desk:
        assert desk.slack.click(anna, ts_of(differing), "train_anyway").acknowledged
        desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ADMINS_ONLY)
    assert amazon.world.messages("face-tagging") == []
    assert (fresh(differing).state, fresh(differing).reason) == ("tagged", "differs")
    assert words.TRAIN_ANYWAY in shown(amazon.world, differing).text, "the message is as it was"


@pytest.mark.rule("who-has-a-say")
def test_a_guest_is_told_that_they_have_no_say_and_nothing_is_learned(
    amazon: Amazon, differing: Face
) -> None:
    guest = amazon.world.slack.people[4]
    amazon.world.slack.set_member(guest, is_restricted=True)
    before = len(amazon.called())
    with connected_desk(amazon.world) as desk:
        assert desk.slack.click(guest, ts_of(differing), "train_anyway").acknowledged
        amazon.settle()
        desk.slack.wait_for_ephemeral(guest, lambda message: message.text == words.NO_SAY)
    assert amazon.called(before) == []
    assert (fresh(differing).state, fresh(differing).reason) == ("tagged", "differs")
