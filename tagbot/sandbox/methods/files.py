"""files.*: the three steps of an upload, and what comes after."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tagbot.sandbox import wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.image_info import mimetype, read_picture
from tagbot.sandbox.methods.chat import parent, writable
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Channel, File, Json, Message
from tagbot.sandbox.workspace import World

ALT_CHARACTERS = 1000


def get_upload_url(world: World, args: Arguments) -> Json:
    """Step one: a place for so many bytes."""
    length = args.number("length", 0)
    if length < 1:
        raise SlackError("invalid_arguments", ["must be greater than 1 [json-pointer:/length]"])
    if len(args.text("alt_txt")) > ALT_CHARACTERS:
        raise SlackError("alt_txt_too_large")
    file = File(
        world.new_id("F"),
        args.text("filename"),
        length,
        world.workspace.bot_user,
        time.time(),
        alt_text=args.text("alt_txt"),
        upload_key=world.new_id("K"),
    )
    world.workspace.files[file.id] = file
    return {"upload_url": f"{world.base_url}/upload/v1/{file.upload_key}", "file_id": file.id}


def receive(world: World, key: str, data: bytes) -> str:
    """Step two: the bytes, without a token. Answers `OK - <n>`; a wrong number of bytes is refused."""
    file = next((each for each in world.workspace.files.values() if each.upload_key == key), None)
    if not file or file.ready_at is not None:
        raise SlackError("file_not_found")
    if len(data) != file.size:
        raise SlackError("invalid_length", [f"{file.size} bytes were announced, {len(data)} came"])
    world.contents[file.id] = data
    file.uploaded = True
    return f"OK - {len(data)}"


def complete_upload(world: World, args: Arguments) -> Json:
    """Step three, once for each upload. The file is usable, and shared, a while after the answer."""
    asked = args.json("files", "invalid_arguments")
    files = [upload(world, each) for each in asked] if isinstance(asked, list) else []
    if not files:
        raise SlackError("invalid_arguments", ["missing required field: files"])
    channel = writable(world, args.text("channel_id")) if args.given("channel_id") else None
    thread = parent(world, channel, args.text("thread_ts")) if channel else None
    for file, each in zip(files, asked, strict=True):
        file.title = each.get("title") or file.title
        start_processing(world, file)
    if channel:
        comment = args.text("initial_comment")
        after(world, lambda: share(world, files, channel, thread, comment))
    return {"files": [wire.file(world, file) for file in files]}


def upload(world: World, asked: Any) -> File:
    """An upload whose bytes are there and that was not completed yet."""
    file = world.workspace.files.get(asked.get("id", "")) if isinstance(asked, dict) else None
    if not file or not file.uploaded or file.ready_at is not None:
        raise SlackError("file_not_found")
    return file


def start_processing(world: World, file: File) -> None:
    """Scan and thumbnails, which take Slack a while; whoever waits for a change learns of the end."""
    data = world.contents[file.id]
    picture = read_picture(data)
    file.mimetype = mimetype(file.name, data)
    file.width, file.height = picture[1:] if picture else (0, 0)
    file.ready_at = time.time() + world.rules.file_ready_seconds
    after(world, world.changes.note)


def after(world: World, act: Callable[[], object]) -> None:
    """Do something when files that are completed now are ready."""
    # A timer may fire a moment early by the clock that `ready_at` was read from.
    asyncio.get_running_loop().call_later(world.rules.file_ready_seconds + 0.005, act)


def share(
    world: World, files: list[File], channel: Channel, thread: str | None, comment: str
) -> Message | None:
    """The message that brings files into a channel; none if they were deleted meanwhile."""
    left = [file for file in files if not file.deleted]
    if not left:
        return None
    message = Message(
        world.new_ts(),
        channel.id,
        left[0].user,
        comment,
        thread_ts=thread,
        files=[file.id for file in left],
        by_bot=left[0].user == world.workspace.bot_user,
    )
    for file in left:
        file.shares.setdefault(channel.id, []).append(message.ts)
    return world.post(message)


def info(world: World, args: Arguments) -> Json:
    """One file; poll this until `mimetype` and the thumbnails are there."""
    return {
        "file": wire.file(world, known(world, args)),
        "comments": [],
        "response_metadata": {"next_cursor": ""},
    }


def delete(world: World, args: Arguments) -> Json:
    """Take a file away, from wherever it is shown."""
    file = known(world, args)
    if file.user != world.workspace.bot_user:
        raise SlackError("cant_delete_file")
    take_away(world, file)
    return {}


def take_away(world: World, file: File) -> None:
    """Delete a file for good."""
    file.deleted = True
    world.contents.pop(file.id, None)
    world.changes.note()


def known(world: World, args: Arguments) -> File:
    """A file that the bot may know of."""
    file = world.workspace.files.get(args.text("file"))
    if not file or not wire.visible(world, file):
        raise SlackError("file_not_found")
    if file.deleted:
        raise SlackError("file_deleted")
    return file
