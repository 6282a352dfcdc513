"""Known photos: the SHA-256 of a photo's bytes is its identity, by which a second copy is recognised."""

import hashlib
from collections.abc import Callable
from functools import partial

from tagbot.lib.retrying import with_retries
from tagbot.photos.inbox import Inbox


def identity(photo: bytes) -> str:
    """The SHA-256 of the file as it came, in hex: a copy under another name is the same photo."""
    return hashlib.sha256(photo).hexdigest()


def is_known(sha256: str, inbox: Inbox, is_taken_over: Callable[[str], bool]) -> bool:
    """Whether a photo of that identity waits in the inbox, or was taken over before.

    Raises `Retry` when the inbox stays busy.
    """
    # In this order, as a running bot stores a photo before it takes it from the inbox.
    return with_retries(partial(inbox.waits, sha256)) or is_taken_over(sha256)
