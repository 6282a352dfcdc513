"""Hashes that only the holder of a key can make, so that no list of ids gives away whose they are."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tagbot.errors import Reject

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA256 with one key."""

    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Tells keys apart, and says nothing of them."""
        return self.of("the id of this key")[:16]

    def of(self, text: str) -> str:
        """64 hexadecimal digits."""
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()

    @classmethod
    def in_file(cls, path: Path) -> "KeyedHash":
        """With the key in a file, which is made for its owner alone where there is none. Raises `Reject`."""
        try:
            key = path.read_bytes() if path.exists() else _make(path)
        except OSError as why:
            raise Reject(f"the key {path} cannot be read or made: {why.strerror or why}") from None
        if len(key) != KEY_BYTES:
            raise Reject(f"{path} is no key of {KEY_BYTES} bytes: bring it back from a backup")
        return cls(key)


def _make(path: Path) -> bytes:
    """The key in a new file, whole or not there; of two processes that make one at once, one does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    return path.read_bytes()
