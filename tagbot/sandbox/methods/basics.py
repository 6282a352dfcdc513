"""auth.* and users.*: who the bot is, and who else is there."""

from tagbot.sandbox import wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.methods.paging import page
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Json
from tagbot.sandbox.workspace import World


def auth_test(world: World, _args: Arguments) -> Json:
    """Whose token this is."""
    team = world.workspace
    return {
        "url": wire.address(world),
        "team": team.domain,
        "user": team.members[team.bot_user].name,
        "team_id": team.team_id,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": False,
        **({"enterprise_id": team.enterprise_id} if team.enterprise_id else {}),
    }


def users_info(world: World, args: Arguments) -> Json:
    """One account."""
    member = world.workspace.members.get(args.text("user"))
    if not member:
        raise SlackError("user_not_found")
    shown = wire.user(world, member)
    return {"user": {**shown, "locale": member.locale} if args.flag("include_locale") else shown}


def users_list(world: World, args: Arguments) -> Json:
    """Every account, also those that were closed, page by page."""
    accounts, rest = page(list(world.workspace.members.values()), args, size=1000)
    return {"members": [wire.user(world, member) for member in accounts], **rest}
