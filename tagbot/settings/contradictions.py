"""Settings that contradict each other, although each is right for itself."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tagbot.settings.values import S3Place


def contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """Each problem of two settings together that are right for themselves."""
    inbox, images = values.get("inbox"), values.get("image_store")
    if values.get("inbox_events") and isinstance(inbox, Path):
        yield "INBOX_EVENTS goes with an INBOX at Amazon S3 only"
    if isinstance(inbox, S3Place) and isinstance(images, S3Place) and inbox.holds(images):
        yield "IMAGE_STORE lies in INBOX, so that the bot would take its own pictures over"
    if isinstance(inbox, Path) and inbox.resolve() in {each.resolve() for each in _own_folders(values)}:
        yield f"INBOX should be a folder for photos alone, but the bot keeps files of its own in '{inbox}'"


def keys_of_aws(env: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[str]:
    """Each of them that no request can carry: boto3 would say so with the key itself."""
    places = {values.get("inbox"), values.get("image_store")}
    uses_aws = values.get("training_backend") == "rekognition" or values.get("queue_url") != "disk"
    if not uses_aws and not any(isinstance(place, S3Place) for place in places):
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        if not re.fullmatch(r"[!-~]*", env.get(name, "")):
            yield f"{name} has a letter in it that no key has: copy it again, in one piece"


def _own_folders(values: Mapping[str, Any]) -> Iterator[Path]:
    """Where the bot puts files on this machine, which it would take for photos if they were the inbox."""
    if (data_dir := values.get("data_dir")) is not None:
        yield data_dir
        yield from (data_dir / name for name in ("images", "queues", "rejected"))
    yield from (values[name] for name in ("image_store", "models") if isinstance(values.get(name), Path))
    scheme, _, file = values.get("database_url", "").partition(":///")
    if scheme == "sqlite":
        yield Path(file).parent
