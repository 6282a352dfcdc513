"""The image store at Amazon S3."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tagbot.errors import Reject
from tagbot.photos.image_store import TRIAL, checked, is_of_picture

if TYPE_CHECKING:  # boto3, which that imports, takes a fifth of a second: only a bot on S3 needs it
    from tagbot.aws.s3_api import Bucket


class S3Store:
    """Pictures as objects below a prefix of a bucket, for everybody whom the bucket's owner lets in.

    S3 stores an object whole or not at all, and shows it to everybody once `put` has returned.
    """

    def __init__(self, bucket: "Bucket") -> None:
        """Nothing is called before the first picture."""
        self.health = bucket.health
        self._bucket = bucket

    def put(self, key: str, picture: bytes) -> None:
        self._bucket.put(checked(key), picture, "image/jpeg")

    def get(self, key: str) -> bytes:
        from tagbot.aws.s3_api import Missing

        try:
            return self._bucket.get(checked(key)).content
        except Missing:
            raise Reject(f"the picture {key} is missing") from None

    def delete(self, key: str) -> None:
        self._bucket.delete(checked(key))

    def forget_versions(self, key: str) -> bool:
        return self._bucket.forget_versions(checked(key))

    def keys(self) -> Iterator[str]:
        for page in self._bucket.pages():
            yield from (listed.name for listed in page if is_of_picture(listed.name))

    def check(self) -> str:
        key = f"{TRIAL}{uuid.uuid4()}"
        keeps_versions = self._bucket.put(key, b"a picture", "image/jpeg")
        self.get(key)
        self.delete(key)
        works = f"{self._bucket} can be written"
        if not keeps_versions:
            return works
        if self.forget_versions(key):
            return f"{works}; it keeps earlier versions, and those of people who are forgotten are deleted"
        return (
            f"{works}; it keeps earlier versions, and the bot may not delete those of people who are "
            "forgotten: add s3:ListBucketVersions and s3:DeleteObjectVersion to its IAM policy"
        )
