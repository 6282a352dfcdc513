"""`reconcile`: a table of what differs, and `--fix`, which mends it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Notice
from tagbot.monitoring import status_figures, status_words
from tagbot.sandbox.driver import Slack
from tests.commands.conftest import Ran, Run
from tests.rekognition.stand_in import running_rekognition
from tests.stages.scenes import fresh
from tests.training.amazon import Amazon, assert_is_in_the_model_once, forget_aws, on_amazon

NOTHING = "missing: 0, orphaned: 0, doubled: 0, wrong person: 0"

Reconcile = Callable[..., Ran]


SETTINGS = {"TRAINING_BACKEND": "rekognition", "REKOGNITION_CALLS_PER_SECOND": "1000"}


@pytest.fixture
def amazon(tmp_path: Path, stand_in: Slack) -> Iterator[Amazon]:
    """A bot, which runs; the command works beside it."""
    with running_rekognition() as service, on_amazon(tmp_path / "data", stand_in, service) as amazon:
        amazon.world.services.updates.show(
            "nothing"
        )  # answered by its thread, which is connected from then on
        yield amazon


@contextmanager
def beside_the_bot() -> Iterator[None]:
    """A command opens the database for itself, as a process of its own would; then the bot goes on."""
    of_the_bot = database.obj
    try:
        yield
    finally:
        database.initialize(of_the_bot)


@pytest.fixture
def reconcile(run: Run, amazon: Amazon) -> Reconcile:
    def reconciled(*arguments: str) -> Ran:
        with beside_the_bot():
            return run("reconcile", *arguments, **SETTINGS, **amazon.service.environment())

    return reconciled


def told(amazon: Amazon) -> str:
    return status_words.in_words(status_figures.collect(amazon.world.queues, amazon.world.services.inbox))


@pytest.mark.rule("reconcile-exit-code")
def test_where_nothing_differs_it_says_so(reconcile: Reconcile, amazon: Amazon) -> None:
    assert reconcile() == Ran(0, f"{NOTHING}\n", "")
    amazon.tagged()
    assert reconcile() == Ran(0, f"{NOTHING}\n", "")
    assert reconcile("--fix") == Ran(0, f"{NOTHING}\n", "")


@pytest.mark.rule("reconcile-finds", "reconcile-exit-code")
def test_it_prints_a_line_for_each_difference_and_mends_nothing_unasked(
    reconcile: Reconcile, amazon: Amazon
) -> None:
    face = amazon.tagged()
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    before = amazon.vectors()
    ran = reconcile()
    head, line, counts, hint = ran.out.splitlines()
    assert (ran.code, ran.err) == (1, "")
    assert head.split("  ")[0] == "DIFFERENCE"
    assert line.split() == ["wrong", "person", face.id, face.face_ref, "-"]
    assert counts == "missing: 0, orphaned: 0, doubled: 0, wrong person: 1"
    assert "reconcile --fix" in hint
    assert amazon.vectors() == before
    assert fresh(face).face_ref == face.face_ref


@pytest.mark.rule("reconcile-fixes", "commands-beside-bot")
def test_fix_mends_what_differs_also_beside_a_running_bot(reconcile: Reconcile, amazon: Amazon) -> None:
    faces = [amazon.tagged() for _ in range(2)]
    amazon.do("DeleteCollection")
    amazon.do("CreateCollection")
    crop = amazon.world.services.images.get(f"faces/{faces[0].id}/crop.jpg")
    amazon.do("IndexFaces", Image={"Bytes": crop}, ExternalImageId="a-stranger")
    ran = reconcile("--fix")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-2:] == [
        "missing: 2, orphaned: 1, doubled: 0, wrong person: 0",
        "All mended.",
    ]
    for face in faces:
        assert_is_in_the_model_once(amazon, face)
    assert reconcile().code == 0
    amazon.wrong(faces[0])
    amazon.settle()
    assert list(amazon.vectors()) == [faces[1].id], "the bot goes on with what was mended"


@pytest.mark.rule("collection-vanished")
def test_status_reminds_of_a_collection_that_vanished_until_all_is_mended(
    reconcile: Reconcile, amazon: Amazon
) -> None:
    face = amazon.tagged()
    amazon.do("DeleteCollection")
    amazon.tagged()
    assert "had vanished and was made again" in told(amazon)
    assert reconcile().code == 1
    assert "had vanished and was made again" in told(amazon)
    assert reconcile("--fix").code == 0
    assert "vanished" not in told(amazon)
    assert_is_in_the_model_once(amazon, face)


def test_status_does_not_remind_for_ever_of_what_mended_itself(reconcile: Reconcile, amazon: Amazon) -> None:
    face = amazon.tagged()
    amazon.do("DeleteCollection")
    amazon.restart()
    amazon.tagged()
    amazon.wrong(face)
    amazon.settle()
    assert Notice.select().count() == 1
    assert reconcile("--fix").code == 0
    assert Notice.select().count() == 0


def test_when_amazon_fails_in_the_middle_it_says_why_and_can_be_repeated(
    reconcile: Reconcile, amazon: Amazon
) -> None:
    faces = [amazon.tagged() for _ in range(3)]
    amazon.do("DeleteCollection")
    amazon.service.fail("IndexFaces", error="ThrottlingException", skip=2)
    ran = reconcile("--fix")
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "Rekognition is busy: ThrottlingException")
    again = reconcile("--fix")
    assert again.code == 0
    assert "missing: " in again.out
    for face in faces:
        assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("reconcile-exit-code")
def test_what_cannot_be_mended_is_left_and_listed(reconcile: Reconcile, amazon: Amazon) -> None:
    lost, other = amazon.tagged(), amazon.tagged()
    amazon.do("DeleteCollection")
    amazon.world.services.images.delete(f"faces/{lost.id}/crop.jpg")
    ran = reconcile("--fix")
    assert ran.code == 1
    left = ran.out.split("Left:\n")[1]
    assert lost.id in left
    assert other.id not in left
    assert_is_in_the_model_once(amazon, other)


def test_a_missing_permission_is_told_by_its_name(reconcile: Reconcile, amazon: Amazon) -> None:
    amazon.service.deny("rekognition:ListFaces")
    ran = reconcile()
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("AWS denies rekognition:ListFaces: add it")
    assert ran.out == ""


def test_missing_credentials_are_told_with_what_to_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_aws(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:9")
    ran = run("reconcile", **SETTINGS, AWS_REGION="eu-west-1")
    assert ran.code == 1
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in ran.err


def test_it_works_on_the_local_model_too(run: Run) -> None:
    assert run("reconcile", TRAINING_BACKEND="local") == Ran(0, f"{NOTHING}\n", "")


@pytest.mark.rule("permission-named")
@pytest.mark.failure("aws-denies", shows="who is told")
def test_check_names_the_permission_that_is_missing_and_prints_the_policy(
    on_slack: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_aws(monkeypatch)
    with running_rekognition() as service:
        service.deny("rekognition:IndexFaces")
        ran = on_slack("check", **SETTINGS, **service.environment())
        assert ran.code == 1
        (line,) = (line for line in ran.out.splitlines() if line.startswith("FAILS"))
        assert line == (
            "FAILS training backend: AWS denies rekognition:IndexFaces: add it to the bot's IAM policy"
            " (`check` prints the policy)"
        )
        assert '"rekognition:IndexFaces"' in ran.out
        assert '"arn:aws:rekognition:*:*:collection/facetag"' in ran.out
        service.allow("rekognition:IndexFaces")
        ran = on_slack("check", **SETTINGS, **service.environment())
        assert (ran.code, ran.err) == (0, "")
        assert "ok    training backend: answers" in ran.out


@pytest.mark.rule("undo-elsewhere")
def test_what_the_model_of_another_backend_holds_is_told_of(
    run: Run, reconcile: Reconcile, amazon: Amazon
) -> None:
    amazon.tagged()
    assert "TRAINING_BACKEND" not in reconcile().out
    with beside_the_bot():
        for command in ("reconcile", "status"):
            ran = run(command, TRAINING_BACKEND="local")
            assert ran.code == 0
            assert "The model of TRAINING_BACKEND=rekognition" in ran.out
            assert "still holds 1 face." in ran.out
        assert json.loads(run("status", "--json").out)["held_by_other_backends"] == {"rekognition": 1}
