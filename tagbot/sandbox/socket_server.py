"""Socket Mode: connections, envelopes, deadlines (docs.slack.dev, apis/events-api/using-socket-mode)."""

import asyncio
import contextlib
import json
import random
import secrets
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from tagbot.sandbox.faults import tear
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Json
from tagbot.sandbox.workspace import World

MOST_CONNECTIONS = 10
MISSED_PINGS = 3  # a connection that was silent for so many is given up


@dataclass
class Delivery:
    """One envelope on one connection. `sent_at` is monotonic, in seconds; `acknowledged_at` is since 1970.

    `error`: None, `not_connected`, or `operation_timeout` when no acknowledgement came in time; one that came
    later is told by `late_ms`. `foreign`: it came on another connection than the envelope went to.
    """

    envelope_id: str
    type: str
    sent_at: float
    attempt: int = 0
    connection: int | None = None
    acknowledged: bool = False
    acknowledged_at: float | None = None
    latency_ms: float | None = None
    late_ms: float | None = None
    foreign: bool = False
    error: str | None = None
    answer: Json | None = None


@dataclass(eq=False)
class Connection:
    """One WebSocket of the app."""

    id: int
    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    heard_at: float = field(default_factory=time.monotonic)
    leaving: bool = False  # was asked to go
    silent: bool = False  # half-open: the TCP connection stands, but nothing passes
    crossing: bool = False  # ends as the next acknowledgement arrives, which is lost

    async def send(self, frame: Json) -> bool:
        """A text frame; what is lost on the way is not noticed here, as little as at Slack. Whether the
        connection was still there to send it on.
        """
        return self.silent or await quietly(self.socket.send_str(json.dumps(frame)))

    async def ping(self) -> None:
        """A ping as Slack sends it."""
        if not self.silent:
            await quietly(self.socket.ping(f"Ping from sandbox {time.time():.3f}".encode()))

    def reset(self) -> None:
        """Tear the TCP connection."""
        tear(self.transport)


async def quietly(sending: Coroutine[Any, Any, None]) -> bool:
    """Send into a connection that may be gone; whether it was there."""
    with contextlib.suppress(ConnectionError, RuntimeError):
        await sending
        return True
    return False


class SocketMode:
    """The app's connections, and what was sent over them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connections: list[Connection] = []
        self.deliveries: list[Delivery] = []
        self.stray = 0  # acknowledgements of envelopes that never were
        self._tickets: set[str] = set()
        self._sent: dict[str, tuple[Delivery, asyncio.Future[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0
        self._chance = random.Random(1)  # the same choice of connections in every run

    # ------------------------------------------------------------ connections

    def open(self) -> Json:
        """apps.connections.open: an address that is good for one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        address = self.world.base_url.replace("http", "ws", 1)
        return {"url": f"{address}/link/?ticket={ticket}&app_id={self.world.workspace.app_id}"}

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """A new connection, until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="no such ticket")
        self._tickets.remove(ticket)
        # Pings are answered by hand, since a half-open connection answers none.
        socket = web.WebSocketResponse(autoping=False, timeout=1.0)
        await socket.prepare(request)
        self._count += 1
        connection = Connection(self._count, socket, request.transport)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send(farewell("too_many_websockets"))
            await socket.close()
            return socket
        await self._live(connection)
        return socket

    async def _live(self, connection: Connection) -> None:
        await connection.send(self._hello())  # the first frame, before any envelope
        self.connections.append(connection)
        self.world.changes.note()
        alive = asyncio.create_task(self._keep_alive(connection))
        try:
            async for message in connection.socket:
                await self._hear(connection, message)
        finally:
            alive.cancel()
            self._forget(connection)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self.world.workspace.app_id},
        }

    async def _keep_alive(self, connection: Connection) -> None:
        while connection in self.connections:
            await asyncio.sleep(self.world.rules.ping_seconds)
            if time.monotonic() - connection.heard_at > MISSED_PINGS * self.world.rules.ping_seconds:
                self._give_up(connection)
            await connection.ping()

    def _give_up(self, connection: Connection) -> None:
        """A dead connection: no more envelopes for it. A half-open one learns nothing of it."""
        self._forget(connection)
        if not connection.silent:
            connection.reset()

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self.world.changes.note()

    async def _hear(self, connection: Connection, message: WSMessage) -> None:
        if connection.silent:
            return
        connection.heard_at = time.monotonic()
        if message.type is WSMsgType.PING:
            await quietly(connection.socket.pong(message.data))
        elif message.type is WSMsgType.TEXT and connection.crossing:
            await self.close(connection)
        elif message.type is WSMsgType.TEXT:
            self._acknowledge(connection, message.data)

    # ------------------------------------------------------------ envelopes

    async def deliver(self, kind: str, payload: Json, *, answerable: bool) -> Delivery:
        """Send an envelope to one of the connections and wait for its acknowledgement, three seconds."""
        return await self._send(kind, str(uuid.uuid4()), payload, {"accepts_response_payload": answerable})

    async def event(self, event: Json) -> None:
        """Send an event, and again up to three times while nobody acknowledges it."""
        envelope, payload = str(uuid.uuid4()), self._event_payload(event)
        extra = {"accepts_response_payload": False, "retry_attempt": 0, "retry_reason": ""}
        delivery = await self._send("events_api", envelope, payload, extra)
        for attempt, pause in enumerate(self.world.rules.retry_seconds, start=1):
            if delivery.acknowledged:
                return
            await asyncio.sleep(pause)
            extra = {**extra, "retry_attempt": attempt, "retry_reason": "timeout"}
            delivery = await self._send("events_api", envelope, payload, extra)

    async def _send(self, kind: str, envelope: str, payload: Json, extra: Json) -> Delivery:
        delivery = Delivery(envelope, kind, time.monotonic(), attempt=extra.get("retry_attempt", 0))
        self.deliveries.append(delivery)
        came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sent[envelope] = delivery, came
        frame = {"envelope_id": envelope, "type": kind, "payload": payload, **extra}
        try:
            async with asyncio.timeout(self.world.rules.acknowledge_seconds):
                if await self._hand_over(frame, delivery):
                    await came
                else:
                    delivery.error = "not_connected"
        except TimeoutError:
            delivery.error = "operation_timeout"
        self.world.changes.note()
        return delivery

    async def _hand_over(self, frame: Json, delivery: Delivery) -> bool:
        """Send an envelope on a connection that is not about to close; whether there was one."""
        while (connection := self._choose()) is not None:
            delivery.connection = connection.id
            if await connection.send(frame):
                return True
            self._forget(connection)
        delivery.connection = None
        return False

    def _choose(self) -> Connection | None:
        """Any connection; one that was asked to go only if there is no other."""
        staying = [connection for connection in self.connections if not connection.leaving]
        candidates = staying or self.connections
        return self._chance.choice(candidates) if candidates else None

    def _acknowledge(self, connection: Connection, text: str) -> None:
        frame = parsed(text)
        delivery, came = self._sent.get(str(frame.get("envelope_id")), (None, None))
        if delivery is None or came is None:
            self.stray += 1
            return
        if delivery.acknowledged:
            return  # nobody waits for a second one
        delivery.foreign = connection.id != delivery.connection
        if delivery.foreign and self.world.rules.strict_acknowledgements:
            return
        self.world.changes.note()
        milliseconds = (time.monotonic() - delivery.sent_at) * 1000
        if came.done():
            delivery.late_ms = delivery.late_ms or milliseconds
            return
        delivery.acknowledged, delivery.latency_ms = True, milliseconds
        delivery.acknowledged_at = time.time()
        delivery.answer = frame.get("payload")
        came.set_result(None)

    def _event_payload(self, event: Json) -> Json:
        workspace = self.world.workspace
        who = {
            "enterprise_id": None,
            "team_id": workspace.team_id,
            "user_id": workspace.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": "sandbox",
            "team_id": workspace.team_id,
            "api_app_id": workspace.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self.world.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [who],
            "is_ext_shared_channel": False,
        }

    # ------------------------------------------------------------ endings

    def disconnect(self, kind: str, which: int | None = None) -> int:
        """End connections (one, or all) in one of the ways of `ENDINGS`; answers how many."""
        if kind not in ENDINGS:
            raise Refused(f"There is no way to disconnect called {kind}; there are {', '.join(ENDINGS)}.")
        chosen = [each for each in self.connections if which in (None, each.id)]
        for connection in chosen:
            self.spawn(ENDINGS[kind](self, connection))
        return len(chosen)

    async def warn(self, connection: Connection) -> None:
        """Announce the refresh about ten seconds before it."""
        await connection.send(farewell("warning"))
        await asyncio.sleep(self.world.rules.warning_seconds)
        await self.refresh(connection)

    async def refresh(self, connection: Connection) -> None:
        """Ask for a new connection; the old one stays open for a while, and gets envelopes if it is alone."""
        connection.leaving = True
        self.world.changes.note()
        await connection.send(farewell("refresh_requested"))
        await asyncio.sleep(self.world.rules.grace_seconds)
        await self.close(connection)

    async def disable(self, connection: Connection) -> None:
        """Somebody switched Socket Mode off in the app's settings."""
        await connection.send(farewell("link_disabled"))
        await self.close(connection)

    async def close(self, connection: Connection) -> None:
        """A clean close, without a word before it."""
        self._forget(connection)
        await quietly(close(connection.socket))

    async def cross(self, connection: Connection) -> None:
        """A clean close that crosses the next acknowledgement on the wire."""
        connection.crossing = True
        self.world.changes.note()

    async def tear(self, connection: Connection) -> None:
        """A TCP reset."""
        self._forget(connection)
        connection.reset()

    async def silence(self, connection: Connection) -> None:
        """Half-open: TCP stands, nothing passes in either direction."""
        connection.silent = True
        self.world.changes.note()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background, until the server stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """Let go of everything."""
        for task in list(self._tasks):
            task.cancel()
        for connection in list(self.connections):
            connection.reset()


ENDINGS = {
    "warning": SocketMode.warn,
    "refresh_requested": SocketMode.refresh,
    "link_disabled": SocketMode.disable,
    "close": SocketMode.close,
    "crossing": SocketMode.cross,
    "reset": SocketMode.tear,
    "half_open": SocketMode.silence,
}


async def close(socket: web.WebSocketResponse) -> None:
    """Close with the code for a normal end."""
    await socket.close()


def farewell(reason: str) -> Json:
    """The frame that tells the app to go."""
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-sandbox"}}


def parsed(text: str) -> Json:
    """The JSON object in a frame; nothing for anything else."""
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
