"""The image store, where pictures are kept by key: the interface of the folder's and of Amazon S3's."""

import re
from collections.abc import Iterator
from typing import Protocol

from tagbot.lib.health import Health


class ImageStore(Protocol):
    """Pictures by key, such as `faces/<id>/crop.jpg`. All methods may be called from any thread.

    Each raises `Retry` when the store cannot be used now.
    """

    @property
    def health(self) -> Health:
        """How its calls go."""

    def put(self, key: str, picture: bytes) -> None:
        """Keep a picture, in place of the one that has this key; it is safe when this returns."""

    def get(self, key: str) -> bytes:
        """The picture; raises `Reject` when there is none."""

    def delete(self, key: str) -> None:
        """Forget a picture; no error when there is none."""

    def forget_versions(self, key: str) -> bool:
        """Delete what stood under a key before, also where something stands there now; whether that is sure:
        a store that keeps versions may not let the bot.
        """

    def keys(self) -> Iterator[str]:
        """The keys of all pictures, in the same order each time as long as nothing changes; only some of them
        are in memory at a time.
        """

    def check(self) -> str:
        """Try the store and say in a few words what answered."""


KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""No part of a key begins with a dot, so none is hidden or leads upwards."""

TRIAL = "check/"
"""Begins the keys of what `check` puts, which is no picture where a crash left it."""


def checked(key: str) -> str:
    """The key; raises `ValueError` for one that none of our code makes."""
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key for a picture")
    return key


def is_of_picture(name: str) -> bool:
    """Whether a name found in a store is the key of a picture, and not of a stranger's file or a trial."""
    return KEY.fullmatch(name) is not None and not name.startswith(TRIAL)
