"""The flow with all that can be elsewhere elsewhere: PostgreSQL, and the rest at Amazon."""

import json
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tests.aws.service import Amazon
from tests.postgresql import Server
from tests.rekognition.stand_in import running_rekognition
from tests.scenario.running_bot import PATIENCE, quiet, running_bot
from tests.scenario.test_flow import pictures, tag
from tests.world import astronaut


@pytest.mark.ci
@pytest.mark.rule("amazon-whole-flow")
def test_a_photo_goes_into_the_bucket_and_a_tagged_face_comes_out(
    tmp_path: Path, stand_in: Slack, aws: Amazon, postgresql: Server
) -> None:
    anna, ben, chiara, *_ = stand_in.people
    aws.make_bucket()
    s3 = aws.client("s3")
    photos = {
        "broken.jpg": b"no picture",
        "portrait.json": json.dumps({"source": "lobby-camera"}).encode(),
        "portrait.png": astronaut(),
    }
    for name, content in photos.items():
        s3.put_object(Bucket=aws.bucket, Key=f"inbox/lobby/{name}", Body=content)
    settings = {
        "QUEUE_URL": f"sqs://{aws.prefix}",
        "IMAGE_STORE": f"s3://{aws.bucket}/pictures",
        "INBOX": f"s3://{aws.bucket}/inbox",
        "TRAINING_BACKEND": "rekognition",
    }
    with running_rekognition() as rekognition, postgresql.database() as database:
        elsewhere = rekognition.environment() | aws.environment()
        # Both take the keys of the other's environment for the bot's.
        elsewhere |= {key: value for key, value in rekognition.environment().items() if "KEY" in key}
        with running_bot(tmp_path, stand_in, DATABASE_URL=database, **settings, **elsewhere) as bot:
            request = stand_in.wait_for_message(timeout=PATIENCE)
            assert len(pictures(request)) == 2
            done = tag(stand_in, request.ts, [anna, ben], chiara)
            assert done.text.splitlines()[0] == "Tagged as Chiara De Luca"
            status = bot.wait_for_status(quiet)
            assert status["faces"]["tagged"] == 1
            [line] = bot.export()
            assert (line["source"], line["training"]["backend"]) == ("lobby-camera", "rekognition")
            assert bot.stop() == 0
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=aws.bucket)["Contents"]]
    assert sorted(key for key in keys if not key.startswith("pictures/")) == [
        "rejected/lobby/broken.jpg", "rejected/lobby/broken.jpg.error.txt",
    ]  # fmt: skip
    assert f"pictures/faces/{line['face_id']}/crop.jpg" in keys
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".jpg", ".db")], (
        "nothing on this machine"
    )
