"""The workspace that everything starts with: a small team, two channels, two bots."""

from tagbot.sandbox.state import Channel, Member, Workspace

FACES = "C0FACES01"
LUNCH = "C0LUNCH01"

PEOPLE = (
    ("U0ANNA0001", "anna", "Anna Lindqvist", "anna"),
    ("U0BEN00002", "ben.okafor", "Ben Okafor", "Ben"),
    ("U0CHIARA03", "chiara", "Chiara De Luca", ""),
    ("U0DAISUKE4", "daisuke", "Daisuke Mori", "dai"),
    ("U0ELIF0005", "elif", "Elif Çelik", "Elif Y."),
)
FORMER = ("U0FORMER06", "frank", "Frank Weber", "Frank")
GUEST = ("U0GIL00007", "gil", "Gil Moreau", "")
OTHER_BOT = "U0LUNCHBOT"


def default_workspace() -> Workspace:
    """Five people, one who left, our bot and another bot; all but the one who left are in #faces."""
    workspace = Workspace()
    accounts = [person(*row) for row in PEOPLE]
    accounts += [
        person(*FORMER, deleted=True),
        Member(OTHER_BOT, "lunchbot", "Lunch Bot", is_bot=True),
        Member(workspace.bot_user, "facetag", "FaceTag", is_bot=True),
    ]
    workspace.members = {member.id: member for member in accounts}
    present = [member.id for member in accounts if not member.deleted]
    lunch = [member for member in present if member != workspace.bot_user]
    workspace.channels = {
        FACES: Channel(FACES, "faces", members=present),
        LUNCH: Channel(LUNCH, "lunch", members=lunch),
    }
    return workspace


def add_guest(workspace: Workspace) -> None:
    """Put a guest into #faces, unless they are there: who tries the bot out sees what it lets guests do."""
    guest = person(*GUEST)
    guest.is_restricted = True
    if guest.id not in workspace.members:
        workspace.members[guest.id] = guest
        workspace.channels[FACES].members.append(guest.id)


def person(member: str, name: str, real_name: str, display_name: str, *, deleted: bool = False) -> Member:
    """An account of a person with an address and a picture."""
    return Member(
        member,
        name,
        real_name,
        display_name,
        email=f"{name}@example.com",
        image=f"https://avatars.example.com/{member}",
        deleted=deleted,
    )
