"""`python bot.py --sandbox`: the stand-in with its page, and the bot as its child."""

import asyncio
import contextlib
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagbot.errors import Reject
from tagbot.lib.process_lock import ProcessLock
from tagbot.sandbox import defaults
from tagbot.sandbox.page import bot_settings, machine_vote
from tagbot.sandbox.page.bot_process import BotProcess
from tagbot.sandbox.page.flow_view import Figures
from tagbot.sandbox.page.machine_vote import VoteSwitch
from tagbot.sandbox.page.photo_drop import Photos
from tagbot.sandbox.page.saved import Shelf
from tagbot.sandbox.page.web_page import Page
from tagbot.sandbox.server import HOST, Sandbox
from tagbot.sandbox.state import Rules
from tagbot.sandbox.workspace import World

PORT = 3780
"""Where the page is unless told otherwise, so that a page that is open finds a restarted sandbox again."""

SAVE_SECONDS = 0.2
"""Changes within this time are saved together."""

RATE_LIMITS = 2.0
"""Twice Slack's pace: who tries the bot out does not import a thousand photos, and waits for each answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the settings say."""

    data_dir: Path
    """The sandbox has a folder in it."""
    port: int | None
    """None: the usual one, or a free one where that is taken."""
    env: Mapping[str, str]
    """The environment of this process."""
    from_file: Mapping[str, str]
    """What `.env` says."""
    browse: bool
    """Whether to open the page in a browser."""


def run(options: Options) -> None:
    """Run until SIGINT, SIGTERM or the terminal's end.

    Raises `AlreadyRunning` when another sandbox has this folder, and `Reject` when what is in it cannot be
    read, or the port is taken.
    """
    folder = (options.data_dir / "sandbox").resolve()
    with ProcessLock(folder / "lock"):
        asyncio.run(serve(folder, options))


async def serve(folder: Path, options: Options) -> None:
    """The same, on an event loop."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    world = World(rules=Rules(rate_limits=RATE_LIMITS))
    shelf = Shelf(folder / "slack")
    shelf.load(world)
    defaults.add_guest(world.workspace)
    sandbox = Sandbox(world)
    listener = listening(options.port)
    address = address_of(listener)
    bot_dir = folder / "bot"
    bot_dir.mkdir(exist_ok=True)
    settings = {**options.from_file, **options.env}
    models = Path(settings.get("MODELS") or options.data_dir / "models").resolve()
    vote_file = folder / "machine_vote"
    outer = {**machine_vote.kept(vote_file), **options.env}
    env = bot_settings.bot_environment(outer, address, bot_dir, models)
    bot, figures = BotProcess(folder, env, world.changes.note), Figures(env)
    command = bot_settings.add_command(settings, bot_dir)
    page = Page(sandbox, bot, Photos(env, folder), figures, VoteSwitch(bot, vote_file), command)
    sandbox.application.add_routes(page.routes())
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(bot.log.close)
        stack.callback(figures.close)
        stack.callback(lambda: shelf.save(world))
        await sandbox.start(listener=listener)
        stack.push_async_callback(sandbox.stop)
        await stack.enter_async_context(task(keep_saving(world, shelf)))
        await bot.start()
        stack.push_async_callback(bot.stop)
        await stack.enter_async_context(task(page.keep_reading()))
        greet(address, folder)
        if options.browse:
            webbrowser.open(address)
        await stop.wait()


def greet(address: str, folder: Path) -> None:
    """Say where the page is: on a line of its own, for programs."""
    print("A small Slack with FaceTag in it, on this machine only:", address, sep="\n")  # noqa: T201 - the visitor's terminal
    print(f"Ctrl-C stops it; everything stays in {folder}", flush=True)  # noqa: T201 - as above


def listening(port: int | None) -> socket.socket:
    """The socket of the page; nothing answers on it yet."""
    try:
        return socket.create_server((HOST, PORT if port is None else port))
    except OSError as why:
        if port is None:
            return socket.create_server((HOST, 0))
        raise Reject(f"port {port} cannot be used: {why.strerror}") from why


def address_of(listener: socket.socket) -> str:
    """As one types it, without a slash at its end."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


async def keep_saving(world: World, shelf: Shelf) -> None:
    """Save whatever changes."""
    version = -1
    while True:
        await world.changes.since(version, 3600)
        await asyncio.sleep(SAVE_SECONDS)
        version = world.changes.version
        try:
            shelf.save(world)
        except OSError as why:
            print(f"Slack's state could not be saved: {why}", file=sys.stderr)  # noqa: T201 - the visitor's terminal
            version = -1


@contextlib.asynccontextmanager
async def task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Something that runs beside; a failure of it is not swallowed."""
    running = asyncio.create_task(work)
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
