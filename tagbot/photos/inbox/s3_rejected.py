"""The prefix `rejected/` at Amazon S3: each refused object with its sidecar, beside a text that says why."""

import logging
from contextlib import suppress

from tagbot.aws.s3_api import Bucket, Missing
from tagbot.lib.unseen import printable
from tagbot.photos.inbox.companion_names import renamed
from tagbot.photos.inbox.file_names import WHY, names_like
from tagbot.photos.inbox.s3_arrivals import InHand
from tagbot.photos.inbox.s3_names import sidecar_of

log = logging.getLogger(__name__)

STUCK = ".in-the-inbox"
"""Added to the name of the text about an object that S3 cannot move, which lies beside none."""

TEXT = "text/plain; charset=utf-8"


class S3Rejected:
    """Objects that were refused, below their prefix."""

    def __init__(self, bucket: Bucket) -> None:
        """Nothing is called before something is refused."""
        self._bucket = bucket

    def explain(self, name: str, reason: str) -> str:
        """Put the text about an object here; return the name under which the object itself is to follow.

        Neither an object, nor what belongs beside one, was put there before.
        """
        target = next(
            free
            for free in names_like(name)
            if not any(self._has(each) for each in (free, sidecar_of(free), f"{free}{WHY}"))
        )
        self._bucket.put(f"{target}{WHY}", f"{printable(reason)}\n".encode(), TEXT)
        return target

    def copy(self, inbox: Bucket, name: str, read: InHand, target: str) -> None:
        """An object of the inbox, with its sidecar, as they were read. Raises `Missing`, and `Reject` when it
        is over 5 GB.
        """
        try:
            self._bucket.copy(inbox, name, read.etag or "", target)
        except Missing:
            self._bucket.delete(f"{target}{WHY}")
            raise
        beside = [(read.sidecar, read.sidecar_etag), *read.others]
        for each, etag in beside:
            if each is not None:
                with suppress(Missing):  # another one has come
                    self._bucket.copy(inbox, each, etag, renamed(each, name, target))

    def explain_stuck(self, name: str, target: str, reason: str, why: str) -> None:
        """Replace the text by one about an object that could not follow, the same at each attempt."""
        text = (
            f"{reason}\nIt is still in the inbox, as it could not be moved here ({why}): delete it there.\n"
        )
        self._bucket.put(f"{next(names_like(name))}{STUCK}{WHY}", text.encode(), TEXT)
        self._bucket.delete(f"{target}{WHY}")
        log.error("what was refused stays in the inbox until somebody deletes it there: %s", why)

    def _has(self, name: str) -> bool:
        try:
            self._bucket.etag(name)
        except Missing:
            return False
        return True
