"""Amazon SQS and S3 on this machine: moto, and in front of it what moto leaves out.

    python -m tests.aws.server       prints its address, and serves until its input ends

moto keeps the queues and the objects. What it gets wrong of SQS FIFO, this makes good: a deduplication id is
remembered for five minutes also after its message is gone; a receipt handle is worth nothing once its time
is over or the message was handed out again; sequence numbers grow; who waits for a message is woken at once.

Each test has a clock of its own: names of queues and buckets begin with the test's prefix, and `pass-time`
puts the clock of all that begins so forward.
"""

import asyncio
import gc
import json
import re
import socket
import sys
import time
from collections import defaultdict
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import moto.core.responses as moto_responses
import moto.sqs.models as moto_sqs
from aiohttp import web
from moto.backends import get_backend
from moto.core.request import Request
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.moto_server.werkzeug_app import create_backend_app
from moto.sqs.responses import SQSResponse

HOST = "127.0.0.1"

REMEMBERED_SECONDS = 300.0
"""How long SQS remembers a deduplication id."""

LONGEST_VISIBILITY = 43_200.0

ID = re.compile(r"[!-~]{1,128}")
"""What SQS takes as the id of a group, or for deduplication."""

Environ = dict[str, Any]

_ahead = ContextVar("_ahead", default=0.0)


def now() -> float:
    """By the clock of the test whose call is answered."""
    return time.time() + _ahead.get()


def milliseconds() -> float:
    """The same, as moto counts in the life of a message."""
    return now() * 1000


vars(moto_sqs).update(unix_time=now, unix_time_millis=milliseconds)

# moto works these out anew for each call, and more than once.
_underscores = cache(camelcase_to_underscores)
vars(moto_sqs).update(camelcase_to_underscores=_underscores)
vars(moto_responses).update(
    camelcase_to_underscores=_underscores,
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


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes

    def response(self) -> web.Response:
        """The same for aiohttp, at the test's time."""
        response = web.Response(body=self.content, status=self.status, headers=self.headers)
        response.headers["Date"] = formatdate(now(), usegmt=True)
        return response


class Strict:
    """The application in front of moto's.

    All is done in one thread, one call after the other, as moto bears no deletion while it lists; only who
    waits for a message lets others in.
    """

    def __init__(self) -> None:
        self.s3: Any = create_backend_app("s3")
        self.memory = Memory()
        self.changes: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        """By queue: who waits for its next change."""

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a call."""
        try:
            if "Expect" in request.headers:  # which aiohttp leaves to whoever answers
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = await request.content.read()
        except ConnectionError:  # whoever asked was killed in the middle of it
            return web.Response()
        environ = environ_of(request, body)
        if environ["PATH_INFO"].startswith("/-/"):
            return web.json_response(self.control(environ["PATH_INFO"][3:], json.loads(body or b"{}")))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target.startswith("AmazonSQS."):
            fields = json.loads(body)
            name = fields.get("QueueName") or fields.get("QueueUrl", "").rpartition("/")[2]
            operation = target.partition(".")[2]
        else:
            fields, name = {}, environ["PATH_INFO"].strip("/").partition("/")[0]
            operation = s3_operation(environ)
        self.set_clock(name)
        fault = self.fault(name, operation)
        if fault is not None and not fault.effect:
            return wrong(fault, request)
        if not fields and self.is_another(environ):
            return wrong(Fault("", operation, 1, "PreconditionFailed", 412), request)
        answer = await self.sqs(name, operation, fields, environ) if fields else self.forward(environ, body)
        if fault is None:
            return answer.response()
        return await cut_off(answer, fault.part, request) if fault.part else wrong(fault, request)

    def forward(self, environ: Environ, body: bytes) -> Answer:
        """What moto answers."""
        environ = {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        if "HTTP_X_AMZ_TARGET" in environ:
            return ask_sqs(environ)
        told: list[Any] = []
        content = b"".join(self.s3(environ, lambda status, headers, *_: told.extend((status, headers))))
        return Answer(int(told[0].partition(" ")[0]), told[1], content)

    def is_another(self, environ: Environ) -> bool:
        """Whether what is to be copied is not the object that was meant, after which moto does not ask."""
        meant = environ.get("HTTP_X_AMZ_COPY_SOURCE_IF_MATCH")
        if meant is None:
            return False
        source = "/" + environ["HTTP_X_AMZ_COPY_SOURCE"].removeprefix("/")
        path = unquote_to_bytes(source).decode("latin-1")
        asked = {**environ, "REQUEST_METHOD": "HEAD", "PATH_INFO": path, "RAW_URI": source}
        for name in ("HTTP_X_AMZ_COPY_SOURCE", "HTTP_X_AMZ_COPY_SOURCE_IF_MATCH"):
            del asked[name]
        found = {name.lower(): value for name, value in self.forward(asked, b"").headers}
        return "etag" in found and found["etag"] != meant

    def set_clock(self, name: str) -> None:
        """Let it be now what it is for the test that has this queue or bucket."""
        fitting = (ahead for prefix, ahead in self.memory.ahead.items() if name.startswith(prefix))
        _ahead.set(max(fitting, default=0.0))

    def changed(self, queue: str) -> None:
        """Wake who waits for a message of the queue."""
        if queue in self.changes:
            self.changes.pop(queue).set()

    def fault(self, name: str, operation: str) -> Fault | None:
        self.memory.calls.append((name, operation))
        for fault in self.memory.faults:
            fits = name.startswith(fault.prefix) and fault.operation in ("*", operation)
            if fits and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def control(self, verb: str, asked: dict[str, Any]) -> Any:
        """What a test does behind the bot's back."""
        prefix = asked["prefix"]
        if verb == "pass-time":
            self.memory.ahead[prefix] = self.memory.ahead.get(prefix, 0.0) + asked["seconds"]
            for queue in list(self.changes):
                self.changed(queue)
        elif verb == "fail":
            self.memory.faults.append(Fault(**asked))
        elif verb == "heal":
            self.memory.faults = [each for each in self.memory.faults if each.prefix != prefix]
        elif verb == "calls":
            return [each for each in self.memory.calls if each[0].startswith(prefix)]
        return None

    # ------------------------------------------------------------ SQS

    async def sqs(self, queue: str, operation: str, fields: dict[str, Any], environ: Environ) -> Answer:
        headers = [
            ("Content-Type", "application/x-amz-json-1.0"),
            ("x-amzn-RequestId", "strict"),
        ]
        try:
            act = getattr(self, f"on_{operation}", None)
            if act is not None:
                return Answer(200, headers, json.dumps(await act(queue, fields, environ)).encode())
            answer = self.forward(environ, json.dumps(fields).encode())
            self.changed(queue)
        except Refused as why:
            headers.append(("x-amzn-query-error", f"{why.code};Sender"))
            kind = f"com.amazonaws.sqs#{why.code.rpartition('.')[2]}"
            return Answer(400, headers, json.dumps({"__type": kind, "message": str(why)}).encode())
        return answer

    def ask(self, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:
        """What moto answers to the same call; raises `Refused` where it does."""
        told = self.forward(environ, json.dumps(fields).encode())
        answer: dict[str, Any] = json.loads(told.content or b"{}")
        if told.status != 200:
            code = dict(told.headers).get("x-amzn-query-error", "InternalError").partition(";")[0]
            raise Refused(code, answer.get("message", ""))
        return answer

    async def on_SendMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
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
        self.changed(queue)
        return answer

    async def on_ReceiveMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        wait = float(fields.get("WaitTimeSeconds", 0))
        if not 0 <= wait <= 20:
            raise Refused("InvalidParameterValue", "WaitTimeSeconds is not as it should be")
        until = time.monotonic() + wait
        while True:
            answer = self.ask({**fields, "WaitTimeSeconds": 0}, environ)
            left = until - time.monotonic()
            if answer.get("Messages") or left <= 0:
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changes[queue].wait(), min(left, visible_in(queue)))
            self.set_clock(queue)
        for message in answer.get("Messages", []):
            visibility = float(fields.get("VisibilityTimeout", 30))
            handle = Handle(message["MessageId"], now() + visibility, now())
            self.memory.handles[message["ReceiptHandle"]] = handle
            self.memory.latest[message["MessageId"]] = message["ReceiptHandle"]
        return answer

    async def on_DeleteMessage(self, queue: str, fields: dict[str, Any], environ: Environ) -> dict[str, Any]:  # noqa: N802 - AWS's name
        handle = self.memory.handles.get(fields["ReceiptHandle"])
        if handle is not None and now() >= handle.until:
            raise Refused("InvalidParameterValue", "The receipt handle has expired.")
        if handle is not None and self.memory.latest[handle.message] != fields["ReceiptHandle"]:
            return {}  # SQS says yes, and does nothing
        answer = self.ask(fields, environ)
        self.changed(queue)
        return answer

    async def on_ChangeMessageVisibility(  # noqa: N802 - AWS's name
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
        self.changed(queue)
        return answer

    async def on_StartMessageMoveTask(  # noqa: N802 - AWS's name
        self, queue: str, fields: dict[str, Any], environ: Environ
    ) -> dict[str, Any]:
        raise Refused(
            "UnsupportedOperation", f"not in this stand-in: {queue} {fields} {environ['PATH_INFO']}"
        )


class SqsRequest(Request):
    """As moto wants it of a server, which adds the date itself."""

    from_wsgi_server = True


def ask_sqs(environ: Environ) -> Answer:
    """What moto's application does for each call of SQS, without Flask, which takes as long as that does."""
    status, headers, content = SQSResponse.dispatch(SqsRequest(environ))
    return Answer(status, list(headers.items()), content.encode())


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
    """The name of what is asked of S3; of a version, that of the right which it takes."""
    asked = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    if environ["REQUEST_METHOD"] == "DELETE" and "versionId" in asked:
        return "DeleteObjectVersion"
    if "versions" in asked:
        return "ListObjectVersions"
    has_key = "/" in environ["PATH_INFO"].strip("/")
    method: str = environ["REQUEST_METHOD"]
    if method == "PUT" and has_key:
        return "CopyObject" if "HTTP_X_AMZ_COPY_SOURCE" in environ else "PutObject"
    names = {"GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
    if has_key and method in names:
        return names[method]
    return "ListObjectsV2" if method == "GET" else method


async def cut_off(answer: Answer, part: int, request: web.BaseRequest) -> web.StreamResponse:
    """Less than what the answer's length promises."""
    response = web.StreamResponse(status=answer.status, headers=answer.response().headers)
    response.content_length = len(answer.content)
    await response.prepare(request)
    await response.write(answer.content[:part])
    hang_up(request)
    return response


def wrong(fault: Fault, request: web.BaseRequest) -> web.Response:
    """What the caller of a call that went wrong gets."""
    if not fault.code:
        hang_up(request)
        return web.Response()
    headers = [("x-amzn-RequestId", "strict"), ("x-amzn-query-error", f"{fault.code};Sender")]
    if "X-Amz-Target" in request.headers:
        told = json.dumps({"__type": f"com.amazonaws.sqs#{fault.code}", "message": "on purpose"})
    else:
        told = f"<Error><Code>{fault.code}</Code><Message>on purpose</Message></Error>"
    return Answer(fault.status, headers, told.encode()).response()


def hang_up(request: web.BaseRequest) -> None:
    """End the connection after what was written already."""
    if request.transport is not None:
        request.transport.close()


def environ_of(request: web.BaseRequest, body: bytes) -> Environ:
    """A request as WSGI has it."""
    path, _, query = request.raw_path.partition("?")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.raw_path,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }
    for name, value in request.headers.items():
        if "_" in name:  # WSGI could not tell it from a dash
            continue
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    return environ


async def main() -> None:
    # No application: its routing takes a third of aiohttp's time.
    runner = web.ServerRunner(web.Server(Strict().serve, access_log=None, auto_decompress=False))
    await runner.setup()
    listener = socket.create_server((HOST, 0))
    await web.SockSite(runner, listener).start()
    gc.freeze()  # what is loaded by now stays: no need to look through it again
    sys.stdout.write(f"http://{HOST}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
