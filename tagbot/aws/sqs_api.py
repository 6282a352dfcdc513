"""The door to Amazon SQS: queues by name, and the messages in them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from tagbot.aws.boto import CONNECT_SECONDS, Door

TITLE = "Amazon SQS"

LONGEST_WAIT = 20
"""Seconds that SQS lets one call wait for a message."""

READ_SECONDS = LONGEST_WAIT + 10
"""Of one call: longer than SQS may wait before it answers."""

HASTY = frozenset({"change_message_visibility", "send_message"})
"""Calls that have less time. Two attempts to send, each with a new connection, have to end before Slack's
three seconds do, as a click is acknowledged when its answer is on its queue. And the calls that extend the
visibility timeouts follow each other, and have to end before the last of these is over."""

HASTY_CONNECT_SECONDS = 0.4
HASTY_READ_SECONDS = 1.0

LONGEST_VISIBILITY_TIMEOUT = 43_200
"""Seconds, in all, since a message was handed out."""


class NoQueue(Exception):  # noqa: N818 - an answer
    """There is no queue of this name."""


class NotInFlight(Exception):  # noqa: N818 - an answer
    """The message's visibility timeout was over before the call: it is, or will be, handed out again."""


class QueueDiffers(Exception):  # noqa: N818 - an answer
    """There is a queue of this name already, with other attributes."""


@dataclass(frozen=True, slots=True)
class Received:
    """One handing-out of a message."""

    number: str
    """SQS's own id of the message."""
    handle: str
    text: str
    group: str
    times: int
    """How often it has been handed out, this time included."""
    sent: float
    """When it was sent, by SQS's clock; seconds since 1970."""
    at: float
    """Not later than when it was handed out, by the same clock."""

    @classmethod
    def of(cls, message: Mapping[str, Any], answer: Mapping[str, Any]) -> "Received":
        """A message in the answer of `receive_message`."""
        attributes = message.get("Attributes", {})
        times = int(attributes.get("ApproximateReceiveCount", 1))
        if times == 1:
            at = int(attributes.get("ApproximateFirstReceiveTimestamp", 0)) / 1000
        else:  # SQS dates only the first time; the answer itself has a date, in whole seconds
            date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
            at = parsedate_to_datetime(date).timestamp() if date else 0.0
        return cls(
            number=message["MessageId"],
            handle=message["ReceiptHandle"],
            text=message["Body"],
            group=attributes.get("MessageGroupId", ""),
            times=times,
            sent=int(attributes.get("SentTimestamp", 0)) / 1000,
            at=at,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """SQS's receipt for a message that it has stored."""

    number: str
    """SQS's own id of the message."""
    md5: str
    """Of the text that SQS has stored, in hexadecimal."""


class _Calls(Door):
    """Calls that are about one queue, which they know by its name."""

    def __init__(
        self,
        region: str | None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        urls: dict[str, str] | None = None,
    ) -> None:
        """`urls` are those that another one of these knows too."""
        super().__init__("sqs", TITLE, region, connect_seconds=connect_seconds, read_seconds=read_seconds)
        self._urls = {} if urls is None else urls

    def on(self, queue: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call; raises `NoQueue`, and as `call` does."""
        try:
            return self.call(operation, QueueUrl=self._url(queue), **arguments)
        except NoQueue:
            self._urls.pop(queue, None)
            raise

    def find(self, queue: str) -> None:
        """Ask for the queue's address, so that the first call about it need not; raises `NoQueue`."""
        self._url(queue)

    def _url(self, queue: str) -> str:
        known = self._urls.get(queue)
        if known is None:
            known = self._urls[queue] = str(self.call("get_queue_url", QueueName=queue)["QueueUrl"])
        return known

    def meaning(self, operation: str, code: str) -> Exception | None:
        # The same error has two names: that of the protocol that boto3 speaks, and that of the one before it.
        if code in ("NonExistentQueue", "QueueDoesNotExist"):
            return NoQueue(code)
        if code in ("MessageNotInflight", "ReceiptHandleIsInvalid"):
            return NotInFlight(code)
        if code == "InvalidParameterValue" and operation in ("delete_message", "change_message_visibility"):
            return NotInFlight(code)  # SQS's word for a handle whose time is over
        if code in ("QueueAlreadyExists", "QueueNameExists"):
            return QueueDiffers(code)
        return None


class Sqs(_Calls):
    """Queues of one account and region, each by its name. Any thread may use it.

    Every method raises `NoQueue`, but `create`, and `Retry` when SQS does not do it now.
    """

    def __init__(self, region: str | None) -> None:
        super().__init__(region)
        self.hasty = _Calls(
            region,
            connect_seconds=HASTY_CONNECT_SECONDS,
            read_seconds=HASTY_READ_SECONDS,
            urls=self._urls,
        )
        """The same with less patience."""

    @property
    def problem(self) -> str | None:
        problems = filter(None, (super().problem, self.hasty.problem))
        return "; ".join(dict.fromkeys(problems)) or None

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self.hasty.close()

    def on(self, queue: str, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation in HASTY:
            return self.hasty.on(queue, operation, **arguments)
        return super().on(queue, operation, **arguments)

    def create(self, queue: str, attributes: Mapping[str, str]) -> None:
        """Make a queue; one of the same name and attributes may be there already."""
        self.call("create_queue", QueueName=queue, Attributes=dict(attributes))

    def attributes(self, queue: str, *names: str) -> dict[str, str]:
        """How a queue is set up, and what it holds."""
        answer = self.on(queue, "get_queue_attributes", AttributeNames=list(names))
        return dict(answer.get("Attributes", {}))

    def set_attributes(self, queue: str, attributes: Mapping[str, str]) -> None:
        """Change how a queue is set up."""
        self.on(queue, "set_queue_attributes", Attributes=dict(attributes))

    def send(self, queue: str, text: str, group: str, deduplication: str) -> Sent:
        """Put a message on a FIFO queue; SQS takes what is sent with the same `deduplication` within five
        minutes for the same message, whatever has become of the first.
        """
        message = {"MessageBody": text, "MessageGroupId": group, "MessageDeduplicationId": deduplication}
        answer = self.on(queue, "send_message", **message)
        return Sent(answer["MessageId"], answer["MD5OfMessageBody"])

    def receive(self, queue: str, most: int, wait: int, visibility: int) -> list[Received]:
        """Up to `most` messages, once there is one or after `wait` seconds. `visibility` is their visibility
        timeout in seconds.
        """
        answer = self.on(
            queue,
            "receive_message",
            MaxNumberOfMessages=most,
            WaitTimeSeconds=wait,
            VisibilityTimeout=visibility,
            MessageSystemAttributeNames=["All"],
        )
        return [Received.of(message, answer) for message in answer.get("Messages", [])]

    def delete(self, queue: str, handle: str) -> None:
        """Raises `NotInFlight`."""
        self.on(queue, "delete_message", ReceiptHandle=handle)

    def set_visibility_timeout(self, queue: str, handle: str, seconds: int) -> None:
        """SQS hands the message to nobody for so long from now. Raises `NotInFlight`."""
        self.on(queue, "change_message_visibility", ReceiptHandle=handle, VisibilityTimeout=seconds)


def redrive_policy(dead_letters_arn: str, most: int) -> str:
    """For an attribute: SQS itself gives up on a message that was handed out more than `most` times."""
    return json.dumps({"deadLetterTargetArn": dead_letters_arn, "maxReceiveCount": most})
