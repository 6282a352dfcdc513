"""The stand-in for SQS refuses what the real one refuses, also where moto does not."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.service import Amazon


class Fifo:
    """A FIFO queue of the test's own."""

    def __init__(self, aws: Amazon) -> None:
        self.aws = aws
        self.sqs = aws.client("sqs")
        attributes = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        self.url = self.sqs.create_queue(QueueName=f"{aws.prefix}q.fifo", Attributes=attributes)["QueueUrl"]

    def send(self, text: str, deduplication: str, group: str = "face") -> dict[str, Any]:
        answer: dict[str, Any] = self.sqs.send_message(
            QueueUrl=self.url, MessageBody=text, MessageGroupId=group, MessageDeduplicationId=deduplication
        )
        return answer

    def receive(self, wait: int = 0) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=wait, VisibilityTimeout=30)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def delete(self, message: dict[str, Any]) -> None:
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def hold(self, message: dict[str, Any], seconds: int) -> None:
        self.sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
        )


@pytest.fixture
def fifo(aws: Amazon) -> Fifo:
    return Fifo(aws)


@pytest.mark.rule("sqs-deduplication")
def test_a_deduplication_id_is_remembered_for_five_minutes_also_when_its_message_is_gone(fifo: Fifo) -> None:
    first = fifo.send("first", "1")
    fifo.delete(fifo.receive()[0])
    assert fifo.send("second", "1")["MessageId"] == first["MessageId"]
    assert fifo.receive() == []
    fifo.aws.pass_time(301)
    fifo.send("third", "1")
    assert [message["Body"] for message in fifo.receive()] == ["third"]


def test_the_same_deduplication_id_in_another_group_is_another_message(fifo: Fifo) -> None:
    fifo.send("a", "1", "face1")
    fifo.send("b", "1", "face2")
    assert [fifo.receive()[0]["Body"], fifo.receive()[0]["Body"]] == ["a", "b"]


def test_sequence_numbers_grow(fifo: Fifo) -> None:
    numbers = [int(fifo.send("x", str(number))["SequenceNumber"]) for number in range(3)]
    assert numbers == sorted(set(numbers))


def test_a_handle_whose_time_is_over_is_worth_nothing(fifo: Fifo) -> None:
    fifo.send("a", "1")
    [late] = fifo.receive()
    fifo.aws.pass_time(31)
    with pytest.raises(ClientError):
        fifo.delete(late)
    with pytest.raises(ClientError):
        fifo.hold(late, 30)
    assert fifo.receive()[0]["Body"] == "a"


def test_an_old_handle_deletes_nothing_and_holds_nothing(fifo: Fifo) -> None:
    fifo.send("a", "1")
    [old] = fifo.receive()
    fifo.hold(old, 0)
    fifo.receive()
    with pytest.raises(ClientError):
        fifo.delete(old)
    with pytest.raises(ClientError):
        fifo.hold(old, 60)
    fifo.aws.pass_time(31)
    assert fifo.receive()[0]["Body"] == "a"


@pytest.mark.parametrize("group", ["x" * 129, "two words", ""])
def test_an_id_that_sqs_does_not_take_is_refused(fifo: Fifo, group: str) -> None:
    with pytest.raises(ClientError):
        fifo.send("a", "1", group)


def test_who_waits_for_a_message_is_woken(fifo: Fifo) -> None:
    fifo.send("a", "1")
    [message] = fifo.receive()
    fifo.hold(message, 1)
    [again] = fifo.receive(wait=5)
    assert again["Body"] == "a"


def test_time_passes_for_one_test_alone(fifo: Fifo) -> None:
    other = Fifo(Amazon(fifo.aws.address))
    other.send("a", "1")
    other.receive()
    fifo.aws.pass_time(1000)
    assert other.receive() == []
