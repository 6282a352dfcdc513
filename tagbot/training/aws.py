"""The door to Amazon Rekognition: the only importer of boto3.

It paces the calls, counts them, and turns each failure into what can be done about it. The operator hears of
a configuration that is wrong once in the log, and in `status` for as long as it lasts.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tagbot.errors import Reject, Retry
from tagbot.slack.pace import Pace

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3
READ_SECONDS = 20
"""Of one call: IndexFaces takes about a second."""

BUSY = frozenset(
    {
        "ConflictException", "InternalServerError", "LimitExceededException",
        "ProvisionedThroughputExceededException", "RequestTimeout", "RequestTimeoutException",
        "ServiceUnavailable", "ServiceUnavailableException", "ThrottlingException",
        "TooManyRequestsException",
    }
)  # fmt: skip
"""Errors that say that the same call may succeed later."""

OUR_FAULT = frozenset(
    {"IdempotentParameterMismatchException", "InvalidParameterException", "ValidationException"}
)
"""Errors that the same call will meet each time: what is sent was checked before, so they are bugs."""

Record = Callable[[str], None]
"""Is told the operation of each call that reached AWS, so that the operator sees what was used."""


class Absent(Exception):  # noqa: N818 - as AWS's name for it
    """ResourceNotFoundException: there is no such collection, user or face."""


class PictureUnusable(Exception):  # noqa: N818 - an answer about the picture
    """AWS cannot read the picture; `reason` as in `tagbot.training.Refused`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class QuotaReached(Exception):  # noqa: N818 - an answer about the collection
    """ServiceQuotaExceededException: the person has as many faces, or the collection as many, as AWS
    allows.
    """


class AlreadyThere(Exception):  # noqa: N818 - as AWS's name for it
    """What was to be made exists."""


def token(*parts: str) -> str:
    """A ClientRequestToken, the same for the same parts in every process (64 characters at most)."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


class Aws:
    """Calls of one collection. Any thread may use it."""

    def __init__(
        self,
        collection: str,
        region: str | None,
        calls_per_second: float,
        record: Record,
        stop: threading.Event,
    ) -> None:
        """Credentials and endpoint come the way that AWS documents; `stop` ends all waiting."""
        self.collection = collection
        self._region = region
        self._pace = Pace(calls_per_second, stop)
        self._record = record
        self._lock = threading.Lock()
        self._client: Any = None
        self.problem: str | None = None
        """What the operator has to mend, None while nothing is known to be wrong."""

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call, such as `index_faces`, on the collection.

        Raises `Absent`, `AlreadyThere`, `PictureUnusable` and `QuotaReached`, which are answers, and `Retry`
        and `Reject`.
        """
        self._pace.wait()
        if operation != "detect_faces":
            arguments["CollectionId"] = self.collection
        try:
            answer: dict[str, Any] = getattr(self._connected(), operation)(**arguments)
        except ClientError as refused:
            self._record(operation)
            raise self._refusal(operation, refused) from None
        except ParamValidationError as ours:
            raise Reject(
                f"{_action(operation)} was asked for something that AWS does not take: {ours}"
            ) from None
        except BotoCoreError as lost:
            raise self._no_answer(lost) from None
        self._record(operation)
        self.problem = None
        return answer

    def _connected(self) -> Any:
        """The client, made when it is first needed: loading it takes 60 MB and half a second."""
        with self._lock:
            if self._client is None:
                # One attempt: retries are the worker's, which survive a restart and keep to the pace.
                config = Config(
                    connect_timeout=CONNECT_SECONDS,
                    read_timeout=READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 1},
                )
                self._client = boto3.client("rekognition", region_name=self._region, config=config)
            return self._client

    def _refusal(self, operation: str, refused: ClientError) -> Exception:
        """What AWS's error amounts to."""
        code = str(refused.response.get("Error", {}).get("Code", ""))
        status = int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        answers: dict[str, Exception] = {
            "ResourceNotFoundException": Absent(operation),
            "ResourceAlreadyExistsException": AlreadyThere(operation),
            "InvalidImageFormatException": PictureUnusable("not_an_image"),
            "ImageTooLargeException": PictureUnusable("too_large"),
            "ServiceQuotaExceededException": QuotaReached(operation),
        }
        if code == "ConflictException" and operation == "create_user":
            return AlreadyThere(operation)
        if code in answers:
            return answers[code]
        if code in BUSY or status >= 500:
            return Retry(f"Rekognition is busy: {code}")
        if code in OUR_FAULT:
            return Reject(f"Rekognition refuses {_action(operation)}: {code}")
        return self._misconfigured(_cure(operation, code))

    def _no_answer(self, lost: BotoCoreError) -> Retry:
        name = type(lost).__name__
        if "Credential" in name:
            return self._misconfigured(
                "AWS credentials are missing: set AWS_ACCESS_KEY_ID and its secret, or a role"
            )
        if "Region" in name:
            return self._misconfigured("the AWS region is missing: set AWS_REGION")
        return Retry(f"Rekognition does not answer: {name}")

    def _misconfigured(self, problem: str) -> Retry:
        """Keep the votes, and tell the operator: once, not once for each message."""
        if self.problem != problem:
            log.error("%s", problem)
        self.problem = problem
        return Retry(problem)


def _cure(operation: str, code: str) -> str:
    if code == "AccessDeniedException":
        return f"AWS denies {_action(operation)}: add it to the bot's IAM policy (`check` prints the policy)"
    return f"AWS does not take the bot's credentials ({code}): check AWS_ACCESS_KEY_ID and its secret"


def _action(operation: str) -> str:
    """As an IAM policy writes it: `index_faces` → `rekognition:IndexFaces`."""
    return "rekognition:" + "".join(word.title() for word in operation.split("_"))
