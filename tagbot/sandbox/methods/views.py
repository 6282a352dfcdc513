"""views.*: modals, opened with a trigger and stacked three high; and each member's Home."""

import hashlib
import json
import time

from tagbot.sandbox import block_kit, wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.schema import Rule
from tagbot.sandbox.state import Json, Trigger, View
from tagbot.sandbox.workspace import World

STACK = 3
BAD = "invalid_arguments"


def open_view(world: World, args: Arguments) -> Json:
    """Show a modal to who gave the trigger; what they had open is gone."""
    content = checked(world, args)
    trigger = use(world, args.text("trigger_id"))
    close_all(world, trigger.member)
    return {"view": wire.view(world, add(world, trigger.member, content, None))}


def push(world: World, args: Arguments) -> Json:
    """Put a modal on top of the one that the trigger came from."""
    content = checked(world, args)
    trigger = world.workspace.triggers.get(args.text("trigger_id"))
    if trigger and not stack(world, trigger.member):
        raise SlackError("not_found")
    trigger = use(world, args.text("trigger_id"))
    return {"view": wire.view(world, stacked(world, trigger.member, content))}


def update(world: World, args: Arguments) -> Json:
    """Change an open modal. What was typed stays where block_id and action_id stay."""
    view = named(world, args)
    content = checked(world, args, view)
    if args.given("hash") and args.text("hash") != view.hash:
        raise SlackError("hash_conflict")
    replace(world, view, content)
    return {"view": wire.view(world, view)}


def publish(world: World, args: Arguments) -> Json:
    """Put something into a member's Home, whether or not they look at it."""
    if not world.workspace.home_tab:
        raise SlackError("not_enabled")
    member = world.workspace.members.get(args.text("user_id"))
    if member is None or member.is_bot:
        raise SlackError("user_not_found")
    home = world.workspace.homes.get(member.id)
    content = inspected(world, args.json("view", BAD), home, block_kit.HOME)
    if args.given("hash") and home is not None and args.text("hash") != home.hash:
        raise SlackError("hash_conflict")
    if home is None:
        name = world.new_id("V")
        home = world.workspace.homes[member.id] = View(name, member.id, content, new_hash(world), name)
    replace(world, home, content)
    return {"view": wire.view(world, home)}


# ---------------------------------------------------------------- what acknowledgements do, too


def stacked(world: World, member: str, content: Json) -> View:
    """Push onto the views of a member."""
    below = stack(world, member)
    if len(below) >= STACK:
        raise SlackError("push_limit_reached")
    return add(world, member, content, below[-1])


def replace(world: World, view: View, content: Json) -> None:
    """Put other content into a view."""
    view.content = content
    view.hash = new_hash(world)
    view.errors = {}
    world.changes.note()


def close_all(world: World, member: str) -> None:
    """Clear what a member has open."""
    for view in stack(world, member):
        view.open = False
    world.changes.note()


def stack(world: World, member: str) -> list[View]:
    """The open views of a member, the one that they see last."""
    return [view for view in world.workspace.views.values() if view.member == member and view.open]


def inspected(world: World, asked: object, known: View | None = None, rule: Rule = block_kit.MODAL) -> Json:
    """The content of a view that Slack would take, completed as it does."""
    content = block_kit.inspect_view(asked, lambda reference: wire.usable_file(world, reference), rule)
    if len(json.dumps(content, ensure_ascii=False).encode()) > block_kit.VIEW_BYTES:
        raise SlackError("view_too_large")
    external = content.get("external_id")
    if external and any(view.content.get("external_id") == external for view in others(world, known)):
        raise SlackError("duplicate_external_id")
    return {**content, "blocks": block_kit.completed(content["blocks"], lambda: world.new_id("b"))}


# ---------------------------------------------------------------- helpers


def checked(world: World, args: Arguments, known: View | None = None) -> Json:
    """The view of the arguments."""
    return inspected(world, args.json("view", BAD), known)


def others(world: World, known: View | None) -> list[View]:
    """Every open view but one."""
    everything = (*world.workspace.views.values(), *world.workspace.homes.values())
    return [view for view in everything if view.open and view is not known]


def use(world: World, trigger_id: str) -> Trigger:
    """A trigger is good once, for three seconds."""
    trigger = world.workspace.triggers.get(trigger_id)
    if not trigger:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if time.time() - trigger.given_at > world.rules.trigger_seconds:
        raise SlackError("expired_trigger_id")
    trigger.used = True
    return trigger


def add(world: World, member: str, content: Json, below: View | None) -> View:
    """A new view on a member's screen."""
    name = world.new_id("V")
    root = below.root_id if below else name
    view = View(name, member, content, new_hash(world), root, below.id if below else None)
    world.workspace.views[view.id] = view
    world.changes.note()
    return view


def named(world: World, args: Arguments) -> View:
    """An open view, by its id or by the bot's own."""
    for view in others(world, None):
        external = view.content.get("external_id")
        if view.id == args.text("view_id") or (external and external == args.text("external_id")):
            return view
    raise SlackError("not_found")


def new_hash(world: World) -> str:
    """Changes with every change of a view."""
    world.workspace.serial += 1
    mark = hashlib.sha256(str(world.workspace.serial).encode()).hexdigest()[:8]
    return f"{int(time.time())}.{mark}"
