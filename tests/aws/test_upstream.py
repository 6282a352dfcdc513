"""boto3's behaviour that its door makes up for.

Each test passes as long as it is so. One that fails after an upgrade says what can go.
"""

import boto3
import pytest
from botocore.exceptions import BotoCoreError


def test_boto3_has_no_error_of_its_own_for_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="Invalid endpoint") as raised:
        boto3.client("sqs", region_name="eu-west-1", endpoint_url="no address")
    assert not isinstance(raised.value, BotoCoreError), "botocore names it: `InvalidEndpoint` may go"
