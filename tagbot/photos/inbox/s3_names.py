"""Names of objects in the inbox at Amazon S3, which may have slashes."""

from tagbot.aws.s3_api import Bucket
from tagbot.photos.inbox.file_names import SIDECAR
from tagbot.photos.inbox.sidecar_names import sidecars_of, stem


def is_shown(name: str) -> bool:
    """Not hidden, neither itself nor a folder that it lies in, and no mark of an empty folder."""
    return not name.endswith("/") and not any(part.startswith(".") for part in name.split("/"))


def sidecar_of(photo: str) -> str:
    """The name of a sidecar for a photo."""
    return f"{stem(photo)}{SIDECAR}"


def sidecars_beside(bucket: Bucket, photo: str) -> dict[str, str]:
    """The sidecars of a photo and of others of the same name, by photo; one call."""
    names = {found.name for page in bucket.pages(f"{stem(photo)}.") for found in page}
    return sidecars_of({photo, *names})
