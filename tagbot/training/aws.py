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

from tagbot import crash_points
from tagbot.errors import Reject, Retry
from tagbot.health import Health
from tagbot.pace import Pace

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
    {
        "IdempotentParameterMismatchException", "InvalidPaginationTokenException",
        "InvalidParameterException", "ValidationException",
    }
)  # fmt: skip
"""Errors that the same call will meet each time: what is sent was checked before, so they are bugs."""

EVERY_CALL = ""
"""Key of what is wrong with all operations alike: credentials, the region, the address."""

CURES = {
    "Region": "the AWS region is missing or wrong: set AWS_REGION",
    "InvalidEndpoint": "AWS_ENDPOINT_URL_REKOGNITION is no address",
    **dict.fromkeys(
        ("Credential", "Token", "Profile", "Config"),
        "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role",
    ),
}
"""By a word in the name of botocore's exception: what the operator has to set."""

Record = Callable[[str], None]
"""Is told the operation of each call that reached AWS, so that the operator sees what was used."""


class InvalidEndpoint(BotoCoreError):  # noqa: N818 - it is listed by this name in CURES
    """The address that is set for Rekognition is none."""


class Misconfigured(Retry):
    """The operator has to mend something; the votes wait for it."""


class Absent(Exception):  # noqa: N818 - as AWS's name for it
    """ResourceNotFoundException: there is no such collection, user or face."""


class PictureUnusable(Exception):  # noqa: N818 - an answer about the picture
    """AWS cannot read the picture; `reason` as in `tagbot.training.Refused`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class QuotaReached(Exception):  # noqa: N818 - an answer about the collection
    """ServiceQuotaExceededException: the person has as many faces, or the collection as many faces or
    users, as AWS allows; `operation` is what was one too many.
    """

    def __init__(self, operation: str) -> None:
        super().__init__(operation)
        self.operation = operation


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
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Credentials and endpoint come the way that AWS documents; `stop` ends all waiting."""
        self.collection = collection
        self.health = Health()
        self._region = region
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._pace = Pace(calls_per_second, stop)
        self._record = record
        self._lock = threading.Lock()
        self._client: Any = None
        self._problems: dict[str, str] = {}
        """By operation: another one that works says nothing about a permission. What is wrong with all of
        them stands under `EVERY_CALL`.
        """

    @property
    def problem(self) -> str | None:
        """What the operator has to mend, None while nothing is known to be wrong."""
        with self._lock:
            return "; ".join(dict.fromkeys(self._problems.values())) or None

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call, such as `index_faces`, on the collection.

        Raises `Absent`, `AlreadyThere`, `PictureUnusable` and `QuotaReached`, which are answers, and `Retry`
        and `Reject`.
        """
        self._pace.wait()
        with self.health.watching(operation):
            return self._answer(operation, arguments)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _answer(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if operation != "detect_faces":
            arguments["CollectionId"] = self.collection
        crash_points.reach(crash_points.BEFORE_CALL)
        try:
            answer: dict[str, Any] = getattr(self._connected(), operation)(**arguments)
        except ClientError as refused:
            self._record(operation)
            raise self._refusal(operation, refused) from None
        except BotoCoreError as lost:
            raise self._no_answer(operation, lost) from None
        if not _is_from_aws(answer):
            raise Retry("something between here and Rekognition answers in its place")
        crash_points.reach(crash_points.AFTER_CALL)
        self._record(operation)
        self._works(operation)
        return answer

    def _connected(self) -> Any:
        """The client, made when it is first needed: loading it takes 60 MB and half a second."""
        with self._lock:
            if self._client is None:
                self._client = self._made()
            return self._client

    def _made(self) -> Any:
        # One attempt: retries are the worker's, which survive a restart and keep to the pace.
        config = Config(
            connect_timeout=self._connect_seconds,
            read_timeout=self._read_seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        try:
            return boto3.Session().client("rekognition", region_name=self._region, config=config)
        except BotoCoreError:
            raise
        except ValueError:  # botocore's word for it
            raise InvalidEndpoint from None

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
        if code == "ServiceQuotaExceededException" and operation == "create_collection":
            return self._misconfigured(
                operation, "AWS allows this account no more face collections: delete one, or ask AWS for more"
            )
        if code == "ConflictException" and operation == "create_user":
            answers[code] = AlreadyThere(operation)
        if code in answers:
            self._works(operation)
            return answers[code]
        if code in BUSY or status >= 500:
            return Retry(f"Rekognition is busy: {code}")
        if code in OUR_FAULT:
            return Reject(f"Rekognition refuses {_action(operation)}: {code}")
        denied = code == "AccessDeniedException"
        return self._misconfigured(operation if denied else EVERY_CALL, _cure(operation, code))

    def _no_answer(self, operation: str, lost: BotoCoreError) -> Retry | Reject:
        name = type(lost).__name__
        if isinstance(lost, ParamValidationError):
            return Reject(f"Rekognition refuses {_action(operation)}: {name}")
        for word, cure in CURES.items():
            if word in name:
                return self._misconfigured(EVERY_CALL, f"{cure} ({name})")
        return Retry(f"Rekognition does not answer: {name}")

    def _works(self, operation: str) -> None:
        """AWS has let the bot do this."""
        with self._lock:
            self._problems.pop(operation, None)
            self._problems.pop(EVERY_CALL, None)

    def _misconfigured(self, what: str, problem: str) -> Misconfigured:
        """Tell the operator once, not once for each message."""
        with self._lock:
            known = self._problems.get(what) == problem
            self._problems[what] = problem
        if not known:
            log.error("%s", problem)
        return Misconfigured(problem)


def _is_from_aws(answer: dict[str, Any]) -> bool:
    """Whether it is JSON. botocore takes a proxy's web page for an answer in which everything is left out,
    and that would be: no face.
    """
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return "json" in headers.get("content-type", "")


def _cure(operation: str, code: str) -> str:
    if code == "AccessDeniedException":
        return f"AWS denies {_action(operation)}: add it to the bot's IAM policy (`check` prints the policy)"
    return f"AWS does not take the bot's credentials ({code}): check AWS_ACCESS_KEY_ID and its secret"


def _action(operation: str) -> str:
    """As an IAM policy writes it: `index_faces` → `rekognition:IndexFaces`."""
    return "rekognition:" + "".join(word.title() for word in operation.split("_"))
