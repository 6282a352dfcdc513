"""The rights at AWS: the least, and the documents have them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tagbot import build
from tagbot.settings import Settings

PAGE = Path(__file__).parents[2] / "docs/aws.md"


def policy(**variables: str) -> Any:
    return build.iam_policy(Settings.from_env(variables, for_slack=False))


@pytest.mark.rule("sqs-commands")
def test_the_policy_in_the_documents_is_the_one_that_check_prints() -> None:
    page = PAGE.read_text(encoding="utf-8")
    settings = dict(re.findall(r"^ +([A-Z_]+)=(\S+)$", page, re.MULTILINE))
    assert settings.keys() >= {"QUEUE_URL", "IMAGE_STORE", "INBOX", "INBOX_EVENTS"}
    [written] = re.findall(r"```json\n( *\{\n *\"Version\".*?)```", page, re.DOTALL)
    assert json.loads(written) == policy(**settings)


def test_what_stays_on_the_machine_needs_no_rights() -> None:
    assert policy() is None
    assert [each["Resource"] for each in policy(IMAGE_STORE="s3://bucket/faces")["Statement"]] == [
        ["arn:aws:s3:::bucket/faces/*"], ["arn:aws:s3:::bucket"],
    ]  # fmt: skip


@pytest.mark.rule("sqs-commands")
@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("", "aws")]
)
def test_the_rights_are_written_as_the_region_has_them(region: str, partition: str) -> None:
    at_aws = {"QUEUE_URL": "sqs://team-", "IMAGE_STORE": "s3://team/faces", "TRAINING_BACKEND": "rekognition"}
    named = [each["Resource"] for each in policy(AWS_REGION=region, **at_aws)["Statement"]]
    arns = [arn for each in named for arn in ([each] if isinstance(each, str) else each) if arn != "*"]
    assert {arn.partition(":")[2].partition(":")[0] for arn in arns} == {partition}
    assert {arn.split(":")[2] for arn in arns} == {"sqs", "s3", "rekognition"}


def test_the_rights_of_every_part_come_in_one_policy() -> None:
    actions = [
        action
        for each in policy(QUEUE_URL="sqs://team-", TRAINING_BACKEND="rekognition")["Statement"]
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    ]
    assert {"sqs:SendMessage", "rekognition:IndexFaces", "rekognition:DetectFaces"} <= set(actions)
