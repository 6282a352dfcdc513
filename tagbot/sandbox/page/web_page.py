"""What the browser asks for: the page's files, a stream of what is on screen, and the visitor's buttons."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from tagbot.lib import installation
from tagbot.sandbox.control import doing
from tagbot.sandbox.page import flow_view
from tagbot.sandbox.page.bot_process import BotProcess
from tagbot.sandbox.page.machine_vote import VoteSwitch
from tagbot.sandbox.page.mishaps import Mishaps
from tagbot.sandbox.page.photo_drop import SAMPLE_PHOTOS, SAMPLES, TEAM_PHOTOS, Photos
from tagbot.sandbox.page.screen import Told, screen
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.server import Sandbox
from tagbot.sandbox.state import Json

ASSETS = Path(__file__).with_name("assets")

FOLD_SECONDS = 0.05
"""Changes within so short a time reach the page as one."""

QUIET_SECONDS = 15.0
"""After so long a silence the stream says that it still stands."""

FIGURES_SECONDS = 0.5
"""How often the bot's files are looked at while somebody watches."""

UNREADABLE_SECONDS = 10.0
"""What cannot be read for so long is told; before, the bot may just start or end."""


class Page:
    """The page of one sandbox."""

    def __init__(
        self,
        sandbox: Sandbox,
        bot: BotProcess,
        photos: Photos,
        figures: flow_view.Figures,
        vote: VoteSwitch,
        add_command: str,
    ) -> None:
        self._world = sandbox.world
        self._socket_mode = sandbox.socket_mode
        self._bot = bot
        self._photos = photos
        self._figures = figures
        self._vote = vote
        self._mishaps = Mishaps(sandbox.faults, sandbox.socket_mode, bot, self._world.changes.note)
        self._add_command = add_command
        self._watched: dict[str | None, int] = {}
        self._known: dict[str | None, Json] = {}
        self._read_at = time.monotonic()
        self._unreadable = ""

    def routes(self) -> list[web.AbstractRouteDef]:
        """All that there is besides the stand-in."""
        return [
            web.get("/", self.index),
            web.static("/page/assets", ASSETS),
            web.static("/page/samples", SAMPLES),
            web.get("/page/events", self.events),
            web.post("/page/photos", self.add_photos),
            web.post("/page/samples", doing(self.add_samples)),
            web.post("/page/mishap", doing(self.set_mishap)),
            web.post("/page/machine_vote", doing(self.set_vote)),
            web.post("/page/bot", doing(self.command_bot)),
        ]

    # ------------------------------------------------------------ reading

    async def index(self, _request: web.Request) -> web.FileResponse:
        """The page itself."""
        return web.FileResponse(ASSETS / "index.html")

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A stream of server-sent events: what `member` sees, and behind the scenes how `face` is."""
        member, face = request.query.get("member", ""), request.query.get("face")
        if member not in self._world.workspace.members:
            return web.json_response({"error": f"There is no member {member}."}, status=409)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        self._watched[face] = self._watched.get(face, 0) + 1
        try:
            async for news in self._news(member, face):
                await stream.write(news)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._unwatch(face)
        return stream

    async def _news(self, member: str, face: str | None) -> AsyncIterator[bytes]:
        told, version = Told(), -1
        while True:
            version = self._world.changes.version
            news = told.news({**screen(self._world, member), **self._behind(face)})
            yield f"data: {json.dumps(news)}\n\n".encode() if news else b": still here\n\n"
            if await self._world.changes.since(version, QUIET_SECONDS) != version:
                await asyncio.sleep(FOLD_SECONDS)

    def _behind(self, face: str | None) -> Json:
        """What the page shows beside Slack."""
        return {
            "bot": {**self._bot.state(), "connected": bool(self._socket_mode.connections)},
            "flow": flow_view.drawing(),
            "passages": {stage: list(passages) for stage, passages in self._bot.log.passages.items()},
            "mishaps": self._mishaps.state(),
            "machine_vote": self._vote.on,
            "samples": SAMPLE_PHOTOS,
            "team_photos": TEAM_PHOTOS,
            "add_command": self._add_command,
            "commands": manifest_features("slash_commands"),
            "shortcuts": manifest_features("shortcuts"),
            **self._known.get(face, {}),
            "troubles": self._troubles(face),
        }

    def _troubles(self, face: str | None) -> list[str]:
        """A bot that does not run leaves its troubles behind: that it does not run is told elsewhere."""
        if self._unreadable:
            return [self._unreadable]
        bot = self._bot.state()
        is_there = bot["running"] and not bot["restarting"]
        return list(self._known.get(face, {}).get("troubles", [])) if is_there else []

    def _unwatch(self, face: str | None) -> None:
        self._watched[face] -= 1
        if not self._watched[face]:
            del self._watched[face]
            self._known.pop(face, None)

    async def keep_reading(self) -> None:
        """Read the bot's files again and again while somebody watches."""
        while True:
            for face in list(self._watched):
                try:
                    await self._read(face)
                except flow_view.StrangeDataError as why:
                    self._tell_unreadable(str(why))
                except flow_view.UNREADABLE as why:
                    if time.monotonic() - self._read_at >= UNREADABLE_SECONDS:
                        self._tell_unreadable(str(why) or type(why).__name__)
                else:
                    self._read_at = time.monotonic()
                    self._tell_unreadable("")
            await asyncio.sleep(FIGURES_SECONDS)

    def _tell_unreadable(self, why: str) -> None:
        told = why and f"The bot's files cannot be read: {why}."
        if told != self._unreadable:
            self._unreadable = told
            self._world.changes.note()

    async def _read(self, face: str | None) -> None:
        """Read what a page shows that follows this face, or the newest."""
        shown = face or self._bot.log.newest_face
        loop = asyncio.get_running_loop()
        read = await loop.run_in_executor(
            self._figures.thread, self._figures.read, shown, self._vote.on, time.monotonic()
        )
        if read["status"]["inbox"]:
            read["troubles"] += flow_view.inbox_troubles(self._bot.log.passages)
        read["life"] = self._bot.log.life(shown) if shown else []
        if read != self._known.get(face):
            self._known[face] = read
            self._world.changes.note()

    # ------------------------------------------------------------ doing

    async def add_photos(self, request: web.Request) -> web.Response:
        """Photos that were dropped, with their sidecars, as a form."""
        form = await request.post()
        files = [field for field in form.values() if isinstance(field, web.FileField)]
        try:
            told = await self._photos.add([(each.filename, each.file.read()) for each in files])
        except Refused as why:
            return web.json_response({"error": str(why)}, status=409)
        return web.json_response(told)

    async def add_samples(self, asked: Mapping[str, Any]) -> Json:
        """Sample photos, by their `names`."""
        return await self._photos.add_samples(asked["names"])

    def set_mishap(self, asked: Mapping[str, Any]) -> Json:
        """Break something (`name`, `on`), or mend it."""
        self._mishaps.set(asked["name"], on=bool(asked["on"]))
        return self._mishaps.state()

    async def set_vote(self, asked: Mapping[str, Any]) -> Json:
        """Whether the machine may earn a vote (`on`)."""
        await self._vote.set(on=bool(asked["on"]))
        return self._bot.state()

    async def command_bot(self, asked: Mapping[str, Any]) -> Json:
        """`do`: start, stop or kill."""
        deeds = {"start": self._bot.start, "stop": self._bot.stop, "kill": self._bot.kill}
        if asked["do"] not in deeds:
            raise Refused(f"The bot cannot {asked['do']}.")
        await deeds[asked["do"]]()
        return self._bot.state()


def manifest_features(kind: str) -> list[Json]:
    """What the app offers of a kind, as Slack shows it: `slash_commands`, or `shortcuts`."""
    manifest = json.loads(installation.manifest())
    features: list[Json] = manifest["features"][kind]
    return features
