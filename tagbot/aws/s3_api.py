"""The door to Amazon S3: the objects below one prefix of one bucket. Nothing in it is public."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tagbot.aws.boto import READ_SECONDS, Door, Misconfigured

TITLE = "Amazon S3"

PAGE = 1000
"""Most keys that S3 lists at once."""

ACTIONS = {
    "list_objects_v2": "ListBucket",
    "list_object_versions": "ListBucketVersions",
    "head_object": "GetObject",
    "copy_object": "PutObject",
}
"""Operations whose permission has another name."""

DELETE_VERSION = "delete_object_version"

ELSEWHERE = frozenset(
    {"301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}
)
"""Errors that say that the bucket is in another region."""


ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects have to be restored before they can be read."""


class Missing(Exception):  # noqa: N818 - an answer
    """There is no such object; or another one than was meant, by its ETag."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object of a list."""

    name: str
    """Its key without the prefix."""
    modified: datetime
    is_archived: bool = False
    """Whether S3 gives it only after hours, to who asks to have it restored."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object's content, and the mark by which S3 tells it from another one of the same key."""

    content: bytes
    etag: str


class Bucket(Door):
    """The objects below a prefix; names are keys without it. Any thread may use it.

    Every method raises `Retry` when S3 does not do it now.
    """

    def __init__(
        self, bucket: str, prefix: str, region: str | None, *, read_seconds: float = READ_SECONDS
    ) -> None:
        """`prefix` is without the slash that follows it."""
        super().__init__("s3", TITLE, region, actions=ACTIONS, read_seconds=read_seconds)
        self.bucket = bucket
        self.prefix = prefix

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def put(self, name: str, content: bytes, content_type: str) -> bool:
        """Store an object in place of the one of this name; all of it is there at once. Whether the bucket
        keeps versions: what is replaced or deleted is then still there as an earlier one.
        """
        return "VersionId" in self._on("put_object", name, Body=content, ContentType=content_type)

    def get(self, name: str, most: int | None = None) -> Object:
        """An object, or only the first `most` bytes of it; raises `Missing`."""
        answer = self._on("get_object", name)
        return Object(self.read(answer["Body"], most), answer["ETag"])

    def etag(self, name: str, expected: str | None = None) -> str:
        """An object's, which a later one of the same name does not have; raises `Missing`, also where another
        one is `expected`.
        """
        return str(self._on("head_object", name, **({"IfMatch": expected} if expected else {}))["ETag"])

    def delete(self, name: str, etag: str | None = None) -> None:
        """Delete an object, no error when there is none; with `etag`, raises `Missing` where it is another by
        now.
        """
        self._on("delete_object", name, **({"IfMatch": etag} if etag else {}))

    def forget_versions(self, name: str) -> bool:
        """Delete all versions of an object but the one of now, if there is one; whether AWS lets the bot."""
        place: dict[str, Any] = {"Bucket": self.bucket, "Prefix": self.key(name)}
        try:
            while True:
                page = self.call("list_object_versions", **place)
                markers, versions = page.get("DeleteMarkers", []), page.get("Versions", [])
                for each in (*markers, *(each for each in versions if not each["IsLatest"])):
                    if each["Key"] == self.key(name):
                        self._on("delete_object", name, VersionId=each["VersionId"])
                if not page.get("IsTruncated"):
                    return True
                place |= {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        except Misconfigured:
            return False

    def copy(self, source: "Bucket", name: str, etag: str, new_name: str) -> None:
        """Store a copy of an object of `source` here; raises `Missing`, also where it is another by now."""
        origin = {"Bucket": source.bucket, "Key": source.key(name)}
        self._on("copy_object", new_name, CopySource=origin, CopySourceIfMatch=etag)

    def pages(self, beginning: str = "", size: int = PAGE) -> Iterator[list[Listed]]:
        """The objects whose names begin so, a page at a time, by name; each page is asked for when it is
        needed.
        """
        arguments: dict[str, Any] = {
            "Bucket": self.bucket,
            "Prefix": self.key(beginning),
            "MaxKeys": size,
            "OptionalObjectAttributes": ["RestoreStatus"],
        }
        while True:
            answer = self.call("list_objects_v2", **arguments)
            yield [
                Listed(
                    found["Key"].removeprefix(self.key("")),
                    found["LastModified"],
                    is_archived=_is_archived(found),
                )
                for found in answer.get("Contents", [])
            ]
            if not answer.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = answer["NextContinuationToken"]

    def key(self, name: str) -> str:
        """Where the object of that name is in the bucket."""
        return f"{self.prefix}/{name}"

    def _on(self, operation: str, name: str, **arguments: Any) -> dict[str, Any]:
        return self.call(operation, Bucket=self.bucket, Key=self.key(name), **arguments)

    def named(self, operation: str, arguments: Mapping[str, Any]) -> str:
        """An earlier version is deleted by the same operation, which needs another right then."""
        return DELETE_VERSION if operation == "delete_object" and "VersionId" in arguments else operation

    def meaning(self, operation: str, code: str) -> Exception | None:
        # Where the bucket itself is missing, an answer without a body says just 404 too; the next call that
        # lists or stores something tells the two apart.
        if code in ("NoSuchKey", "404", "412", "PreconditionFailed"):
            return Missing(code)
        if code == "NoSuchBucket":
            return self._misconfigured(
                operation, f"there is no bucket {self.bucket}: make it, or correct the setting that names it"
            )
        if code in ELSEWHERE:
            return self._misconfigured(
                operation, f"the bucket {self.bucket} is in another region: set AWS_REGION to it"
            )
        return None


def _is_archived(found: dict[str, Any]) -> bool:
    is_restored = "RestoreExpiryDate" in found.get("RestoreStatus", {})
    return found.get("StorageClass") in ARCHIVES and not is_restored
