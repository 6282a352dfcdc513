"""The control surface under /_control/: set the world up, act as people, break things, read everything.

Every answer is JSON. What cannot be done is HTTP 409 with a sentence in `error`.
"""

import base64
import fnmatch
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeAlias, TypeVar

from aiohttp import web

from tagbot.sandbox.faults import Fault, Faults
from tagbot.sandbox.human_actions import People
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.socket_server import Delivery, SocketMode
from tagbot.sandbox.state import Act, Channel, File, Json, Member, Message, Rules, View, Workspace
from tagbot.sandbox.workspace import Call, World

Asked: TypeAlias = Mapping[str, Any]
T = TypeVar("T")
D = TypeVar("D", Member, Channel, Rules, Fault)
Handler: TypeAlias = Callable[[Asked], Any | Awaitable[Any]]

SETTABLE = (
    "enterprise_id", "scopes", "commands", "shortcuts", "subscriptions", "home_tab", "messages_tab",
    "messages_tab_read_only", "bot_token", "app_token",
)  # fmt: skip
LONGEST_WAIT = 60.0  # seconds, of one long poll


class Control:
    """Reads (GET) and does (POST); `routes` is the whole of it."""

    def __init__(self, world: World, people: People, socket_mode: SocketMode, faults: Faults) -> None:
        self.world = world
        self.people = people
        self.socket_mode = socket_mode
        self.faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Everything that can be read, and everything that can be done."""
        reads: dict[str, Handler] = {
            "state": self.state,
            "wait": self.wait,
            "messages": self.messages,
            "ephemerals": self.ephemerals,
            "directs": self.directs,
            "views": self.views,
            "home": self.home,
            "files": self.files,
            "acts": self.acts,
            "calls": self.calls,
            "deliveries": self.deliveries,
            "connections": self.connections,
        }
        deeds: dict[str, Handler] = {
            "use": self.use,
            "suggest": self.suggest,
            "submit": self.submit,
            "close_view": self.close_view,
            "open_home": self.open_home,
            "slash": self.slash,
            "say": self.say,
            "share": self.share,
            "edit": self.edit,
            "shortcut": self.shortcut,
            "delete": self.delete,
            "member": self.set_member,
            "channel": self.set_channel,
            "workspace": self.set_workspace,
            "rules": self.set_rules,
            "fail": self.fail,
            "heal": self.heal,
            "disconnect": self.disconnect,
        }
        return [
            *(web.get(f"/_control/{name}", reading(handler)) for name, handler in reads.items()),
            web.get("/_control/contents/{file}", self.contents),
            *(web.post(f"/_control/{name}", doing(handler)) for name, handler in deeds.items()),
        ]

    # ------------------------------------------------------------ reading

    def state(self, _asked: Asked) -> Json:
        """The workspace, whole, with the rules and the version."""
        return {
            "workspace": self.world.workspace,
            "rules": self.world.rules,
            "version": self.world.changes.version,
        }

    async def wait(self, asked: Asked) -> Json:
        """A long poll: answers as soon as the version is not `since` any more, or after `timeout` seconds."""
        timeout = min(float(asked.get("timeout", LONGEST_WAIT)), LONGEST_WAIT)
        return {"version": await self.world.changes.since(int(asked.get("since", -1)), timeout)}

    def messages(self, asked: Asked) -> list[Message]:
        """The messages of a channel with the replies in its threads; `removed`: those that are gone."""
        channel = self.world.channel(asked["channel"])
        return channel.removed if asked.get("removed") else channel.messages

    def ephemerals(self, asked: Asked) -> list[Message]:
        """What one person alone sees."""
        mine = (each for each in self.world.workspace.ephemerals if each.ephemeral_to == asked["member"])
        return [message for message in mine if message.shown]

    def directs(self, asked: Asked) -> list[Message]:
        """What the bot and one person say to each other alone; `removed`: what is gone of it."""
        where = self.world.direct(asked["member"])
        if where is None:
            return []
        return where.removed if asked.get("removed") else where.messages

    def views(self, asked: Asked) -> list[View]:
        """The modals that a person has open, the front one last."""
        everything = self.world.workspace.views.values()
        return [view for view in everything if view.member == asked["member"] and view.open]

    def home(self, asked: Asked) -> list[View]:
        """What stands in a person's Home: nothing before it was filled."""
        found = self.world.workspace.homes.get(asked["member"])
        return [found] if found is not None else []

    def files(self, _asked: Asked) -> list[File]:
        """Every file that ever was."""
        return list(self.world.workspace.files.values())

    async def acts(self, asked: Asked) -> list[Act]:
        """What people did, one (`id`) or all; `wait`: answers when it has ended."""
        acts = [act for act in self.world.workspace.acts.values() if asked.get("id") in (None, act.id)]
        for act in acts if asked.get("wait") else []:
            await self.people.finished(act)
        return acts

    def calls(self, asked: Asked) -> list[Call]:
        """The ledger of the calls whose method matches."""
        pattern = asked.get("method", "*")
        return [call for call in self.world.ledger if fnmatch.fnmatchcase(call.method, pattern)]

    def deliveries(self, _asked: Asked) -> list[Delivery]:
        """Every envelope that was sent, or could not be."""
        return self.socket_mode.deliveries

    def connections(self, _asked: Asked) -> Json:
        """The open connections, and how many acknowledgements belonged to nothing."""
        shown = [
            {"id": each.id, "leaving": each.leaving, "silent": each.silent}
            for each in self.socket_mode.connections
        ]
        return {"connections": shown, "stray": self.socket_mode.stray}

    async def contents(self, request: web.Request) -> web.Response:
        """The bytes of a file."""
        file = self.world.workspace.files.get(request.match_info["file"])
        if not file or file.id not in self.world.contents:
            return web.Response(status=404)
        kind = file.mimetype or "application/octet-stream"
        return web.Response(body=self.world.contents[file.id], content_type=kind)

    # ------------------------------------------------------------ acting as people

    async def use(self, asked: Asked) -> Act:
        """Click or choose: `member`, `where` (a ts or a view), `action_id`, `value`, `block_id`."""
        who, where, action = asked["member"], asked["where"], asked["action_id"]
        return await self._act(
            self.people.use(who, where, action, asked.get("value"), asked.get("block_id")), asked
        )

    async def suggest(self, asked: Asked) -> Act:
        """Type into a select of the app's: `member`, `where`, `action_id`, `typed`, `block_id`."""
        who, where, action = asked["member"], asked["where"], asked["action_id"]
        typed, block = asked.get("typed", ""), asked.get("block_id")
        return await self._act(self.people.suggest(who, where, action, typed, block), asked)

    async def submit(self, asked: Asked) -> Act:
        """Submit a modal: `member`, `view`, `values`."""
        return await self._act(
            self.people.submit(asked["member"], asked["view"], asked.get("values") or {}), asked
        )

    async def close_view(self, asked: Asked) -> Act:
        """Close a modal: `member`, `view`; `clear`: the whole stack."""
        clear = bool(asked.get("clear"))
        return await self._act(self.people.close_view(asked["member"], asked["view"], clear=clear), asked)

    def open_home(self, asked: Asked) -> Json:
        """Open the app's Home: `member`."""
        self.people.open_home(asked["member"])
        return {}

    async def slash(self, asked: Asked) -> Act:
        """Type a command: `member`, `command`, `text`, `channel`."""
        return await self._act(
            self.people.slash(asked["member"], asked["command"], asked.get("text", ""), asked["channel"]),
            asked,
        )

    async def _act(self, act: Act, asked: Asked) -> Act:
        """The act; ended, unless the caller does not want to wait."""
        return await self.people.finished(act) if asked.get("wait", True) else act

    def say(self, asked: Asked) -> Message:
        """Say something: `member`, `channel`, `text`, `thread_ts`."""
        return self.people.say(asked["member"], asked["channel"], asked["text"], asked.get("thread_ts"))

    def share(self, asked: Asked) -> list[File]:
        """Share files in one message: `member`, `channel`, `files` (`name`, `data` in base64), `text`,
        `thread_ts`.
        """
        files = [(each["name"], base64.b64decode(each["data"])) for each in asked["files"]]
        text, thread = asked.get("text", ""), asked.get("thread_ts")
        return self.people.share(asked["member"], asked["channel"], files, text, thread)

    def edit(self, asked: Asked) -> Message:
        """Change what one said: `member`, `channel`, `ts`, `text`."""
        return self.people.edit(asked["member"], asked["channel"], asked["ts"], asked["text"])

    async def shortcut(self, asked: Asked) -> Act:
        """Use a shortcut in the menu of a message: `member`, `ts`, `callback_id`."""
        return await self._act(
            self.people.shortcut(asked["member"], asked["ts"], asked["callback_id"]), asked
        )

    def delete(self, asked: Asked) -> Json:
        """Delete somebody's message: `member`, `channel`, `ts`."""
        self.people.delete(asked["member"], asked["channel"], asked["ts"])
        return {}

    # ------------------------------------------------------------ setting up

    def set_member(self, asked: Asked) -> Member:
        """Add an account, or change what is named of it."""
        members = self.world.workspace.members
        known = members.get(asked["id"]) or Member(asked["id"], asked["id"].lower(), asked["id"])
        members[known.id] = changed(known, asked)
        return self._done(members[known.id])

    def set_channel(self, asked: Asked) -> Channel:
        """Add a channel, or change what is named of it: archive it, make it private, change who is in it."""
        channels = self.world.workspace.channels
        known = channels.get(asked["id"]) or Channel(asked["id"], asked["id"].lower())
        channels[known.id] = changed(known, asked)
        return self._done(channels[known.id])

    def set_workspace(self, asked: Asked) -> Workspace:
        """Change the app's scopes, commands, subscriptions or tokens."""
        for name, value in asked.items():
            if name not in SETTABLE:
                raise Refused(f"{name} cannot be set.")
            setattr(self.world.workspace, name, value)
        return self._done(self.world.workspace)

    def set_rules(self, asked: Asked) -> Rules:
        """Bend the rules."""
        self.world.rules = changed(self.world.rules, asked)
        return self._done(self.world.rules)

    def _done(self, thing: T) -> T:
        """What was set; whoever waits learns that something changed."""
        self.world.changes.note()
        return thing

    # ------------------------------------------------------------ breaking things

    def fail(self, asked: Asked) -> Fault:
        """Set a fault."""
        fault = changed(Fault(asked["method"]), asked)
        self.faults.waiting.append(fault)
        return fault

    def heal(self, _asked: Asked) -> Json:
        """Take every fault away."""
        self.faults.waiting.clear()
        return {}

    def disconnect(self, asked: Asked) -> Json:
        """End connections of Socket Mode: `kind`, `connection` (all without)."""
        return {"ended": self.socket_mode.disconnect(asked["kind"], asked.get("connection"))}


def changed(thing: D, asked: Asked) -> D:
    """A dataclass with other values; a name that it does not have is refused."""
    unknown = set(asked) - {each.name for each in fields(thing)}
    if unknown:
        raise Refused(f"{type(thing).__name__} has no {', '.join(sorted(unknown))}.")
    return replace(thing, **asked)


def written(thing: Any) -> str:
    """Dataclasses and what they hold as JSON; `asdict` would copy everything first, and delay the bot."""
    return json.dumps(thing, default=vars)


def reading(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A GET with its query."""

    async def serve(request: web.Request) -> web.Response:
        return await answered(handler, request.query)

    return serve


def doing(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A POST with its JSON body."""

    async def serve(request: web.Request) -> web.Response:
        return await answered(handler, json.loads(await request.text() or "{}"))

    return serve


async def answered(handler: Handler, asked: Asked) -> web.Response:
    """What the handler gives, or why it cannot be."""
    try:
        given = handler(asked)
        return web.json_response(await given if isinstance(given, Awaitable) else given, dumps=written)
    except Refused as why:
        return web.json_response({"error": str(why)}, status=409)
    except KeyError as missing:
        return web.json_response({"error": f"Say {missing}."}, status=409)
