"""The ids of messages as the log has them: no line has the id of somebody's account, who may be forgotten."""

import hashlib
import re
import secrets
from functools import cache

HARMLESS = re.compile(r"[^A-Z]*|F[A-Z0-9]*")
"""A part of an id that is no account's, which Slack writes in capitals: a queue, a face, a round, a time, a
reason, or one of Slack's files.
"""

DIGITS = 8


def logged(message_id: str) -> str:
    """The id with a short hash in place of an account's. The hash is of this one message, by a key that ends
    with the process: neither lines of one account nor a list of accounts tell whose it is.
    """
    parts = message_id.split(":")
    return ":".join(part if HARMLESS.fullmatch(part) else _hash(message_id, part) for part in parts)


def _hash(message_id: str, part: str) -> str:
    text = f"{part} in {message_id}".encode(errors="surrogateescape")
    return hashlib.blake2b(text, key=_key(), digest_size=DIGITS // 2).hexdigest()


@cache
def _key() -> bytes:
    return secrets.token_bytes(32)
