"""The rights that a bot needs at Amazon SQS and S3, as IAM writes them: the least."""

from collections.abc import Iterable, Iterator
from typing import Any

from tagbot.settings import Settings
from tagbot.settings.values import S3Place
from tagbot.vocabulary import QueueName

Statement = dict[str, Any]

OF_QUEUES = (
    "ChangeMessageVisibility", "CreateQueue", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
    "ReceiveMessage", "SendMessage", "SetQueueAttributes",
)  # fmt: skip
OF_BUCKETS = "ListBucket", "ListBucketVersions"
OF_EVENTS = "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"
OF_PICTURES = "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"


def statements(settings: Settings) -> Iterator[Statement]:
    """None for a bot that keeps all on its own machine."""
    places = list(_places(settings))
    if settings.queue_prefix is None and not settings.inbox_events and not places:
        return
    from tagbot.aws.boto import partition  # boto3: not for a bot on its own machine

    arn = f"arn:{partition(settings.aws_region or None)}"
    if settings.queue_prefix is not None:
        names = [f"{settings.queue_prefix}{name}{end}.fifo" for name in QueueName for end in ("", "-dead")]
        yield _allow("sqs", OF_QUEUES, [f"{arn}:sqs:*:*:{name}" for name in names])
    if settings.inbox_events:
        yield _allow("sqs", OF_EVENTS, [f"{arn}:sqs:*:*:{settings.inbox_events}"])
    if places:
        yield _allow("s3", OF_PICTURES, [f"{arn}:s3:::{place.bucket}/{place.prefix}/*" for place in places])
        # Without this right S3 calls an object that is missing one that may not be seen.
        yield _allow("s3", OF_BUCKETS, sorted({f"{arn}:s3:::{place.bucket}" for place in places}))


def _places(settings: Settings) -> Iterator[S3Place]:
    if isinstance(settings.image_store, S3Place):
        yield settings.image_store
    if isinstance(settings.inbox, S3Place):
        yield settings.inbox
        yield settings.inbox.beside("rejected")


def _allow(service: str, actions: Iterable[str], resources: list[str]) -> Statement:
    return {"Effect": "Allow", "Action": [f"{service}:{action}" for action in actions], "Resource": resources}
