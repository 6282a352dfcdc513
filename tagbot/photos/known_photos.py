"""Known photos: the SHA-256 of a photo's bytes is its identity, by which a second copy is recognised."""

import hashlib
from functools import partial

from tagbot.database.models.photos import Photo
from tagbot.lib.retrying import with_retries
from tagbot.photos.inbox import Inbox


def identity(photo: bytes) -> str:
    """The SHA-256 of the file as it came, in hex: a copy under another name is the same photo."""
    return hashlib.sha256(photo).hexdigest()


def is_taken_over(sha256: str) -> bool:
    """Whether a photo of that identity is in the database."""
    return Photo.get_or_none(Photo.sha256 == sha256) is not None


def is_known(sha256: str, inbox: Inbox) -> bool:
    """Whether a photo of that identity waits in the inbox, or was taken over before.

    Raises `Retry` when the inbox stays busy.
    """
    # In this order, as a running bot stores a photo before it takes it from the inbox.
    return with_retries(partial(inbox.waits, sha256)) or is_taken_over(sha256)
