"""What is the same for every service of AWS."""

import pytest

from tagbot.aws.sqs_api import Sqs
from tagbot.errors import Retry
from tests.aws.service import REGION, Amazon


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "RequestExpired"])
def test_a_clock_that_is_wrong_is_told_as_that(aws: Amazon, code: str) -> None:
    door = Sqs(REGION)
    aws.lend(door)
    aws.fail("GetQueueUrl", code=code, status=403)
    with pytest.raises(Retry, match=f"this machine's clock is wrong .{code}.: set it"):
        door.find(f"{aws.prefix}queue")
    assert "clock" in (door.problem or "")
