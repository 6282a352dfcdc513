"""What the app is sent when people do something: complete, and shaped as Slack shapes it."""

import hashlib
import secrets
import time

from tagbot.sandbox import wire
from tagbot.sandbox.methods.chat import direct_with
from tagbot.sandbox.state import Channel, Json, Member, Message, ResponseUrl, Trigger, View
from tagbot.sandbox.suggestions import Menu
from tagbot.sandbox.workspace import World

TOKEN = "sandbox-verification"  # noqa: S105 - Slack's old verification token; nobody checks it


def trigger(world: World, member: str, view: str | None = None) -> str:
    """A new right to open a view, as Slack writes it."""
    world.workspace.serial += 1
    serial = world.workspace.serial
    mark = hashlib.sha256(str(serial).encode()).hexdigest()[:32]
    given = Trigger(f"{serial}.{int(time.time())}.{mark}", member, time.time(), view)
    world.workspace.triggers[given.id] = given
    return given.id


def response_url(world: World, kind: str, member: str, channel: str, message: str | None = None) -> str:
    """A new address to answer an act at; `kind` is actions or commands."""
    key = secrets.token_urlsafe(18)
    world.workspace.response_urls[key] = ResponseUrl(key, member, channel, time.time(), message)
    return f"{world.base_url}/response/{kind}/{world.workspace.team_id}/{key}"


def block_actions_in_message(world: World, member: Member, message: Message, action: Json) -> Json:
    """Somebody used an element of a message. For an ephemeral one Slack need not send the message along."""
    hidden = message.ephemeral_to is not None
    chosen = message.selections.get(member.id, {})
    payload = {
        **interaction(world, "block_actions", member),
        "container": container(message),
        "channel": channel(world.channel(message.channel)),
        "state": {"values": wire.state_values(message.blocks, chosen)},
        "response_url": response_url(world, "actions", member.id, message.channel, message.ts),
        "actions": [action],
    }
    return payload if hidden else {**payload, "message": wire.message(world, message, metadata=False)}


def block_actions_in_view(world: World, member: Member, view: View, action: Json) -> Json:
    """Somebody used an element of a modal or of Home: there is no channel, no message and no response_url."""
    return {
        **interaction(world, "block_actions", member, view.id),
        "container": {"type": "view", "view_id": view.id},
        "view": wire.view(world, view),
        "actions": [action],
    }


def block_suggestion(world: World, member: Member, on: Message | View, menu: Menu, typed: str) -> Json:
    """Somebody typed into a select whose options the app has: nothing can be opened for it, or said to it."""
    payload = interaction(world, "block_suggestion", member)
    del payload["trigger_id"]
    asked = {"action_id": menu.element["action_id"], "block_id": menu.block_id, "value": typed}
    if isinstance(on, View):
        where: Json = {"container": {"type": "view", "view_id": on.id}, "view": wire.view(world, on)}
    else:
        where = {
            "container": container(on),
            "channel": channel(world.channel(on.channel)),
            "message": wire.message(world, on, metadata=False),
        }
    return {**payload, **asked, **where}


def view_submission(world: World, member: Member, view: View) -> Json:
    """Somebody pressed the submit button of a modal."""
    return {
        **interaction(world, "view_submission", member, view.id),
        "view": wire.view(world, view),
        "response_urls": [],
    }


def view_closed(world: World, member: Member, view: View, *, cleared: bool) -> Json:
    """Somebody closed a modal: Cancel, or the X that clears the whole stack."""
    payload = interaction(world, "view_closed", member, view.id)
    del payload["trigger_id"]
    return {**payload, "view": wire.view(world, view), "is_cleared": cleared}


def slash_command(world: World, member: Member, where: Channel, command: str, text: str) -> Json:
    """Somebody typed a command."""
    return {
        "token": TOKEN,
        "team_id": world.workspace.team_id,
        "team_domain": world.workspace.domain,
        "channel_id": where.id,
        "channel_name": told_name(where),
        "user_id": member.id,
        "user_name": member.name,
        "command": command,
        "text": text,
        "api_app_id": world.workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url(world, "commands", member.id, where.id),
        "trigger_id": trigger(world, member.id),
    }


def message_event(world: World, message: Message) -> Json:
    """Something was said in a channel, or was deleted there."""
    where = world.channel(message.channel)
    event = {
        **wire.message(world, message),
        "channel": message.channel,
        "event_ts": message.ts,
        "channel_type": "im" if where.direct_with else "group" if where.is_private else "channel",
    }
    if message.deleted:
        now = world.new_ts()
        gone = {"deleted_ts": message.ts, "previous_message": wire.message(world, message)}
        kept = {name: event[name] for name in ("type", "channel", "channel_type")}
        return {**kept, **gone, "subtype": "message_deleted", "hidden": True, "ts": now, "event_ts": now}
    return {**event, "subtype": "file_share"} if message.files else event


def message_changed(world: World, message: Message, before: Json) -> Json:
    """A message was edited; `before` is the event that told of it when it was new."""
    now = world.new_ts()
    event = message_event(world, message)
    parts = {name: event.pop(name) for name in ("channel", "channel_type", "event_ts")}
    of_before = {name: value for name, value in before.items() if name not in parts}
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": event,
        "previous_message": of_before,
        **parts,
        "ts": now,
        "event_ts": now,
    }


def message_action(world: World, member: Member, message: Message, callback_id: str) -> Json:
    """Somebody used a shortcut in the menu of a message, which comes along as it is."""
    return {
        **interaction(world, "message_action", member),
        "action_ts": world.new_ts(),
        "callback_id": callback_id,
        "channel": channel(world.channel(message.channel)),
        "message_ts": message.ts,
        "message": wire.message(world, message, metadata=False),
        "response_url": response_url(world, "actions", member.id, message.channel, message.ts),
    }


def file_shared(world: World, file: str, message: Message) -> Json:
    """A file was shared into a channel."""
    return {
        "type": "file_shared",
        "file_id": file,
        "user_id": message.user,
        "file": {"id": file},
        "channel_id": message.channel,
        "event_ts": world.new_ts(),
    }


def app_home_opened(world: World, member: Member) -> Json:
    """Somebody opened the app's Home; it tells what that shows, once it was filled."""
    home = world.workspace.homes.get(member.id)
    return {
        "type": "app_home_opened",
        "user": member.id,
        "channel": direct_with(world, member.id).id,
        "tab": "home",
        "event_ts": world.new_ts(),
        **({"view": wire.view(world, home)} if home is not None else {}),
    }


def interaction(world: World, kind: str, member: Member, view: str | None = None) -> Json:
    """What all interactive payloads begin with."""
    workspace = world.workspace
    return {
        "type": kind,
        "user": {
            "id": member.id,
            "username": member.name,
            "name": member.name,
            "team_id": wire.team(world, member),
        },
        "api_app_id": workspace.app_id,
        "token": TOKEN,
        "trigger_id": trigger(world, member.id, view),
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def container(message: Message) -> Json:
    """Where an element stands that was used in a message."""
    told = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    return {**told, "thread_ts": message.thread_ts} if message.thread_ts else told


def channel(where: Channel) -> Json:
    """A channel in a payload; the name of a private one is not told."""
    return {"id": where.id, "name": told_name(where)}


def told_name(where: Channel) -> str:
    """The name that Slack tells an app."""
    return "privategroup" if where.is_private and not where.direct_with else where.name
