import json
import logging
import re
from pathlib import Path

import pytest

from tagbot.errors import Reject
from tagbot.queues import Counts
from tests.recogniser import in_hand
from tests.stages.scenes import votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, backend_on, picture, told, unlike

ROOT = Path(__file__).parents[3]


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.rule("outside-trouble-keeps-votes")
@pytest.mark.failure("aws-denies", shows="who is told")
def test_a_missing_permission_is_told_once_and_when_it_is_there_nobody_has_to_do_anything_again(
    amazon: Amazon, caplog: pytest.LogCaptureFixture
) -> None:
    amazon.deny("rekognition:IndexFaces")
    faces = [amazon.agreed() for _ in range(5)]
    for face in faces:
        amazon.tell(face)
    for _ in range(3 * len(faces)):
        amazon.work("face-tagged")

    why = "AWS denies rekognition:IndexFaces: add it to the bot's IAM policy"
    assert len(amazon.calls("IndexFaces")) >= 15
    assert len(errors(caplog)) == 1
    assert errors(caplog)[0].startswith(why)
    assert told(amazon).count(why) == 1
    assert str(amazon.backend.problem).startswith(why)
    assert [len(votes(face)) for face in faces] == [2] * 5

    amazon.service.allow("rekognition:IndexFaces")
    amazon.settle()
    for face in faces:
        assert_is_in_the_model_once(amazon, face)
    assert (amazon.backend.problem, "IndexFaces" in told(amazon)) == (None, False)


def test_a_permission_that_is_lost_again_is_told_again(
    amazon: Amazon, caplog: pytest.LogCaptureFixture
) -> None:
    for times in (1, 2):
        amazon.deny("rekognition:IndexFaces")
        face = amazon.agreed()
        amazon.tell(face)
        amazon.work("face-tagged")
        assert len(errors(caplog)) == times
        amazon.service.allow("rekognition:IndexFaces")
        amazon.settle()
        assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("retry-then-dead-letter")
@pytest.mark.failure("aws-denies", shows="what happens")
def test_a_permission_that_is_missing_for_long_makes_dead_letters_that_retry_brings_back(
    amazon: Amazon,
) -> None:
    amazon.use(amazon.backend, max_attempts=2)
    amazon.deny("rekognition:AssociateFaces")
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert amazon.counts("face-tagged") == Counts(dead=1)
    assert "1 given up because: AWS denies rekognition:AssociateFaces" in told(amazon)
    assert len(votes(face)) == 2
    amazon.service.allow("rekognition:AssociateFaces")
    amazon.world.queues["face-tagged"].redrive()
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


PROBED = (
    "AssociateFaces", "DeleteFaces", "DescribeCollection", "DetectFaces", "DisassociateFaces", "IndexFaces",
    "ListFaces", "SearchUsersByImage",
)  # fmt: skip


def test_check_says_how_many_faces_there_are_and_changes_nothing(amazon: Amazon) -> None:
    assert f"the collection {amazon.collection} is made when the first face comes" in amazon.backend.check()
    assert amazon.collection not in amazon.service.collections()
    amazon.tagged()
    users, vectors = amazon.users(), amazon.vectors()
    assert amazon.backend.check() == f"answers, 1 faces in the collection {amazon.collection}"
    assert (amazon.users(), amazon.vectors()) == (users, vectors)


@pytest.mark.rule("permission-named")
@pytest.mark.parametrize("action", PROBED)
@pytest.mark.parametrize("made", [True, False])
def test_check_names_each_permission_that_is_missing(amazon: Amazon, action: str, made: bool) -> None:
    if made:
        amazon.do("CreateCollection")
    amazon.deny(f"rekognition:{action}")
    with pytest.raises(Reject) as why:
        amazon.backend.check()
    first = why.value.reason.splitlines()[0]
    assert (
        first
        == f"AWS denies rekognition:{action}: add it to the bot's IAM policy (`check` prints the policy)"
    )


def test_check_names_all_that_is_missing_at_once(amazon: Amazon) -> None:
    amazon.deny("rekognition:*")
    with pytest.raises(Reject) as why:
        amazon.backend.check()
    first = why.value.reason.splitlines()[0]
    assert all(f"rekognition:{action}:" in first for action in PROBED)


def test_the_policy_allows_exactly_what_the_bot_calls(amazon: Amazon) -> None:
    policy = amazon.backend.policy()
    allowed = {
        action.removeprefix("rekognition:")
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    person = amazon.person()
    amazon.tagged(person)
    amazon.service.look(unlike())
    face = amazon.tagged(person)
    amazon.anyway(face)
    amazon.settle()
    amazon.wrong(face)
    amazon.settle()
    amazon.backend.detect(in_hand(picture(200, 200)))
    amazon.backend.resembling(picture(200, 200), 2)
    list(amazon.backend.faces())
    amazon.backend.check()
    assert set(amazon.called()) == allowed
    on_collection, on_anything = policy["Statement"]
    assert on_collection["Resource"] == f"arn:aws:rekognition:*:*:collection/{amazon.collection}"
    assert on_anything["Action"] == "rekognition:DetectFaces"


def test_the_policy_in_the_documents_is_the_one_that_check_prints() -> None:
    page = (ROOT / "docs/rekognition.md").read_text()
    (written,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(written) == backend_on().policy()
