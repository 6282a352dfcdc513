"""What goes wrong on purpose: bad answers, silence, torn connections."""

import asyncio
import contextlib
import fnmatch
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from tagbot.sandbox.state import Json
from tagbot.sandbox.workspace import Call


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP; `text` or `data` instead of JSON where Slack answers so."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    data: bytes | None = None

    def response(self) -> web.Response:
        """The same for aiohttp."""
        if self.data is not None:
            return web.Response(body=self.data, status=self.status, headers=self.headers)
        if self.text is not None:
            return web.Response(text=self.text, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


@dataclass
class Fault:
    """What happens to calls whose method matches the pattern.

    - `times`: how many calls; None: until healed.
    - `status` with `retry_after`: that HTTP status; with `location`: a redirect. `error`: `ok: false` with
      that code.
    - `reset`: the connection is torn. `hang`: seconds of silence, then the connection is torn.
    - `delay`: seconds before anything happens; alone, the call then goes well.
    - `effect`: the method does its work all the same; only the caller does not learn of it.
    """

    method: str
    times: int | None = 1
    status: int | None = None
    retry_after: int | None = None
    location: str = ""
    error: str | None = None
    reset: bool = False
    hang: float | None = None
    delay: float = 0.0
    effect: bool = False

    def kind(self) -> str:
        """In the ledger."""
        what = self.error or (f"status {self.status}" if self.status else "")
        what = what or ("hang" if self.hang is not None else "reset" if self.reset else "delay")
        return f"{what} after the effect" if self.effect else what

    def harms(self) -> bool:
        """Whether the caller gets something else than the method's answer."""
        return bool(self.error or self.status or self.reset or self.hang is not None)


class Faults:
    """The faults that are set, the oldest first."""

    def __init__(self, held_up: Callable[[], None]) -> None:
        """`held_up` is told when a call came whose answer a fault holds up, before the answer."""
        self.waiting: list[Fault] = []
        self._held_up = held_up

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets; it is used up by it."""
        for fault in self.waiting:
            if fnmatch.fnmatchcase(method, fault.method):
                self._use(fault)
                return fault
        return None

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
        if fault.times == 0:
            self.waiting.remove(fault)

    async def serve(self, request: web.Request, call: Call, effect: Callable[[], Answer]) -> web.Response:
        """Answer a call, unless a fault says otherwise; the ledger learns what the caller got."""
        fault = self.take(call.method)
        answer = await self._answer(fault, call, effect) if fault else effect()
        if answer is None:
            tear(request.transport)
            return web.Response()
        call.status, call.answer = answer.status, answer.body
        return answer.response()

    async def _answer(self, fault: Fault, call: Call, effect: Callable[[], Answer]) -> Answer | None:
        """The answer of a call that meets a fault; None: a torn connection."""
        call.fault = fault.kind()
        if fault.delay or fault.hang is not None:
            self._held_up()
        await asyncio.sleep(fault.delay)
        real = effect() if fault.effect or not fault.harms() else None
        if fault.hang is not None:
            await asyncio.sleep(fault.hang)
        if fault.error:
            return Answer({"ok": False, "error": fault.error})
        return broken(fault) if fault.status else None if fault.harms() else real


def broken(fault: Fault) -> Answer:
    """An answer with a bad HTTP status, in the form that Slack gives it."""
    assert fault.status  # noqa: S101 - the caller looked
    if fault.status == web.HTTPTooManyRequests.status_code:
        headers = {"Retry-After": str(fault.retry_after or 1)}
        return Answer({"ok": False, "error": "ratelimited"}, fault.status, headers)
    if fault.location:
        return Answer({}, fault.status, {"Location": fault.location}, text="")
    return Answer({}, fault.status, text=json.dumps({"ok": False, "error": "internal_error"}))


LINGER_ZERO = struct.pack("ii", 1, 0)


def tear(transport: asyncio.BaseTransport | None) -> None:
    """Reset a TCP connection: the other side gets RST, not FIN."""
    if not isinstance(transport, asyncio.Transport):
        return  # closed already
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):  # the other side was quicker: the socket is closed
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    transport.abort()
