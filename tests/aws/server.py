"""Amazon SQS and S3 on this machine: moto's server, and in front of it what moto leaves out.

    python -m tests.aws.server       prints its address, and serves until its input ends

moto keeps the queues and the objects. What it gets wrong of SQS FIFO, this makes good: a deduplication id is
remembered for five minutes also after its message is gone; a receipt handle is worth nothing once its time
is over or the message was handed out again; sequence numbers grow; who waits for a message is woken at once.

Each test has a clock of its own: names of queues and buckets begin with the test's prefix, and `pass-time`
puts the clock of all that begins so forward.
"""

import json
import re
import socket
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from io import BytesIO
from typing import Any

import moto.backends as moto_backends
import moto.core.responses as moto_responses
import moto.sqs.models as moto_sqs
from moto.backends import get_backend
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

REMEMBERED_SECONDS = 300.0
"""How long SQS remembers a deduplication id."""

LONGEST_VISIBILITY = 43_200.0

ID = re.compile(r"[!-~]{1,128}")
"""What SQS takes as the id of a group, or for deduplication."""

Environ = dict[str, Any]
Start = Callable[..., Any]

_local = threading.local()


def now() -> float:
    """By the clock of the test whose call this thread answers."""
    return time.time() + float(getattr(_local, "ahead", 0.0))


def milliseconds() -> float:
    """The same, as moto counts in the life of a message."""
    return now() * 1000


vars(moto_sqs).update(unix_time=now, unix_time_millis=milliseconds)

# moto works these out anew for each call, which was a fifth of its time.
_MODULES = frozenset(moto_backends.list_of_moto_modules())
vars(moto_backends).update(list_of_moto_modules=lambda: _MODULES)
vars(moto_responses).update(
    camelcase_to_underscores=cache(camelcase_to_underscores),
    method_names_from_class=cache(method_names_from_class),
)


class Refused(Exception):  # noqa: N818 - an answer
    """What SQS answers to a call that it does not take."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Fault:
    """What goes wrong with the next calls of an operation."""

    prefix: str
    operation: str
    """By its name at AWS, or `*`."""
    times: int
    code: str = ""
    """AWS's error; none where the connection breaks."""
    status: int = 400
    effect: bool = False
    """Whether AWS does what it was asked, before it goes wrong."""
    part: int = 0
    """So many bytes of its answer come before the connection ends."""


@dataclass
class Handle:
    """What a receipt handle is worth."""

    message: str
    until: float
    since: float


@dataclass
class Memory:
    """What moto does not remember."""

    ahead: dict[str, float] = field(default_factory=dict)
    """By prefix: how far its clock is ahead."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Name of the queue or bucket, and operation."""
    sent: dict[tuple[str, str, str], tuple[float, dict[str, Any]]] = field(default_factory=dict)
    """By queue, group and deduplication id: when, and what was answered."""
    handles: dict[str, Handle] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    """By message: its newest handle."""
    numbers: int = 0


class Strict:
    """The application in front of moto's."""

    def __init__(self) -> None:
        self.moto: Any = DomainDispatcherApplication(create_backend_app)
        self.memory = Memory()
        self.lock = threading.RLock()
        self.changed: defaultdict[str, threading.Condition] = defaultdict(
            lambda: threading.Condition(self.lock)
        )

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ["PATH_INFO"].startswith("/-/"):
            return self.control(environ["PATH_INFO"][3:], json.loads(body or b"{}"), start)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith("AmazonSQS."):
            fields = json.loads(body)
            name = fields.get("QueueName") or fields.get("QueueUrl", "").rpartition("/")[2]
            operation = target.partition(".")[2]
        else:
            fields, name = {}, environ["PATH_INFO"].strip("/").partition("/")[0]
            operation = s3_operation(environ)
        _local.ahead = max(
            (ahead for prefix, ahead in self.memory.ahead.items() if name.startswith(prefix)), default=0.0
        )
        fault = self.fault(name, operation)
        if fault is not None and not fault.effect:
            return wrong(fault, environ, start)
        answer = self.sqs(name, operation, fields, environ) if fields else self.forward(environ, body)
        status, headers, content = answer
        if fault is not None and fault.part:
            start(status, headers)
            return cut_off(content[: fault.part], environ)
        if fault is not None:
            return wrong(fault, environ, start)
        start(status, headers)
        return [content]

    def forward(self, environ: Environ, body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        """What moto answers: one call at a time, as it bears no deletion while it lists."""
        told: list[Any] = []
        environ = {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        with self.lock:
            content = b"".join(self.moto(environ, lambda status, headers, *_: told.extend((status, headers))))
        return told[0], told[1], content

    def fault(self, name: str, operation: str) -> Fault | None:
        with self.lock:
            self.memory.calls.append((name, operation))
            for fault in self.memory.faults:
                fits = name.startswith(fault.prefix) and fault.operation in ("*", operation)
                if fits and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def control(self, verb: str, asked: dict[str, Any], start: Start) -> Iterable[bytes]:
        """What a test does behind the bot's back."""
        answer: Any = None
        with self.lock:
            if verb == "pass-time":
                prefix = asked["prefix"]
                self.memory.ahead[prefix] = self.memory.ahead.get(prefix, 0.0) + asked["seconds"]
                for condition in self.changed.values():
                    condition.notify_all()
            elif verb == "fail":
                self.memory.faults.append(Fault(**asked))
            elif verb == "heal":
                self.memory.faults = [each for each in self.memory.faults if each.prefix != asked["prefix"]]
            elif verb == "calls":
                answer = [each for each in self.memory.calls if each[0].startswith(asked["prefix"])]
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    # ------------------------------------------------------------ SQS

    def sqs(
        self, queue: str, operation: str, fields: dict[str, Any], environ: Environ
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        headers = [
            ("Content-Type", "application/x-amz-json-1.0"),
            ("x-amzn-RequestId", "strict"),
        ]
        try:
            act = getattr(self, f"on_{operation}", None)
            with self.lock:
                if act is not None:
                    return "200 OK", headers, json.dumps(act(queue, fields, environ)).encode()
                status, theirs, content = self.forward(environ, json.dumps(fields).encode())
                self.changed[queue].notify_all()
                return status, theirs, content
        except Refused as why:
            headers.append(("x-amzn-query-error", f"{why.code};Sender"))
            kind = f"com.amazonaws.sqs#{why.code.rpartition('.')[2]}"
            return "400 Bad Request", headers, json.dumps({"__type": kind, "message": str(why)}).encode()

    def ask(self, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:
        """What moto answers to the same call; raises `Refused` where it does."""
        status, headers, content = self.forward(environ, json.dumps(fields).encode())
        answer: dict[str, Any] = json.loads(content or b"{}")
        if not status.startswith("200"):
            code = dict(headers).get("x-amzn-query-error", "InternalError").partition(";")[0]
            raise Refused(code, answer.get("message", ""))
        return answer

    def on_SendMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        for name in ("MessageGroupId", "MessageDeduplicationId"):
            if queue.endswith(".fifo") and not ID.fullmatch(fields.get(name, "")):
                raise Refused("InvalidParameterValue", f"{name} is not as it should be")
        key = queue, fields.get("MessageGroupId", ""), fields.get("MessageDeduplicationId", "")
        at, answer = self.memory.sent.get(key, (0.0, {}))
        if answer and now() - at < REMEMBERED_SECONDS:
            return answer
        forget_deduplication(queue)
        answer = self.ask(fields, environ)
        if queue.endswith(".fifo"):
            self.memory.numbers += 1
            answer["SequenceNumber"] = f"{self.memory.numbers:020}"
            stored(queue, answer["MessageId"]).sequence_number = answer["SequenceNumber"]
            self.memory.sent[key] = now(), answer
        self.changed[queue].notify_all()
        return answer

    def on_ReceiveMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        wait = float(fields.get("WaitTimeSeconds", 0))
        if not 0 <= wait <= 20:
            raise Refused("InvalidParameterValue", "WaitTimeSeconds is not as it should be")
        until = time.monotonic() + wait
        while True:
            answer = self.ask({**fields, "WaitTimeSeconds": 0}, environ)
            left = until - time.monotonic()
            if answer.get("Messages") or left <= 0:
                break
            self.changed[queue].wait(min(left, visible_in(queue)))
            _local.ahead = max(
                (ahead for prefix, ahead in self.memory.ahead.items() if queue.startswith(prefix)),
                default=0.0,
            )
        for message in answer.get("Messages", []):
            visibility = float(fields.get("VisibilityTimeout", 30))
            handle = Handle(message["MessageId"], now() + visibility, now())
            self.memory.handles[message["ReceiptHandle"]] = handle
            self.memory.latest[message["MessageId"]] = message["ReceiptHandle"]
        return answer

    def on_DeleteMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        handle = self.memory.handles.get(fields["ReceiptHandle"])
        if handle is not None and now() >= handle.until:
            raise Refused("InvalidParameterValue", "The receipt handle has expired.")
        if handle is not None and self.memory.latest[handle.message] != fields["ReceiptHandle"]:
            return {}  # SQS says yes, and does nothing
        answer = self.ask(fields, environ)
        self.changed[queue].notify_all()
        return answer

    def on_ChangeMessageVisibility(  # noqa: N802 - AWS's name
        self, queue: str, fields: dict[str, Any], environ: Environ
    ) -> dict[str, Any]:
        handle = self.memory.handles.get(fields["ReceiptHandle"])
        seconds = float(fields["VisibilityTimeout"])
        if handle is not None:
            if now() >= handle.until or self.memory.latest[handle.message] != fields["ReceiptHandle"]:
                raise Refused("AWS.SimpleQueueService.MessageNotInflight", "The message is not in flight.")
            if not 0 <= seconds <= LONGEST_VISIBILITY or now() + seconds - handle.since > LONGEST_VISIBILITY:
                raise Refused("InvalidParameterValue", "Total VisibilityTimeout is beyond the limit")
            handle.until = now() + seconds
        answer = self.ask(fields, environ)
        self.changed[queue].notify_all()
        return answer

    def on_StartMessageMoveTask(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        raise Refused(
            "UnsupportedOperation", f"not in this stand-in: {queue} {fields} {environ['PATH_INFO']}"
        )


def the(queue: str) -> Any:
    """moto's queue of this name."""
    for account in get_backend("sqs").values():
        for region in account.values():
            if queue in region.queues:
                return region.queues[queue]
    raise KeyError(queue)


def stored(queue: str, message_id: str) -> Any:
    """moto's message."""
    return next(message for message in the(queue)._messages if message.id == message_id)


def forget_deduplication(queue: str) -> None:
    """moto compares with what still is in the queue, also of other groups; what counts is remembered here."""
    try:
        messages = the(queue)._messages
    except KeyError:
        return
    for message in messages:
        message.deduplication_id = None


def visible_in(queue: str) -> float:
    """Seconds until the next message of the queue is visible again."""
    due = [message.visible_at / 1000 - now() for message in the(queue)._messages]
    return max(0.005, min((each for each in due if each > -0.001), default=20.0) + 0.002)


def s3_operation(environ: Environ) -> str:
    """The name of what is asked of S3."""
    has_key = "/" in environ["PATH_INFO"].strip("/")
    method: str = environ["REQUEST_METHOD"]
    if method == "PUT" and has_key:
        return "CopyObject" if "HTTP_X_AMZ_COPY_SOURCE" in environ else "PutObject"
    names = {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
    if has_key and method in names:
        return names[method]
    return "ListObjectsV2" if method == "GET" else method


def cut_off(content: bytes, environ: Environ) -> Iterable[bytes]:
    """Less than what the answer's length promises."""
    yield content
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


def wrong(fault: Fault, environ: Environ, start: Start) -> Iterable[bytes]:
    """What the caller of a call that went wrong gets."""
    if not fault.code:
        connection: socket.socket = environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        start("200 OK", [])
        return []
    headers = [("x-amzn-RequestId", "strict"), ("x-amzn-query-error", f"{fault.code};Sender")]
    start(f"{fault.status} Refused", headers)
    if "HTTP_X_AMZ_TARGET" in environ:
        return [json.dumps({"__type": f"com.amazonaws.sqs#{fault.code}", "message": "on purpose"}).encode()]
    return [f"<Error><Code>{fault.code}</Code><Message>on purpose</Message></Error>".encode()]


class Quiet(WSGIRequestHandler):
    """Writes no line for each call, and keeps connections open, as AWS does."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """By the test's clock."""
        return formatdate(now() if timestamp is None else timestamp, usegmt=True)


def main() -> None:
    server = make_server("127.0.0.1", 0, Strict(), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
