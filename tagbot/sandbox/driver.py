"""The sandbox from the other side: set it up, act as people, and see what the bot did.

    with running_slack() as slack:
        …start the bot with slack.api_url, slack.bot_token, slack.app_token, slack.channel…
        request = slack.wait_for_message()
        slack.choose(slack.people[0], request.ts, "tag_person", slack.people[1])

`Slack(url)` does the same with a server in another process.
"""

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from tagbot.sandbox import defaults
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.server import serving
from tagbot.sandbox.socket_server import Delivery
from tagbot.sandbox.state import Act, Channel, File, Json, Member, Message, Rules, Version, View
from tagbot.sandbox.workspace import Call, World

T = TypeVar("T")

PATIENCE = 10.0  # seconds that a test waits for something to happen


@contextmanager
def running_slack(port: int = 0, world: World | None = None, **rules: Any) -> Iterator["Slack"]:
    """A Slack of its own in the background, with these rules bent (see `state.Rules`); or that of `world`."""
    with serving(port, world or World(rules=Rules(**rules))) as address:
        yield Slack(address)


class Slack:
    """A sandbox at an address. What a person cannot do raises `Refused` with the reason."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.api_url = f"{self.address}/api/"
        workspace = self.state()["workspace"]
        self.bot_token: str = workspace["bot_token"]
        self.app_token: str = workspace["app_token"]
        self.bot_user: str = workspace["bot_user"]
        self.channel = defaults.FACES
        self.people = [row[0] for row in defaults.PEOPLE]
        self.former = defaults.FORMER[0]
        self.other_bot = defaults.OTHER_BOT

    # ------------------------------------------------------------ reading

    def state(self) -> Json:
        """Everything, as plain data."""
        return self._mapping(self._get("state"))

    def messages(self, channel: str | None = None) -> list[Message]:
        """What stands in a channel, oldest first, without the replies in threads."""
        return [message for message in self._messages(channel) if not message.thread_ts]

    def replies(self, ts: str, channel: str | None = None) -> list[Message]:
        """The replies in a thread, oldest first."""
        return [message for message in self._messages(channel) if message.thread_ts == ts]

    def removed(self, channel: str | None = None) -> list[Message]:
        """What was deleted from a channel."""
        return [to_message(row) for row in self._get("messages", channel=channel or self.channel, removed=1)]

    def message(self, ts: str, channel: str | None = None) -> Message:
        """The message at this ts."""
        for message in self._messages(channel):
            if message.ts == ts:
                return message
        raise LookupError(ts)

    def ephemerals(self, member: str) -> list[Message]:
        """What this person alone sees, oldest first."""
        return [to_message(row) for row in self._get("ephemerals", member=member)]

    def directs(self, member: str) -> list[Message]:
        """What the bot and this person say to each other alone, oldest first."""
        return [to_message(row) for row in self._get("directs", member=member)]

    def removed_directs(self, member: str) -> list[Message]:
        """What was deleted of it."""
        return [to_message(row) for row in self._get("directs", member=member, removed=1)]

    def views(self, member: str) -> list[View]:
        """The modals that this person has open, the front one last."""
        return [View(**row) for row in self._get("views", member=member)]

    def members(self) -> dict[str, Member]:
        """Every account, by id."""
        rows = self.state()["workspace"]["members"]
        return {member: Member(**row) for member, row in rows.items()}

    def home(self, member: str) -> View | None:
        """What stands in this person's Home; None before it was filled."""
        found = [View(**row) for row in self._get("home", member=member)]
        return found[0] if found else None

    def files(self) -> list[File]:
        """Every file that ever was."""
        return [File(**row) for row in self._get("files")]

    def contents(self, file: str) -> bytes:
        """The bytes of a file that is there."""
        status, data = self._exchange("GET", f"/_control/contents/{file}")
        if status != http.client.OK:
            raise LookupError(file)
        return data

    def calls(self, method: str = "*") -> list[Call]:
        """The calls of the methods that match, oldest first; also `upload` and `response_url`."""
        return [Call(**row) for row in self._get("calls", method=method)]

    def busiest(self, method: str = "chat.postMessage", *, seconds: float = 1.0) -> int:
        """The most calls of a method within any stretch of so many seconds."""
        times = [call.at for call in self.calls(method)]
        return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)

    def acts(self) -> list[Act]:
        """What people did."""
        return [Act(**row) for row in self._get("acts")]

    def finished(self, act: Act) -> Act:
        """An act that was not waited for, once it has ended."""
        return Act(**self._get("acts", id=act.id, wait=1)[0])

    def deliveries(self) -> list[Delivery]:
        """Every envelope of Socket Mode, with its acknowledgement."""
        return [Delivery(**row) for row in self._get("deliveries")]

    def connections(self) -> list[Json]:
        """The open connections of Socket Mode: `id`, `leaving`, `silent`."""
        return list(self._mapping(self._get("connections"))["connections"])

    def stray(self) -> int:
        """How many acknowledgements belonged to no envelope."""
        return int(self._mapping(self._get("connections"))["stray"])

    # ------------------------------------------------------------ people

    def choose(
        self,
        member: str,
        where: str,
        action_id: str,
        value: str,
        *,
        block_id: str | None = None,
        wait: bool = True,
    ) -> Act:
        """Choose in a select of a message, a modal or Home: a user id, or the value of an option."""
        return self._act(
            "use",
            wait,
            member=member,
            where=where,
            action_id=action_id,
            value=value,
            block_id=block_id,
        )

    def click(
        self, member: str, where: str, action_id: str, *, block_id: str | None = None, wait: bool = True
    ) -> Act:
        """Press a button."""
        return self._act("use", wait, member=member, where=where, action_id=action_id, block_id=block_id)

    def suggest(
        self, member: str, where: str, action_id: str, typed: str, *, block_id: str | None = None
    ) -> Act:
        """Type into a select of a message, a modal or Home; the act's `options` are what the app offers."""
        return self._act(
            "suggest", True, member=member, where=where, action_id=action_id, typed=typed, block_id=block_id
        )

    def submit(self, member: str, view: str, values: Json, *, wait: bool = True) -> Act:
        """Fill in a modal and submit it; `values`: block_id → text, user id, option's value, or the
        values of the boxes that are ticked.
        """
        return self._act("submit", wait, member=member, view=view, values=values)

    def close_view(self, member: str, view: str, *, clear: bool = False, wait: bool = True) -> Act:
        """Cancel a modal; `clear`: all that are open, with the X."""
        return self._act("close_view", wait, member=member, view=view, clear=clear)

    def open_home(self, member: str) -> None:
        """Open the app's Home, as a click on the app does."""
        self._post("open_home", member=member)

    def slash(
        self, member: str, command: str, text: str = "", *, channel: str | None = None, wait: bool = True
    ) -> Act:
        """Type a command."""
        channel = channel or self.channel
        return self._act("slash", wait, member=member, command=command, text=text, channel=channel)

    def say(
        self, member: str, text: str, *, channel: str | None = None, thread_ts: str | None = None
    ) -> Message:
        """Say something."""
        channel = channel or self.channel
        return to_message(self._post("say", member=member, channel=channel, text=text, thread_ts=thread_ts))

    def share(
        self, member: str, name: str, data: bytes, *, text: str = "", channel: str | None = None
    ) -> File:
        """Share a file; its message appears when it is ready."""
        [file] = self.share_all(member, {name: data}, text=text, channel=channel)
        return file

    def share_all(
        self,
        member: str,
        files: Mapping[str, bytes],
        *,
        text: str = "",
        channel: str | None = None,
        thread_ts: str | None = None,
    ) -> list[File]:
        """Share several files, by name, in one message."""
        encoded = [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files.items()]
        what = {"member": member, "channel": channel or self.channel, "files": encoded, "text": text}
        rows = self._request("POST", "/_control/share", json.dumps({**what, "thread_ts": thread_ts}))
        return [File(**row) for row in rows]

    def edit(self, member: str, ts: str, text: str, *, channel: str | None = None) -> Message:
        """Change what one said."""
        channel = channel or self.channel
        return to_message(self._post("edit", member=member, channel=channel, ts=ts, text=text))

    def shortcut(self, member: str, ts: str, callback_id: str, *, wait: bool = True) -> Act:
        """Use a shortcut in the menu of a message."""
        return self._act("shortcut", wait, member=member, ts=ts, callback_id=callback_id)

    def delete(self, ts: str, *, member: str | None = None, channel: str | None = None) -> None:
        """Delete a message."""
        self._post("delete", member=member or self.people[0], channel=channel or self.channel, ts=ts)

    # ------------------------------------------------------------ setting up

    def set_member(self, member: str, **changes: Any) -> Member:
        """Add an account or change one (see `state.Member`): `deleted=True` deactivates it,
        `is_restricted=True` makes it a guest's.
        """
        return Member(**self._post("member", id=member, **changes))

    def set_channel(self, channel: str | None = None, **changes: Any) -> Channel:
        """Add a channel or change one (see `state.Channel`): `members`, `is_private`, `is_archived`."""
        row = self._post("channel", id=channel or self.channel, **changes)
        return Channel(**{**row, "messages": [], "removed": []})

    def set_workspace(self, **changes: Any) -> None:
        """Change `scopes`, `commands`, `shortcuts`, `subscriptions`, `bot_token`, `app_token` or
        `enterprise_id`.
        """
        self._post("workspace", **changes)

    def rules(self, **changes: Any) -> None:
        """Bend rules (see `state.Rules`): `rate_limits=0` switches the limits off."""
        self._post("rules", **changes)

    def fail(self, method: str, **how: Any) -> None:
        """Let the next call of the methods that match go wrong (see `faults.Fault`); `times=None`: all."""
        self._post("fail", method=method, **how)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._post("heal")

    def disconnect(self, kind: str, connection: int | None = None) -> int:
        """End connections: warning, refresh_requested, link_disabled, close, crossing, reset or half_open."""
        return int(self._post("disconnect", kind=kind, connection=connection)["ended"])

    # ------------------------------------------------------------ waiting

    def wait_for(self, condition: Callable[[], T | None], what: str = "it", timeout: float = PATIENCE) -> T:
        """The first true answer of a condition, asked again whenever something changes in the workspace."""
        end = time.monotonic() + timeout
        while True:
            version = self._version(-1, 0)
            found = condition()
            if found:
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"waited {timeout} s for {what}")
            self._version(version, left)

    def wait_for_message(
        self,
        fits: Callable[[Message], bool] = lambda _: True,
        *,
        channel: str | None = None,
        timeout: float = PATIENCE,
    ) -> Message:
        """The newest message in a channel that fits."""
        return self._first(lambda: self.messages(channel), fits, "a message", timeout)

    def wait_for_ephemeral(
        self, member: str, fits: Callable[[Message], bool] = lambda _: True, *, timeout: float = PATIENCE
    ) -> Message:
        """The newest message for this person alone that fits."""
        return self._first(
            lambda: self.ephemerals(member), fits, f"an ephemeral message to {member}", timeout
        )

    def wait_for_direct(
        self, member: str, fits: Callable[[Message], bool] = lambda _: True, *, timeout: float = PATIENCE
    ) -> Message:
        """The newest direct message with this person that fits."""
        return self._first(lambda: self.directs(member), fits, f"a direct message to {member}", timeout)

    def wait_for_view(
        self, member: str, fits: Callable[[View], bool] = lambda _: True, *, timeout: float = PATIENCE
    ) -> View:
        """The front modal of this person that fits."""
        return self._first(lambda: self.views(member), fits, f"a view of {member}", timeout)

    def wait_for_home(
        self, member: str, fits: Callable[[View], bool] = lambda _: True, *, timeout: float = PATIENCE
    ) -> View:
        """This person's Home once it fits."""

        def homes() -> list[View]:
            found = self.home(member)
            return [found] if found is not None else []

        return self._first(homes, fits, f"the Home of {member}", timeout)

    def wait_for_connections(self, count: int = 1, *, timeout: float = PATIENCE) -> list[Json]:
        """At least so many connections of Socket Mode that are there to stay."""

        def staying() -> list[Json] | None:
            found = [each for each in self.connections() if not each["leaving"] and not each["silent"]]
            return found if len(found) >= count else None

        return self.wait_for(staying, f"{count} connections", timeout)

    def _first(self, rows: Callable[[], list[T]], fits: Callable[[T], bool], what: str, timeout: float) -> T:
        return self.wait_for(lambda: next(filter(fits, reversed(rows())), None), what, timeout)

    # ------------------------------------------------------------ over the wire

    def _messages(self, channel: str | None) -> list[Message]:
        return [to_message(row) for row in self._get("messages", channel=channel or self.channel)]

    def _act(self, name: str, wait: bool, /, **what: Any) -> Act:
        return Act(**self._post(name, wait=wait, **what))

    def _version(self, since: int, timeout: float) -> int:
        return int(self._mapping(self._get("wait", since=since, timeout=timeout))["version"])

    def _get(self, name: str, /, **query: Any) -> Any:
        return self._request("GET", f"/_control/{name}?{urlencode(query)}")

    def _post(self, name: str, /, **body: Any) -> Json:
        return self._mapping(self._request("POST", f"/_control/{name}", json.dumps(body)))

    def _request(self, verb: str, path: str, body: str | None = None) -> Any:
        status, data = self._exchange(verb, path, body)
        told = json.loads(data)
        if status == http.client.CONFLICT:
            raise Refused(told["error"])
        return told

    def _exchange(self, verb: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=90)
        try:
            connection.request(verb, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @staticmethod
    def _mapping(told: Any) -> Json:
        assert isinstance(told, dict), told  # noqa: S101 - the server is ours
        return told


def to_message(row: Json) -> Message:
    """A message out of plain data."""
    return Message(**{**row, "history": [Version(**version) for version in row["history"]]})
