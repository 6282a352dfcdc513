"""Names of objects in the inbox at Amazon S3, which may have slashes."""

from tagbot.aws.s3_api import Bucket
from tagbot.photos.inbox.file_names import SIDECAR


def is_shown(name: str) -> bool:
    """Not hidden, neither itself nor a folder that it lies in, and no mark of an empty folder."""
    return not name.endswith("/") and not any(part.startswith(".") for part in name.split("/"))


def sidecar_of(photo: str) -> str:
    """The name of the sidecar beside a photo."""
    return f"{_stem(photo)}{SIDECAR}"


def is_alone(bucket: Bucket, name: str) -> bool:
    """Whether there is no other photo of the same name that needs the sidecar."""
    return not any(
        found.name not in (name, sidecar_of(name)) and _stem(found.name) == _stem(name)
        for page in bucket.pages(f"{_stem(name)}.")
        for found in page
    )


def _stem(name: str) -> str:
    """The name without its suffix."""
    folder, slash, own = name.rpartition("/")
    return f"{folder}{slash}{own.rpartition('.')[0] or own}"
