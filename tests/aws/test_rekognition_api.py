import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from tagbot import build
from tagbot.aws import boto
from tagbot.aws.rekognition_api import token
from tagbot.errors import Retry
from tagbot.settings import Settings
from tests.training.amazon import Amazon

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


def test_a_token_is_the_same_in_every_process_and_as_aws_takes_it() -> None:
    program = "from tagbot.aws.rekognition_api import token; print(token('face', 'person', '1'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {token("face", "person", "1")}
    assert token("face", "person", "1") != token("face", "person", "2")
    assert len(token("x" * 500)) == 64


@pytest.mark.rule("aws-pace")
def test_no_more_calls_are_made_in_a_second_than_the_setting_allows(amazon: Amazon) -> None:
    amazon.restart(calls_per_second=20.0)
    faces = [amazon.agreed() for _ in range(2)]
    for face in faces:
        amazon.tell(face)
    amazon.settle()
    _, *calls = amazon.calls()  # the first one also makes the connection
    assert len(calls) == 7
    assert calls[-1].at - calls[0].at >= 6 / 20, "a little slower, as they meet on the way"


def problem_of(amazon: Amazon, **how: object) -> str:
    """What the operator reads when a call is tried with the environment as it is."""
    amazon.restart(**how)
    with pytest.raises(Retry) as why:
        amazon.backend.ensure_person("a-person")
    assert amazon.backend.problem == why.value.reason
    return why.value.reason


@pytest.mark.rule("aws-settings")
def test_missing_credentials_say_what_to_set(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role" in problem_of(amazon)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role" in problem_of(amazon)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS credentials are missing" in problem_of(amazon)


@pytest.mark.failure("aws-denies", shows="what happens")
def test_wrong_credentials_say_what_to_check(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert "does not take the bot's credentials (InvalidSignatureException)" in problem_of(amazon)
    monkeypatch.undo()
    amazon.restart()
    amazon.backend.ensure_person("a-person")
    assert amazon.backend.problem is None


@pytest.mark.rule("aws-settings")
def test_a_missing_region_says_what_to_set(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert "set AWS_REGION" in problem_of(amazon, region=None)
    assert "set AWS_REGION" in problem_of(amazon, region="no region")


def test_an_address_that_is_none_says_what_to_mend(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "nonsense")
    assert "AWS_ENDPOINT_URL_REKOGNITION is no address" in problem_of(amazon)


@pytest.mark.rule("aws-settings")
@pytest.mark.usefixtures("amazon")
def test_aws_region_is_where_it_is_called_and_botocores_own_variable_serves_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def try_it(**environ: str) -> str:
        settings = Settings.from_env(
            {"TRAINING_BACKEND": "rekognition", "REKOGNITION_CALLS_PER_SECOND": "1000", **environ},
            for_slack=False,
        )
        boto.session.cache_clear()
        backend = build.training_backend(settings, Event())
        try:
            return backend.ensure_person("a-person")
        except Retry as why:
            return why.reason
        finally:
            backend.close()

    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert try_it(AWS_REGION="eu-west-1") == "a-person", "AWS_REGION wins"
    assert "InvalidSignatureException" in try_it(), "the stand-in is in eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert try_it() == "a-person"


LOCAL = """
import sys
from threading import Event
from tagbot import app, build, commands
from tagbot.settings import Settings
build.training_backend(Settings.from_env({"TRAINING_BACKEND": sys.argv[1]}, for_slack=False), Event())
print(sorted({"boto3", "botocore"} & set(sys.modules)))
"""


@pytest.mark.parametrize(("backend", "loaded"), [("local", "[]"), ("rekognition", "['boto3', 'botocore']")])
def test_a_bot_with_the_local_recogniser_does_not_load_boto3(backend: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOCAL, backend], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == loaded
