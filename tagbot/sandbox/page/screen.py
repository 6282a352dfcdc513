"""What is on one member's screen, as plain data under flat names such as `message:TS`.

A page keeps what it was told, and is told again only what has changed since.
"""

import json
from collections.abc import Mapping
from typing import Any

from tagbot.sandbox import block_kit, wire
from tagbot.sandbox.state import Channel, Json, Member, Message, View
from tagbot.sandbox.workspace import World


def screen(world: World, member: str) -> Json:
    """Everything that this member sees in Slack."""
    workspace = world.workspace
    joined = [channel for channel in workspace.channels.values() if member in channel.members]
    seen = [each for channel in joined for each in channel.messages]
    seen += [each for each in workspace.ephemerals if each.ephemeral_to == member and each.shown]
    return {
        "channels": [conversation(world, channel) for channel in joined],
        "address": wire.address(world),
        "members": {each.id: account(each) for each in workspace.members.values()},
        "views": [
            modal(world, view) for view in workspace.views.values() if view.open and view.member == member
        ],
        "home": home(world, member),
        **{f"message:{each.ts}": message(world, each, member) for each in seen},
    }


def conversation(world: World, channel: Channel) -> Json:
    """A channel, or the direct conversation with the bot, which bears its name."""
    is_direct = bool(channel.direct_with)
    name = world.workspace.members[world.workspace.bot_user].real_name if is_direct else channel.name
    takes_words = not (is_direct and world.workspace.messages_tab_read_only)
    return {"id": channel.id, "name": name, "direct": is_direct, "takes_words": takes_words}


def account(member: Member) -> Json:
    """An account: the name is the one that Slack shows."""
    return {
        "name": member.display_name or member.real_name,
        "real_name": member.real_name,
        "handle": member.name,
        "is_bot": member.is_bot,
        "is_guest": member.is_restricted,
        "deleted": member.deleted,
    }


def message(world: World, each: Message, member: str) -> Json:
    """A message, with what this member has put into its elements."""
    return {
        "ts": each.ts,
        "channel": each.channel,
        "thread": each.thread_ts,
        "user": each.user,
        "by_bot": each.by_bot,
        "text": each.text,
        "blocks": each.blocks,
        "files": [file(world, one) for one in each.files],
        "pictures": pictures(world, each.blocks),
        "ephemeral": each.ephemeral_to is not None,
        "edited": bool(each.history),
        "chosen": each.selections.get(member, {}),
        "face": face(each),
    }


def face(each: Message) -> str | None:
    """The face that a request of the bot's is about, from its metadata."""
    named = (each.metadata or {}).get("event_payload", {}).get("face_id")
    return str(named) if named else None


def home(world: World, member: str) -> Json | None:
    """What stands in this member's Home; None before the bot filled it."""
    view = world.workspace.homes.get(member)
    return modal(world, view) if view is not None else None


def modal(world: World, view: View) -> Json:
    """A modal or a Home, with what stands in its inputs and what is wrong with it."""
    return {
        "id": view.id,
        "content": view.content,
        "values": view.values,
        "errors": view.errors,
        "pictures": pictures(world, view.content["blocks"]),
    }


def file(world: World, name: str) -> Json:
    """A shared file."""
    each = world.workspace.files[name]
    return {
        "id": name,
        "name": each.title or each.name,
        "alt": each.alt_text,
        "picture": picture(world, name),
    }


def pictures(world: World, blocks: list[Json]) -> Json:
    """The uploads that blocks show, by how the blocks call them."""
    return {
        str(name): picture(world, str(name))
        for each in block_kit.objects(blocks)
        if isinstance(each.get("slack_file"), dict)
        for name in each["slack_file"].values()
    }


def picture(world: World, name: str) -> Json | None:
    """An upload by its id or one of its addresses; None when it is gone or no picture."""
    for each in world.workspace.files.values():
        if name in (each.id, wire.private_url(world, each), wire.permalink(world, each)):
            shown = wire.showable(each) and not each.deleted
            return {"id": each.id, "width": each.width, "height": each.height} if shown else None
    return None


class Told:
    """What one page knows."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def news(self, everything: Mapping[str, Any]) -> Json:
        """What is new or different (`set`) and what is gone (`drop`), as compared with the last time."""
        now = {name: json.dumps(value) for name, value in everything.items()}
        changed = {name: everything[name] for name, text in now.items() if self._told.get(name) != text}
        gone = sorted(self._told.keys() - now.keys())
        self._told = now
        return {name: what for name, what in (("set", changed), ("drop", gone)) if what}
