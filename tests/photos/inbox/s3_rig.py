"""An inbox at Amazon S3, for tests."""

from tagbot.aws.s3_api import Bucket
from tagbot.aws.s3_events import Events
from tagbot.photos.inbox import InboxDelivery
from tagbot.photos.inbox.s3_arrivals import LIST_SECONDS
from tagbot.photos.inbox.s3_inbox import S3Inbox
from tests.aws.service import REGION, Amazon
from tests.photos.inbox.folder import Clock


class Rig:
    """The inbox of a bot, and the hands of those who use the bucket."""

    def __init__(self, aws: Amazon) -> None:
        self.aws = aws
        self.clock = Clock()
        self.s3 = aws.client("s3")
        aws.make_bucket()
        self.inbox = self.another()

    def another(self, events: Events | None = None) -> S3Inbox:
        """The inbox of another bot."""
        buckets = [Bucket(self.aws.bucket, f"team/{name}", REGION) for name in ("inbox", "rejected")]
        for bucket in buckets:
            self.aws.lend(bucket)
        return S3Inbox(buckets[0], buckets[1], events, self.clock)

    def put(self, name: str, content: bytes = b"photo") -> None:
        self.s3.put_object(Bucket=self.aws.bucket, Key=f"team/inbox/{name}", Body=content)

    def objects(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.aws.bucket).get("Contents", [])
        return sorted(each["Key"].removeprefix("team/") for each in found)

    def content(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.aws.bucket, Key=f"team/{key}")["Body"].read()
        return body

    def look(self, seconds: float = LIST_SECONDS) -> InboxDelivery | None:
        self.clock.now += seconds
        return self.inbox.get(0)

    def take(self) -> InboxDelivery:
        delivery = self.look()
        assert delivery is not None
        return delivery
