"""What the workspace is: plain data only, so that all of it can be written to a file and read again.

Times are seconds since 1970. A `Json` is something as Slack writes it (a block, a view).
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

BOT_TOKEN = "xoxb-sandbox-bot"  # noqa: S105 - a stand-in's tokens are no secrets
APP_TOKEN = "xapp-sandbox-app"  # noqa: S105 - as above

# Every scope that a method here asks for, so that a bot works until a test takes one away.
ALL_SCOPES = (
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)


@dataclass
class Member:
    """An account: a person or a bot. `name` is the handle; `is_restricted` is a guest, and with
    `is_ultra_restricted` one of a single channel. `team_id` is another workspace's for who belongs there.
    """

    id: str
    name: str
    real_name: str
    display_name: str = ""
    email: str = ""
    image: str = ""
    is_bot: bool = False
    deleted: bool = False
    locale: str = "en-US"
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    team_id: str = ""
    enterprise_id: str = ""


@dataclass
class Version:
    """What a message said before it was edited, and until when."""

    text: str
    blocks: list[Json]
    metadata: Json | None
    until: float


@dataclass
class Message:
    """A message. `ephemeral_to` names the only person who sees it; nobody else ever does.

    `selections` is what people have put into its elements, for each person: a client shows a person only
    their own, and so does `state.values` of that person's payloads. A tombstone stands where a message with
    replies was deleted.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    files: list[str] = field(default_factory=list)
    ephemeral_to: str | None = None
    shown: bool = True
    by_bot: bool = False
    history: list[Version] = field(default_factory=list)
    deleted: bool = False
    is_tombstone: bool = False
    selections: dict[str, Json] = field(default_factory=dict)


@dataclass
class Channel:
    """A channel; `members` are member ids, `messages` in the order of their ts. A direct conversation of the
    bot with a member (`direct_with`) is one that only these two are in.
    """

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_org_shared: bool = False
    direct_with: str = ""
    members: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    removed: list[Message] = field(default_factory=list)


@dataclass
class File:
    """A file on its way or there. Usable in a block from `ready_at` on (None: not completed yet)."""

    id: str
    name: str
    size: int
    user: str
    created: float
    title: str = ""
    alt_text: str = ""
    mimetype: str = ""
    width: int = 0
    height: int = 0
    upload_key: str = ""
    uploaded: bool = False
    ready_at: float | None = None
    shares: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False


@dataclass
class View:
    """A modal on somebody's screen, or their Home. `content` is what the bot sent; `values` what the person
    typed.
    """

    id: str
    member: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    open: bool = True


@dataclass
class Trigger:
    """The right to open one view, for a moment. `view` is the view it was given out in."""

    id: str
    member: str
    given_at: float
    view: str | None = None
    used: bool = False


@dataclass
class ResponseUrl:
    """The right to answer an act a few times. `message` is the ts it came from, if any."""

    key: str
    member: str
    channel: str
    given_at: float
    message: str | None = None
    uses: int = 0


@dataclass
class Act:
    """What a person did and what they got. Error codes are those that a person would see in Slack; `options`,
    what the app suggested for what they typed.
    """

    id: str
    kind: str
    member: str
    payload: Json
    at: float
    delivered: bool = False
    acknowledged: bool = False
    acknowledged_at: float | None = None
    latency_ms: float | None = None
    error: str | None = None
    done: bool = False
    options: list[Json] = field(default_factory=list)


@dataclass
class Workspace:
    """A team, its people, and the one app that is installed in it."""

    team_id: str = "T0FACETAG"
    enterprise_id: str = ""
    domain: str = "sandbox"
    app_id: str = "A0FACETAG"
    bot_user: str = "U0FACETAG"
    bot_id: str = "B0FACETAG"
    bot_token: str = BOT_TOKEN
    app_token: str = APP_TOKEN
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    commands: list[str] = field(default_factory=lambda: ["/facetag"])
    shortcuts: list[str] = field(default_factory=lambda: ["find_faces"])
    subscriptions: list[str] = field(
        default_factory=lambda: ["app_home_opened", "message.channels", "message.groups"]
    )
    home_tab: bool = True
    messages_tab: bool = True
    messages_tab_read_only: bool = True
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)  # by member
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    suggested: dict[str, list[Json]] = field(default_factory=dict)  # by `suggestions.Menu.key`
    serial: int = 0
    last_ts: int = 0  # microseconds: the newest ts that was given out


@dataclass
class Rules:
    """What the tests may bend. The defaults are Slack's own, where they are known.

    - `rate_limits`: how many times faster than Slack's limits calls may come; 0 switches limits off.
    - `strict_acknowledgements`: an acknowledgement counts only on the connection that got the envelope.
      What Slack does is not documented; the Python SDK always answers on its current connection.
    - `retry_seconds`: the waits before the three retries of an event.
    - `ping_seconds`: Slack pings at least every 30 s (its Node SDK gives up after that).
    - `warning_seconds`: from the warning to the request to reconnect.
    - `grace_seconds`: how long a connection that was asked to go stays open.
    """

    rate_limits: float = 1.0
    file_ready_seconds: float = 0.2
    trigger_seconds: float = 3.0
    response_url_seconds: float = 1800.0
    response_url_uses: int = 5
    acknowledge_seconds: float = 3.0
    strict_acknowledgements: bool = False
    retry_seconds: list[float] = field(default_factory=lambda: [0.0, 60.0, 300.0])
    ping_seconds: float = 10.0
    warning_seconds: float = 10.0
    grace_seconds: float = 10.0
