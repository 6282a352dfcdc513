"""The door to AWS: the only importer of boto3. Each service has a class of its own that builds on `Door`.

A door makes one attempt at each call, and turns each failure into `Retry` or `Reject`. A wrong configuration
is logged once, and stands in `status` for as long as it lasts.
"""

import logging
import threading
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from tagbot.aws.error_codes import BUSY, CLOCK, CREDENTIALS, CURES, DENIED, OUR_FAULT
from tagbot.errors import Reject, Retry
from tagbot.lib import metrics
from tagbot.lib.health import Health

log = logging.getLogger(__name__)

CONNECT_SECONDS = 3
READ_SECONDS = 20

CONNECTIONS = 50
"""Calls that may run at a time: more than the bot has threads, or some would wait for another's long poll."""

_making_a_client = threading.Lock()
"""A session of boto3 makes one at a time."""

EVERY_CALL = ""
"""Key of a problem that all operations have alike: credentials, the region, the address."""


class InvalidEndpoint(BotoCoreError):  # noqa: N818 - named like botocore's other ones
    """The address that is set for a service is none."""


class Misconfigured(Retry):
    """The operator has to mend something; the work waits for it."""


class Door:
    """Calls of one AWS service. Any thread may use it."""

    def __init__(
        self,
        service: str,
        title: str,
        region: str | None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        actions: Mapping[str, str] | None = None,
    ) -> None:
        """Credentials and endpoint come the way that AWS documents. `service` is boto3's name, `title` the
        operator's; `actions` are the operations whose IAM action is not called like them.
        """
        self.service = service
        self.health = Health()
        self._title = title
        self._region = region
        self._actions = actions or {}
        # One attempt: retries are the worker's, which survive a restart and keep the rate limit.
        self._config = Config(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=CONNECTIONS,
        )
        self._lock = threading.Lock()
        self._client: Any = None
        self._problems: dict[str, str] = {}
        """By operation, as a permission is for one; a problem of them all stands under `EVERY_CALL`."""

    @property
    def problem(self) -> str | None:
        """For the operator to mend; None while nothing is known to be wrong."""
        with self._lock:
            return "; ".join(dict.fromkeys(self._problems.values())) or None

    @property
    def partition(self) -> str:
        """AWS's partition that its region is in."""
        return partition(self._region)

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call, such as `index_faces`; raises `Retry`, `Reject` and the exceptions of `meaning`."""
        name = self.named(operation, arguments)
        with self.health.watching(name):
            try:
                answer: dict[str, Any] = getattr(self._connected(), operation)(**arguments)
            except ClientError as refused:
                self.reached(name)
                code, status = _code_and_status(refused)
                is_busy = code in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR
                self._count(name, metrics.BUSY if is_busy else metrics.REFUSED)
                raise self._refusal(name, code, is_busy=is_busy) from None
            except BotoCoreError as lost:
                self._count(name, metrics.NO_ANSWER)
                raise self._no_answer(name, lost) from None
            if not _is_from_aws(answer):
                self._count(name, metrics.NO_ANSWER)
                raise Retry(f"something between here and {self._title} answers in its place")
            self.reached(name)
            self._count(name, metrics.OK)
            self._works(name)
            return answer

    def named(self, operation: str, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - for those who override it
        """For a service to override: what a call is called by, where its arguments ask for another right."""
        return operation

    def _count(self, operation: str, answer: str) -> None:
        metrics.AWS_CALLS.add(self.service, operation, answer)

    def reached(self, operation: str) -> None:
        """For a service that counts to override: the call arrived at AWS."""

    def meaning(self, operation: str, code: str) -> Exception | None:  # noqa: ARG002 - for those who override it
        """For a service to override: its exception for an error that is no failure but an answer, or that
        this service alone knows; None for the rest.
        """
        return None

    def read(self, body: Any, most: int | None = None) -> bytes:
        """The content of an answer that is a stream, or its first `most` bytes."""
        content = b""
        with body:
            try:
                if most is None:
                    return bytes(body.read())
                # To the end: only there boto3 notices that the rest was lost on the way.
                while len(content) < most and (chunk := body.read(most - len(content))):
                    content += chunk
            except BotoCoreError as lost:  # the answer began well, and broke off
                raise Retry(f"{self._title} does not answer: {type(lost).__name__}") from None
        return content

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def action(self, operation: str) -> str:
        """As an IAM policy writes it: `index_faces` → `rekognition:IndexFaces`."""
        name = self._actions.get(operation) or "".join(word.title() for word in operation.split("_"))
        return f"{self.service}:{name}"

    def _connected(self) -> Any:
        """The client, made when it is first needed: that takes a tenth of a second and up to 10 MB."""
        with self._lock:
            if self._client is None:
                try:
                    with _making_a_client:
                        made: Any = session()  # its `client` has a type for each service by name, not for any
                        self._client = made.client(
                            self.service, region_name=self._region, config=self._config
                        )
                except BotoCoreError:
                    raise
                except ValueError:  # botocore's word for it
                    raise InvalidEndpoint from None
            return self._client

    def _refusal(self, operation: str, code: str, *, is_busy: bool) -> Exception:
        meaning = self.meaning(operation, code)
        if meaning is not None:
            if not isinstance(meaning, Retry):
                self._works(operation)
            return meaning
        if is_busy:
            return Retry(f"{self._title} is busy: {code}")
        if code in OUR_FAULT:
            return Reject(f"{self._title} refuses {self.action(operation)}: {code}")
        if code in DENIED:
            return self._misconfigured(
                operation,
                f"AWS denies {self.action(operation)}: add it to the bot's IAM policy"
                " (`check` prints the policy)",
            )
        if code in CLOCK:
            return self._misconfigured(EVERY_CALL, f"this machine's clock is wrong ({code}): set it")
        if any(word in code for word in CREDENTIALS):
            return self._misconfigured(
                EVERY_CALL,
                f"AWS does not take the bot's credentials ({code}): check AWS_ACCESS_KEY_ID and its secret",
            )
        return self._misconfigured(operation, f"{self._title} refuses {self.action(operation)}: {code}")

    def _no_answer(self, operation: str, lost: BotoCoreError) -> Retry | Reject:
        name = type(lost).__name__
        if isinstance(lost, ParamValidationError):
            return Reject(f"{self._title} refuses {self.action(operation)}: {name}")
        if isinstance(lost, InvalidEndpoint):
            variable = f"AWS_ENDPOINT_URL_{self.service.upper()}"
            return self._misconfigured(EVERY_CALL, f"{variable} is no address ({name})")
        for word, cure in CURES.items():
            if word in name:
                return self._misconfigured(EVERY_CALL, f"{cure} ({name})")
        return Retry(f"{self._title} does not answer: {name}")

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


def partition(region: str | None) -> str:
    """Which of AWS's worlds a region lies in, as each ARN says it: `aws`, `aws-cn` for China and so on.

    Without a region it is that of the environment or the profile; where that is none of AWS's, `aws`.
    """
    try:
        return str(session().get_partition_for_region(region or session().region_name or ""))
    except BotoCoreError:
        return "aws"


@cache
def session() -> boto3.Session:
    """One for the whole process: clients share its credentials and what it has read of AWS's services. The
    environment's credentials and profile are read once.
    """
    return boto3.Session()


def _code_and_status(refused: ClientError) -> tuple[str, int]:
    """AWS's name of an error, and HTTP's number."""
    code = str(refused.response.get("Error", {}).get("Code", "")).rpartition(".")[2]
    return code, int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_from_aws(answer: dict[str, Any]) -> bool:
    """Whether AWS made it: each of its answers has a number.

    botocore takes a proxy's web page for an answer in which everything is left out, and that would be: no
    face, no picture.
    """
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return "x-amzn-requestid" in headers or "x-amz-request-id" in headers
