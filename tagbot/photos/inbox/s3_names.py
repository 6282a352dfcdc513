"""Names of objects in the inbox at Amazon S3, which may have slashes."""

from tagbot.aws.s3_api import Bucket
from tagbot.photos.inbox.companion_names import companions_of
from tagbot.photos.inbox.file_names import SIDECAR
from tagbot.photos.inbox.sidecar_names import sidecars_of, stem


def is_shown(name: str) -> bool:
    """Not hidden, neither itself nor a folder that it lies in, and no mark of an empty folder."""
    return not name.endswith("/") and not any(part.startswith(".") for part in name.split("/"))


def sidecar_of(photo: str) -> str:
    """The name of a sidecar for a photo."""
    return f"{stem(photo)}{SIDECAR}"


def sidecars_beside(bucket: Bucket, photo: str) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """The sidecars of a photo and of others of the same name, by photo, and what other programs put there;
    one call.
    """
    names = {photo, *(found.name for page in bucket.pages(f"{stem(photo)}.") for found in page)}
    sidecars, companions = sidecars_of(names), companions_of(names)
    return {
        each: (sidecars.get(each), companions.get(each, ())) for each in sidecars.keys() | companions.keys()
    }
