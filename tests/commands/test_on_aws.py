"""The operator's commands where queues, pictures and inbox are at Amazon."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tagbot.aws.boto import Door
from tagbot.aws.s3_api import ACTIONS
from tagbot.aws.sqs_api import Sqs
from tagbot.database.opening import open_database
from tagbot.queues.sqs import sqs_queues
from tagbot.vocabulary import QueueName
from tests.aws.service import REGION, Amazon
from tests.commands.conftest import Run
from tests.world import astronaut


@pytest.fixture
def at_amazon(aws: Amazon) -> dict[str, str]:
    """Settings of a bot that keeps all but its database at Amazon."""
    aws.make_bucket()
    aws.client("sqs").create_queue(QueueName=f"{aws.prefix}events")
    return {
        "QUEUE_URL": f"sqs://{aws.prefix}",
        "IMAGE_STORE": f"s3://{aws.bucket}/pictures",
        "INBOX": f"s3://{aws.bucket}/inbox",
        "INBOX_EVENTS": f"sqs://{aws.prefix}events",
    }


def printed_policy(out: str) -> Any:
    return json.loads(out.partition("The least that the bot needs at AWS:\n")[2])


@pytest.mark.rule("sqs-commands")
def test_check_tries_each_part_and_prints_the_rights_that_are_needed(
    on_slack: Run, aws: Amazon, at_amazon: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)  # starting the recogniser takes a second
    ran = on_slack("check", **at_amazon)
    assert f"ok    queues: {len(QueueName)} queues, 0 messages ready" in ran.out
    assert f"ok    image store: s3://{aws.bucket}/pictures can be written" in ran.out
    assert (
        f"ok    inbox: s3://{aws.bucket}/inbox can be listed, 0 objects on the first page, the queue"
        in ran.out
    )
    rights = [
        (action, each["Resource"])
        for each in printed_policy(ran.out)["Statement"]
        for action in each["Action"]
    ]
    [live] = {tuple(where) for action, where in rights if action == "sqs:CreateQueue"}
    assert f"arn:aws:sqs:*:*:{aws.prefix}face-tagging.fifo" in live
    assert f"arn:aws:sqs:*:*:{aws.prefix}face-tagging-dead.fifo" in live
    assert len(live) == 2 * len(QueueName)
    assert ("sqs:ReceiveMessage", [f"arn:aws:sqs:*:*:{aws.prefix}events"]) in rights
    assert (
        "s3:PutObject",
        [f"arn:aws:s3:::{aws.bucket}/{name}/*" for name in ("pictures", "inbox", "rejected")],
    ) in rights
    assert ("s3:ListBucket", [f"arn:aws:s3:::{aws.bucket}"]) in rights


@pytest.mark.rule("sqs-commands")
def test_the_rights_are_exactly_those_of_the_calls_in_the_code(
    on_slack: Run, at_amazon: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    policy = printed_policy(on_slack("check", **at_amazon).out)
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    needed = set()
    for service, module in (("sqs", "sqs_api.py"), ("s3", "s3_api.py")):
        code = (Path(__file__).parents[2] / "tagbot/aws" / module).read_text()
        calls = re.findall(r'(?:self\.call\(|self\.(?:sending\.)?_?on\(\s*(?:queue,\s*)?)\s*"(\w+)"', code)
        needed |= {Door(service, service, REGION, actions=ACTIONS).action(call) for call in calls}
    assert allowed == needed | {"s3:DeleteObjectVersion"}, "to delete an object by its version"


def test_a_bot_that_keeps_all_on_its_machine_needs_no_rights_and_no_boto3(
    on_slack: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith(
            (
                "boto3",
                "tagbot.aws.boto",
                "tagbot.aws.s3_api",
                "tagbot.aws.sqs_api",
                "tagbot.photos.inbox.s3_inbox",
            )
        ):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "dlib", None)
    ran = on_slack("check")
    assert "ok    queues" in ran.out
    assert "AWS" not in ran.out


@pytest.mark.rule("sqs-commands")
@pytest.mark.parametrize(
    ("operation", "part", "says"),
    [
        ("GetQueueUrl", "queues", "AWS denies sqs:GetQueueUrl"),
        ("PutObject", "image store", "AWS denies s3:PutObject"),
        ("ListObjectsV2", "inbox", "AWS denies s3:ListBucket"),
    ],
)
def test_check_names_the_right_that_is_missing(
    on_slack: Run,
    aws: Amazon,
    at_amazon: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    part: str,
    says: str,
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    aws.fail(operation, code="AccessDenied", status=403)
    ran = on_slack("check", **at_amazon)
    assert ran.code == 1
    assert f"FAILS {part}: {says}: add it to the bot's IAM policy" in ran.out


@pytest.mark.ci
def test_photos_are_added_to_the_bucket_once_with_their_sidecars(
    run: Run, aws: Amazon, at_amazon: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(astronaut())
    (tmp_path / "photo.json").write_text('{"source": "lobby-camera"}')
    assert run("add", str(tmp_path / "photo.png"), **at_amazon).out == "1 added, 0 known already, 0 refused\n"
    assert run("add", str(tmp_path / "photo.png"), **at_amazon).out == "0 added, 1 known already, 0 refused\n"
    listed = aws.client("s3").list_objects_v2(Bucket=aws.bucket)["Contents"]
    sidecar, photo = sorted(each["Key"] for each in listed)
    assert re.fullmatch(r"inbox/[0-9a-f]{8}-photo\.json", sidecar)
    assert photo == sidecar.replace(".json", ".png")
    stored = aws.client("s3").get_object(Bucket=aws.bucket, Key=photo)["Body"].read()
    assert stored == astronaut()


def test_a_call_that_s3_refuses_once_does_not_end_the_adding_of_photos(
    run: Run, aws: Amazon, at_amazon: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(astronaut())
    for operation in ("PutObject", "ListObjectsV2"):
        aws.fail(operation, status=503, code="SlowDown")
    ran = run("add", "photo.png", **at_amazon)
    assert ran.out == "1 added, 0 known already, 0 refused\n"


@pytest.mark.rule("sqs-commands")
def test_status_counts_and_retry_puts_back_what_lies_at_amazon(
    run: Run, aws: Amazon, at_amazon: dict[str, str], tmp_path: Path
) -> None:
    open_database(f"sqlite:///{tmp_path}/data/tagbot.db")
    with sqs_queues(Sqs(REGION), aws.prefix, ["face-tagging"], 20) as queues:
        for number in range(3):
            queues["face-tagging"].put(f"m{number}", f"face{number}", {})
        for end in ("bury", "retry"):
            delivery = queues["face-tagging"].get(0)
            assert delivery is not None
            delivery.bury("gone") if end == "bury" else delivery.retry_after(60, "throttled")
    figures = json.loads(run("status", "--json", **at_amazon).out)
    assert figures["queues"]["face-tagging"] == {"ready": 1, "delayed": 1, "in_flight": 0, "dead": 1}
    assert figures["queues"]["images-in-db"] == {"ready": 0, "delayed": 0, "in_flight": 0, "dead": 0}
    assert sorted(trouble["error"] for trouble in figures["troubles"]) == ["gone", "throttled"]
    assert "face-tagging: 1" in run("retry", **at_amazon).out
    figures = json.loads(run("status", "--json", **at_amazon).out)
    assert figures["queues"]["face-tagging"] == {"ready": 2, "delayed": 1, "in_flight": 0, "dead": 0}
