"""The door to Amazon Rekognition: it keeps the rate limit of the calls and counts them."""

import hashlib
import threading
from collections.abc import Callable
from typing import Any

from tagbot.aws.boto import CONNECT_SECONDS, READ_SECONDS, Door
from tagbot.lib import failpoints
from tagbot.lib.rate_limit import MakeRateLimit, own_rate_limits
from tagbot.vocabulary import RejectionReason

Record = Callable[[str], None]
"""Called with the operation of each call that reached AWS, for `status`."""

CALLS_MARGIN = 0.95
"""Of the rate that is set: calls meet on the way, and in some second AWS would see one more than that."""


class Absent(Exception):  # noqa: N818 - as AWS's name for it
    """ResourceNotFoundException: there is no such collection, user or face."""


class PictureUnusable(Exception):  # noqa: N818 - an answer about the picture
    """AWS cannot read the picture."""

    def __init__(self, reason: RejectionReason) -> None:
        super().__init__(reason)
        self.reason = reason


class QuotaReached(Exception):  # noqa: N818 - an answer about the collection
    """ServiceQuotaExceededException: the person has as many faces, or the collection as many faces or
    users, as AWS allows; `operation` would have been one too many.
    """

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


class AlreadyThere(Exception):  # noqa: N818 - as AWS's name for it
    """The user or collection to be made exists."""


def token(*parts: str) -> str:
    """A ClientRequestToken, the same for the same parts in every process (64 characters at most)."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


class RekognitionApi(Door):
    """Calls of one collection. Any thread may use it."""

    def __init__(
        self,
        collection: str,
        region: str | None,
        calls_per_second: float,
        record: Record,
        stop: threading.Event,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        turns: MakeRateLimit | None = None,
    ) -> None:
        """`stop` ends all waiting; `turns` keep the rate limit, which all bots of an account share."""
        super().__init__(
            "rekognition", "Rekognition", region, connect_seconds=connect_seconds, read_seconds=read_seconds
        )
        self.collection = collection
        limit = turns or own_rate_limits()
        self._turns = limit("calls of Rekognition", calls_per_second * CALLS_MARGIN, stop)
        self._record = record

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call on the collection. Raises `Retry`, `Reject`, and answers: `Absent`, `AlreadyThere`,
        `PictureUnusable` and `QuotaReached`.
        """
        self._turns.wait()
        if operation != "detect_faces":
            arguments["CollectionId"] = self.collection
        failpoints.reach(failpoints.BEFORE_CALL)
        answer = super().call(operation, **arguments)
        failpoints.reach(failpoints.AFTER_CALL)
        return answer

    def reached(self, operation: str) -> None:
        self._record(operation)

    def meaning(self, operation: str, code: str) -> Exception | None:
        if code == "ServiceQuotaExceededException" and operation == "create_collection":
            return self._misconfigured(
                operation, "AWS allows this account no more face collections: delete one, or ask AWS for more"
            )
        if code == "ConflictException" and operation == "create_user":
            return AlreadyThere(operation)
        answers: dict[str, Exception] = {
            "ResourceNotFoundException": Absent(operation),
            "ResourceAlreadyExistsException": AlreadyThere(operation),
            "InvalidImageFormatException": PictureUnusable(RejectionReason.NOT_AN_IMAGE),
            "ImageTooLargeException": PictureUnusable(RejectionReason.TOO_LARGE),
            "ServiceQuotaExceededException": QuotaReached(operation),
        }
        return answers.get(code)
