"""The server: everything put together, on 127.0.0.1 only."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from tagbot.sandbox.control import Control
from tagbot.sandbox.faults import Faults
from tagbot.sandbox.guard import add_headers, guard
from tagbot.sandbox.human_actions import People
from tagbot.sandbox.socket_server import SocketMode
from tagbot.sandbox.web_api import WebApi
from tagbot.sandbox.workspace import World

HOST = "127.0.0.1"
LARGEST_UPLOAD = 64 * 2**20  # bytes


class Sandbox:
    """One Slack: its world and the server in front of it. Belongs to the event loop that starts it."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.faults = Faults(self.world.changes.note)
        self.socket_mode = SocketMode(self.world)
        self.web_api = WebApi(self.world, self.faults, self.socket_mode)
        self.people = People(self.world, self.socket_mode)
        self.control = Control(self.world, self.people, self.socket_mode, self.faults)
        self.application = self._application()
        """More routes may be added before the start."""
        self._runner = web.AppRunner(self.application, access_log=None, shutdown_timeout=0.2)

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_UPLOAD, middlewares=[guard])
        application.on_response_prepare.append(add_headers)
        application.add_routes(
            [
                web.route("*", "/api/{method}", self.web_api.call),
                web.post("/upload/v1/{key}", self.web_api.upload),
                web.get("/files-pri/{file}/{name}", self.web_api.private_file),
                web.get("/signin", self.web_api.sign_in),
                web.get("/link/", self.socket_mode.accept),
                web.post("/response/{kind}/{team}/{key}", self.web_api.respond),
                *self.control.routes(),
            ]
        )
        return application

    async def start(self, port: int = 0, listener: socket.socket | None = None) -> str:
        """Answer from now on, on a port (0: a free one) or a socket that is there already.

        Gives the address, without a slash at its end.
        """
        await self._runner.setup()
        listener = listener or socket.create_server((HOST, port))
        self.world.base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        await web.SockSite(self._runner, listener).start()
        return self.world.base_url

    async def stop(self) -> None:
        """Answer no more."""
        self.socket_mode.stop()
        await self._runner.cleanup()


@dataclass
class Thread:
    """A sandbox on an event loop of its own."""

    loop: asyncio.AbstractEventLoop
    sandbox: Sandbox

    def start(self, port: int) -> str:
        """Start, and wait until it answers."""
        return asyncio.run_coroutine_threadsafe(self.sandbox.start(port), self.loop).result(10)

    def stop(self) -> None:
        """Stop, and wait until all is closed."""
        asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self.loop).result(10)


@contextmanager
def serving(port: int = 0, world: World | None = None) -> Iterator[str]:
    """A Slack in a thread, a new one or that of `world`; gives its address."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        running = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
        running.start()
        thread = Thread(loop, Sandbox(world))
        try:
            yield thread.start(port)
        finally:
            try:
                thread.stop()
            finally:
                loop.call_soon_threadsafe(loop.stop)
                running.join()
