"""conversations.*: channels, who is in them, and what was said."""

import re
from collections.abc import Callable

from tagbot.sandbox import wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.methods.chat import direct_with, joined, visible
from tagbot.sandbox.methods.paging import page
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Channel, Json
from tagbot.sandbox.workspace import World

KIND_SCOPES = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}

TS = re.compile(r"\d+(\.\d+)?")


def info(world: World, args: Arguments) -> Json:
    """One channel."""
    channel = found(world, args, "read", visible)
    return {"channel": wire.channel(world, channel, members=args.flag("include_num_members"))}


def open_direct(world: World, args: Arguments) -> Json:
    """The direct conversation with a member, begun if there is none. Those of several are not made here."""
    who = [each for each in args.text("users").replace(" ", "").split(",") if each]
    if not who:
        raise SlackError("users_list_not_supplied")
    if len(who) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    known = world.direct(who[0])
    channel = known or direct_with(world, who[0])
    return {"no_op": known is not None, "already_open": known is not None, "channel": {"id": channel.id}}


def members(world: World, args: Arguments) -> Json:
    """Who is in a channel, page by page."""
    channel = found(world, args, "read", visible)
    present, rest = page(channel.members, args, size=100)
    return {"members": list(present), **rest}


def of_user(world: World, args: Arguments) -> Json:
    """The channels of a member that the bot can know of, page by page; without a member, the bot's own."""
    bot = world.workspace.bot_user
    member = args.text("user") or bot
    if member not in world.workspace.members:
        raise SlackError("user_not_found")
    kinds = (args.text("types") or "public_channel").replace(" ", "").split(",")
    if not set(kinds) <= {"public_channel", "private_channel", "mpim", "im"}:
        raise SlackError("invalid_types")
    for kind in kinds:
        permitted(world, KIND_SCOPES[kind])
    rows = [
        channel
        for channel in world.workspace.channels.values()
        if member in channel.members
        and not channel.direct_with
        and ("private_channel" if channel.is_private else "public_channel") in kinds
        and not (channel.is_private and bot not in channel.members)
        and not (channel.is_archived and args.flag("exclude_archived"))
    ]
    channels, rest = page(rows, args, size=100, most=999)
    return {"channels": [wire.channel(world, channel) for channel in channels], **rest}


def history(world: World, args: Arguments) -> Json:
    """What was said in a channel, newest first, without the replies in threads."""
    channel = found(world, args, "history", joined)
    oldest, latest = stamp(args, "oldest", "0"), stamp(args, "latest", "9999999999.999999")
    inclusive = args.flag("inclusive")
    rows = [
        message
        for message in reversed(channel.messages)
        if not message.thread_ts and between(oldest, message.ts, latest, inclusive=inclusive)
    ]
    messages, rest = page(rows, args, size=100)
    metadata = args.flag("include_all_metadata")
    return {
        "messages": [wire.message(world, message, metadata=metadata) for message in messages],
        "has_more": bool(rest["response_metadata"]["next_cursor"]),
        "pin_count": 0,
        **rest,
    }


def found(world: World, args: Arguments, right: str, look: Callable[[World, str], Channel]) -> Channel:
    """The channel of the arguments; its kind decides which scope reads it."""
    channel = look(world, args.text("channel"))
    kind = "im" if channel.direct_with else "groups" if channel.is_private else "channels"
    permitted(world, f"{kind}:{right}")
    return channel


def permitted(world: World, needed: str) -> None:
    """Refuse what the token has no scope for."""
    if needed not in world.workspace.scopes:
        raise SlackError("missing_scope", needed=needed, provided=",".join(world.workspace.scopes))


def stamp(args: Arguments, name: str, otherwise: str) -> tuple[int, int]:
    """A ts as seconds and microseconds: text and floats compare wrongly."""
    ts = args.text(name) or otherwise
    if not TS.fullmatch(ts):
        raise SlackError(f"invalid_ts_{name}")
    return parts(ts)


def parts(ts: str) -> tuple[int, int]:
    """Seconds and microseconds."""
    seconds, _, fraction = ts.partition(".")
    return int(seconds), int(f"{fraction:0<6}"[:6])


def between(oldest: tuple[int, int], ts: str, latest: tuple[int, int], *, inclusive: bool) -> bool:
    """Whether a message lies in the time that was asked for."""
    at = parts(ts)
    return oldest <= at <= latest if inclusive else oldest < at < latest
