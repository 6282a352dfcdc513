"""How things look in answers and payloads of Slack."""

import re
import time

from tagbot.sandbox import block_kit
from tagbot.sandbox.image_info import read_picture
from tagbot.sandbox.state import Channel, File, Json, Member, Message, View
from tagbot.sandbox.workspace import World

SHOWABLE = ("image/png", "image/jpeg", "image/gif")
THUMBNAILS = (64, 80, 160, 360, 480, 720)  # pixels; never larger than the picture


def user(world: World, member: Member) -> Json:
    """An account, as users.info shows it. The address needs a scope of its own."""
    profile = {
        "real_name": member.real_name,
        "real_name_normalized": member.real_name,
        "display_name": member.display_name,
        "display_name_normalized": member.display_name,
        "team": team(world, member),
        **{f"image_{size}": f"{member.image}-{size}.png" for size in (24, 48, 72, 192, 512) if member.image},
    }
    if "users:read.email" in world.workspace.scopes and member.email:
        profile["email"] = member.email
    shown = {
        "id": member.id,
        "team_id": team(world, member),
        "name": member.name,
        "deleted": member.deleted,
        "profile": profile,
        "is_bot": member.is_bot,
        "is_app_user": False,
    }
    if member.is_stranger:
        shown["is_stranger"] = True
    if member.enterprise_id:
        shown["enterprise_user"] = {"id": member.id, "enterprise_id": member.enterprise_id}
    if member.deleted:
        return shown
    kinds = {
        "is_restricted": member.is_restricted or member.is_ultra_restricted,
        "is_ultra_restricted": member.is_ultra_restricted,
    }
    return {**shown, **kinds, "real_name": member.real_name, "tz": "Europe/Berlin"}


def team(world: World, member: Member) -> str:
    """The workspace that somebody belongs to."""
    return member.team_id or world.workspace.team_id


def can_be_seen(world: World, member: Member) -> bool:
    """Whether the bot can know of an account: of another organisation, only of those it shares a channel
    with.
    """
    if not member.is_stranger and team(world, member) == world.workspace.team_id:
        return True
    both = {member.id, world.workspace.bot_user}
    return any(both <= set(each.members) for each in world.workspace.channels.values())


def channel(world: World, each: Channel, *, members: bool = False) -> Json:
    """A channel, as conversations.info shows it."""
    if each.direct_with:
        kinds = {"is_im": True, "is_org_shared": False, "is_archived": False, "is_user_deleted": False}
        return {"id": each.id, "user": each.direct_with, **kinds}
    shown = {
        "id": each.id,
        "name": each.name,
        "is_channel": not each.is_private,
        "is_group": each.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": each.is_private,
        "is_archived": each.is_archived,
        "is_general": False,
        "is_shared": each.is_ext_shared or each.is_org_shared,
        "is_ext_shared": each.is_ext_shared,
        "is_pending_ext_shared": each.is_pending_ext_shared,
        "is_org_shared": each.is_org_shared,
        "is_member": world.workspace.bot_user in each.members,
        "context_team_id": world.workspace.team_id,
    }
    return {**shown, "num_members": len(each.members)} if members else shown


def message(world: World, each: Message, *, metadata: bool = True) -> Json:
    """A message, as the history shows it."""
    shown: Json = {
        "type": "message",
        "user": each.user,
        "ts": each.ts,
        "text": each.text,
        "team": world.workspace.team_id,
        "blocks": each.blocks,
    }
    if each.by_bot:
        shown |= {"bot_id": world.workspace.bot_id, "app_id": world.workspace.app_id}
    if each.thread_ts:
        shown["thread_ts"] = each.thread_ts
    if each.history:
        shown["edited"] = {"user": each.user, "ts": f"{each.history[-1].until:.6f}"}
    if each.files:
        shown["files"] = [file(world, world.workspace.files[one]) for one in each.files]
    if each.is_tombstone:
        shown |= {"subtype": "tombstone", "hidden": True}
    if metadata and each.metadata:
        shown["metadata"] = each.metadata
    return shown | thread(world, each)


def thread(world: World, parent: Message) -> Json:
    """What a message tells about the replies to it."""
    if parent.ephemeral_to or parent.thread_ts:
        return {}
    replies = [one for one in world.workspace.channels[parent.channel].messages if one.thread_ts == parent.ts]
    if not replies:
        return {}
    return {"thread_ts": parent.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}


def is_ready(each: File) -> bool:
    """Whether Slack is done with an upload: virus scan, thumbnails."""
    return each.ready_at is not None and each.ready_at <= time.time()


def file(world: World, each: File) -> Json:
    """A file, as files.info shows it; kind, links and thumbnails come when it is ready. A tombstone stands
    for one that was deleted.
    """
    if each.deleted:
        return {"id": each.id, "mode": "tombstone"}
    shown: Json = {
        "id": each.id,
        "created": int(each.created),
        "name": each.name,
        "title": each.title or each.name,
        "alt_txt": each.alt_text,
        "user": each.user,
        "size": each.size,
        "mimetype": "",
        "filetype": "",
        "is_public": False,
        "channels": [one for one in each.shares if not world.workspace.channels[one].is_private],
        "groups": [one for one in each.shares if is_group(world.workspace.channels[one])],
        "ims": [one for one in each.shares if world.workspace.channels[one].direct_with],
        "shares": shares(world, each),
    }
    return {**shown, **finished(world, each)} if is_ready(each) else shown


def is_group(where: Channel) -> bool:
    """Whether it is a private channel, and no direct conversation."""
    return where.is_private and not where.direct_with


def shares(world: World, each: File) -> Json:
    """Where a file was shared, and by which messages."""
    shown: Json = {}
    for one, stamps in each.shares.items():
        kind = "private" if world.workspace.channels[one].is_private else "public"
        shown.setdefault(kind, {})[one] = [{"ts": ts} for ts in stamps]
    return shown


def finished(world: World, each: File) -> Json:
    """What files.info adds when Slack is done with the file."""
    address = private_url(world, each)
    shown: Json = {
        "mimetype": each.mimetype,
        "filetype": each.mimetype.partition("/")[2],
        "url_private": address,
        "url_private_download": f"{address}?download=1",
        "permalink": permalink(world, each),
    }
    if read_picture(world.contents[each.id]):
        shown |= {"original_w": each.width, "original_h": each.height}
        shown |= {f"thumb_{size}": f"{address}?thumb={size}" for size in THUMBNAILS if showable(each)}
    return shown


def private_url(world: World, each: File) -> str:
    """Where the bytes are, for who has a token."""
    name = re.sub(r"[^a-z0-9._-]+", "_", each.name.lower())
    return f"{world.base_url}/files-pri/{world.workspace.team_id}-{each.id}/{name}"


def address(world: World) -> str:
    """Where the workspace is in a browser."""
    return f"https://{world.workspace.domain}.slack.com/"


def permalink(world: World, each: File) -> str:
    """The page of a file."""
    return f"{address(world)}files/{each.user}/{each.id}/{each.name}"


def showable(each: File) -> bool:
    """Whether a block may show it."""
    return each.mimetype in SHOWABLE


def usable_file(world: World, reference: Json) -> bool:
    """Whether the bot may show this `slack_file` now: it is there, done, a picture, and the bot's to see."""
    for each in world.workspace.files.values():
        if reference.get("id") == each.id or reference.get("url") in (
            private_url(world, each),
            permalink(world, each),
        ):
            return not each.deleted and is_ready(each) and showable(each) and visible(world, each)
    return False


def visible(world: World, each: File) -> bool:
    """Whether the bot has access to a file: its own, or shared where it is a member."""
    mine = each.user == world.workspace.bot_user
    return mine or any(
        world.workspace.bot_user in world.workspace.channels[one].members for one in each.shares
    )


def view(world: World, each: View) -> Json:
    """A view, as answers and payloads show it."""
    return {
        "submit": None,
        "close": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        **each.content,
        "id": each.id,
        "team_id": world.workspace.team_id,
        "state": {"values": state_values(each.content["blocks"], each.values)},
        "hash": each.hash,
        "previous_view_id": each.previous_id,
        "root_view_id": each.root_id,
        "app_id": world.workspace.app_id,
        "app_installed_team_id": world.workspace.team_id,
        "bot_id": world.workspace.bot_id,
    }


VALUE_FIELDS = {
    "users_select": ("selected_user", "initial_user"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
}


def state_values(blocks: list[Json], chosen: Json) -> Json:
    """`state.values`: what stands in every element that can hold something."""
    values: Json = {}
    for block, element in block_kit.elements(blocks):
        if element["type"] not in VALUE_FIELDS:
            continue
        name, initial = VALUE_FIELDS[element["type"]]
        key = block["block_id"], element["action_id"]
        content = chosen.get(key[0], {}).get(key[1], element.get(initial))
        if element["type"] == "checkboxes":
            content = content or []  # where nothing is ticked, Slack says so with a list
        values.setdefault(key[0], {})[key[1]] = {"type": element["type"], name: content}
    return values
