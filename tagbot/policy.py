"""The rights that a bot needs at Amazon SQS and S3, as IAM writes them: the least."""

from collections.abc import Iterable, Iterator
from typing import Any

from tagbot.pipeline import QUEUES
from tagbot.settings import S3Place, Settings

Statement = dict[str, Any]

OF_QUEUES = (
    "ChangeMessageVisibility", "CreateQueue", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
    "ReceiveMessage", "SendMessage", "SetQueueAttributes",
)  # fmt: skip
OF_EVENTS = "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"
OF_PICTURES = "DeleteObject", "GetObject", "PutObject"


def statements(settings: Settings) -> Iterator[Statement]:
    """What has to be allowed; nothing for a bot that keeps all on its own machine."""
    if settings.queue_prefix is not None:
        names = [f"{settings.queue_prefix}{name}" for name in QUEUES]
        yield _allow(
            "sqs", OF_QUEUES, [_queue(f"{name}{end}.fifo") for name in names for end in ("", "-dead")]
        )
    if settings.inbox_events:
        yield _allow("sqs", OF_EVENTS, [_queue(settings.inbox_events)])
    places = list(_places(settings))
    if places:
        yield _allow("s3", OF_PICTURES, [f"arn:aws:s3:::{place.bucket}/{place.prefix}/*" for place in places])
        # Without this right S3 calls an object that is missing one that may not be seen.
        yield _allow("s3", ["ListBucket"], sorted({f"arn:aws:s3:::{place.bucket}" for place in places}))


def _places(settings: Settings) -> Iterator[S3Place]:
    if isinstance(settings.image_store, S3Place):
        yield settings.image_store
    if isinstance(settings.inbox, S3Place):
        yield settings.inbox
        yield settings.inbox.beside("rejected")


def _allow(service: str, actions: Iterable[str], resources: list[str]) -> Statement:
    return {"Effect": "Allow", "Action": [f"{service}:{action}" for action in actions], "Resource": resources}


def _queue(name: str) -> str:
    return f"arn:aws:sqs:*:*:{name}"
