"""chat.*: messages of the bot."""

import json
import time
from typing import Any

from tagbot.sandbox import block_kit, wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Channel, Json, Message, Version
from tagbot.sandbox.workspace import World

POST_CHARACTERS = 40_000  # longer text is cut on posting
UPDATE_CHARACTERS = 4_000  # longer text is refused on updating
METADATA_BYTES = 16_000  # Slack names `metadata_too_large` but no size: ours


def post_message(world: World, args: Arguments) -> Json:
    """Post into a channel that the bot is in; to a member, in their direct conversation with the bot."""
    to = args.text("channel")
    channel = direct_with(world, to) if to in world.workspace.members else writable(world, to)
    if channel.direct_with and not world.workspace.messages_tab:
        raise SlackError("messages_tab_disabled")
    thread = parent(world, channel, args.text("thread_ts"))
    text, blocks = said(world, args)
    message = Message(
        world.new_ts(),
        channel.id,
        world.workspace.bot_user,
        text[:POST_CHARACTERS],
        blocks,
        metadata=metadata(args),
        thread_ts=thread,
        by_bot=True,
    )
    world.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": wire.message(world, message)}


def update(world: World, args: Arguments) -> Json:
    """Change a message of the bot. Blocks and metadata that are not named stay; text does not."""
    message = own_message(world, args, "cant_update_message")
    if len(args.text("text")) > UPDATE_CHARACTERS:
        raise SlackError("msg_too_long")
    text, blocks = said(world, args)
    told = metadata(args)
    message.history.append(Version(message.text, message.blocks, message.metadata, time.time()))
    message.text = text
    message.blocks = blocks if args.values.get("blocks") is not None else message.blocks
    message.metadata = told if args.values.get("metadata") is not None else message.metadata
    world.changes.note()
    shown = wire.message(world, message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


def delete(world: World, args: Arguments) -> Json:
    """Take back a message of the bot."""
    message = own_message(world, args, "cant_delete_message")
    world.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(world: World, args: Arguments) -> Json:
    """Show something to one member of a channel; in a thread only if somebody has replied there already."""
    channel = writable(world, args.text("channel"))
    if args.text("user") not in channel.members:
        raise SlackError("user_not_in_channel")
    thread = parent(world, channel, args.text("thread_ts"))
    text, blocks = said(world, args)
    if len(text) > POST_CHARACTERS:
        raise SlackError("msg_too_long")
    message = Message(
        world.new_ts(),
        channel.id,
        world.workspace.bot_user,
        text,
        blocks,
        thread_ts=thread,
        ephemeral_to=args.text("user"),
        shown=not thread or any(one.thread_ts == thread for one in channel.messages),
        by_bot=True,
    )
    return {"message_ts": world.post(message).ts}


def get_permalink(world: World, args: Arguments) -> Json:
    """The address of a message."""
    channel = visible(world, args.text("channel"))
    message = world.posted(channel.id, args.text("message_ts"))
    if not message:
        raise SlackError("message_not_found")
    address = f"{wire.address(world)}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


# ---------------------------------------------------------------- what they share


def visible(world: World, channel_id: str) -> Channel:
    """A channel that the bot can know of: a public one, or one that it is in."""
    channel = world.workspace.channels.get(channel_id)
    if not channel or (channel.is_private and world.workspace.bot_user not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def joined(world: World, channel_id: str) -> Channel:
    """A channel that the bot is in."""
    channel = visible(world, channel_id)
    if world.workspace.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def writable(world: World, channel_id: str) -> Channel:
    """A channel that the bot may post to."""
    channel = visible(world, channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    return joined(world, channel_id)


def direct_with(world: World, member_id: str) -> Channel:
    """The direct conversation of the bot with a member, begun if there is none."""
    member = world.workspace.members.get(member_id)
    if member is None:
        raise SlackError("user_not_found")
    if known := world.direct(member_id):
        return known
    if member.deleted:
        raise SlackError("user_disabled")
    if member.is_bot:
        raise SlackError("cannot_dm_bot")
    if not wire.can_be_seen(world, member):
        raise SlackError("user_not_visible")
    both = [world.workspace.bot_user, member_id]
    channel = Channel(world.new_id("D"), "directmessage", True, direct_with=member_id, members=both)
    world.workspace.channels[channel.id] = channel
    return channel


def parent(world: World, channel: Channel, thread_ts: str) -> str | None:
    """The ts of the thread to post into; a reply stands for its thread."""
    if not thread_ts:
        return None
    message = world.posted(channel.id, thread_ts)
    if not message:
        raise SlackError("cannot_reply_to_message")
    return message.thread_ts or message.ts


def own_message(world: World, args: Arguments, code: str) -> Message:
    """A message of the bot in a channel, else `message_not_found`, or `code` for somebody else's."""
    channel = visible(world, args.text("channel"))
    message = world.posted(channel.id, args.text("ts"))
    if not message:
        raise SlackError("message_not_found")
    if not message.by_bot:
        raise SlackError(code)
    return message


def said(world: World, args: Arguments) -> tuple[str, list[Json]]:
    """The text and the blocks, of which there must be one."""
    blocks = args.json("blocks", "invalid_blocks_format") or []
    if not args.text("text") and not blocks:
        raise SlackError("no_text")
    return args.text("text"), checked_blocks(world, blocks)


def checked_blocks(world: World, blocks: Any) -> list[Json]:
    """Blocks that Slack would take, completed as it does."""
    good = block_kit.inspect_message(blocks, lambda reference: wire.usable_file(world, reference))
    if len(json.dumps(good, ensure_ascii=False)) > block_kit.MESSAGE_BLOCK_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return block_kit.completed(good, lambda: world.new_id("b"))


def metadata(args: Arguments) -> Json | None:
    """The metadata of a message; an empty object takes it away."""
    told = args.json("metadata", "invalid_metadata_format")
    if not told:
        return None
    if not isinstance(told, dict) or not is_event(told):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(told).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return told


def is_event(told: Json) -> bool:
    """Whether metadata has its two fields."""
    named = isinstance(told.get("event_type"), str) and bool(told["event_type"])
    return named and isinstance(told.get("event_payload"), dict)
