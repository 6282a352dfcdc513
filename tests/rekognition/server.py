"""The HTTP server: AWS JSON 1.1 on 127.0.0.1.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import asyncio
import json
import socket
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tagbot.sandbox.faults import tear
from tests.rekognition.errors import BAD_REQUEST, RekognitionError
from tests.rekognition.faults import Fault, Faults
from tests.rekognition.ledger import Call, Ledger
from tests.rekognition.service import OPERATIONS, Service
from tests.rekognition.service_model import Json
from tests.rekognition.signature import check_signature

HOST = "127.0.0.1"
CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET = "RekognitionService"
LARGEST_REQUEST = 64 * 2**20  # bytes
OK = 200


@dataclass(frozen=True)
class Answer:
    """What goes back; `text` instead of JSON where something in front of the service answers."""

    body: Json
    status: int = OK
    text: str | None = None

    def response(self) -> web.Response:
        """The same for aiohttp."""
        if self.text is not None:
            return web.Response(text=self.text, status=self.status)
        headers = {"x-amzn-RequestId": str(uuid.uuid4())}
        data = json.dumps(self.body).encode()
        return web.Response(body=data, status=self.status, headers=headers, content_type=CONTENT_TYPE)


@dataclass
class Server:
    """The service, behind signatures, faults and a ledger.

    - `secrets`: by the access keys that it knows.
    - `bugs`: tracebacks of what is wrong with the stand-in itself.
    """

    secrets: Mapping[str, str]
    service: Service = field(default_factory=Service)
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    bugs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        application = web.Application(client_max_size=LARGEST_REQUEST)
        application.add_routes([web.post("/", self._serve)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)

    async def start(self) -> str:
        """Answer from now on, on a free port; gives the address, without a slash at its end."""
        await self._runner.setup()
        listener = socket.create_server((HOST, 0))
        await web.SockSite(self._runner, listener).start()
        return f"http://{HOST}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Answer no more."""
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except ConnectionError:  # whoever asked was killed in the middle of it
            return web.Response()
        try:
            answer = await self._answer(request, body)
        except Exception:
            self.bugs.append(traceback.format_exc())
            raise
        if answer is None:
            tear(request.transport)
            return web.Response()
        return answer.response()

    async def _answer(self, request: web.Request, body: bytes) -> Answer | None:
        """The answer to a request; None: a torn connection."""
        prefix, _, operation = request.headers.get("X-Amz-Target", "").rpartition(".")
        call = self.ledger.open(operation, body)
        if (prefix, request.content_type) != (TARGET, CONTENT_TYPE) or operation not in OPERATIONS:
            return self._closed(call, Answer({"__type": "UnknownOperationException"}, BAD_REQUEST))
        try:
            check_signature(str(request.url), request.headers, body, self.secrets)
        except RekognitionError as error:
            return self._closed(call, refused(error))
        return await self._with_faults(call, body)

    async def _with_faults(self, call: Call, body: bytes) -> Answer | None:
        fault = self.faults.take(call.operation)
        if fault is None:
            return self._closed(call, self._effect(call.operation, body))
        call.fault = fault.kind()
        await asyncio.sleep(fault.delay)
        real = self._effect(call.operation, body) if fault.effect or not fault.harms() else None
        if fault.hang is not None:
            await asyncio.sleep(fault.hang)
        answer = wrong(fault) if fault.harms() else real
        return self._closed(call, answer) if answer else None

    def _effect(self, operation: str, body: bytes) -> Answer:
        try:
            return Answer(self.service.answer(operation, body))
        except RekognitionError as error:
            return refused(error)

    def _closed(self, call: Call, answer: Answer) -> Answer:
        self.ledger.close(call, answer.status, answer.body)
        return answer


def refused(error: RekognitionError) -> Answer:
    """An error answer."""
    return Answer(error.body(), error.status)


def wrong(fault: Fault) -> Answer | None:
    """What the caller of a call that went wrong gets; None: a torn connection."""
    error = fault.refusal()
    if error:
        return refused(error)
    if fault.status:
        return Answer({}, fault.status, text=f"<html><body><h1>{fault.status}</h1></body></html>")
    return None
