"""The running workspace: the plain data of `state`, and what lives only as long as the server."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from string import ascii_uppercase, digits

from tagbot.sandbox.defaults import default_workspace
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Channel, Json, Member, Message, Rules, Workspace

ALPHABET = digits + ascii_uppercase


class Changes:
    """Counts the changes of the workspace, so that one can wait for the next."""

    def __init__(self) -> None:
        self.version = 0
        self._next = asyncio.Event()

    def note(self) -> None:
        """Something changed: wake everybody who waits."""
        self.version += 1
        past, self._next = self._next, asyncio.Event()
        past.set()

    async def since(self, version: int, timeout: float) -> int:
        """The version, as soon as it is not `version` any more, or after `timeout` seconds."""
        if self.version == version:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._next.wait(), timeout)
        return self.version


@dataclass
class Call:
    """One line of the ledger. `at` is monotonic, in seconds; `args` are without tokens."""

    method: str
    args: Json
    at: float
    status: int | None = None
    answer: Json = field(default_factory=dict)
    fault: str = ""


class World:
    """The workspace with its rules, its ledger and the contents of its files."""

    def __init__(self, workspace: Workspace | None = None, rules: Rules | None = None) -> None:
        self.workspace = workspace or default_workspace()
        self.rules = rules or Rules()
        self.changes = Changes()
        self.ledger: list[Call] = []
        self.contents: dict[str, bytes] = {}
        self.base_url = ""

    # ------------------------------------------------------------ ids and times

    def new_id(self, prefix: str) -> str:
        """A new id in Slack's form: a letter and capitals or digits (for a file `^[F][A-Z0-9]{8,}$`)."""
        self.workspace.serial += 1
        number, written = self.workspace.serial, ""
        while number:
            number, digit = divmod(number, len(ALPHABET))
            written = ALPHABET[digit] + written
        return f"{prefix}0{written:0>9}"

    def new_ts(self) -> str:
        """The time as Slack writes it; newer than every other one, so it names a message."""
        newest = max(time.time_ns() // 1000, self.workspace.last_ts + 1)
        self.workspace.last_ts = newest
        return f"{newest // 1_000_000}.{newest % 1_000_000:06d}"

    # ------------------------------------------------------------ finding things

    def member(self, member: str) -> Member:
        """An account by id, for people and the control surface."""
        if member not in self.workspace.members:
            raise Refused(f"There is no member {member}.")
        return self.workspace.members[member]

    def channel(self, channel: str) -> Channel:
        """A channel by id, for people and the control surface."""
        if channel not in self.workspace.channels:
            raise Refused(f"There is no channel {channel}.")
        return self.workspace.channels[channel]

    def direct(self, member: str) -> Channel | None:
        """The direct conversation of the bot with a member, if it was ever opened."""
        channels = self.workspace.channels.values()
        return next((each for each in channels if member and each.direct_with == member), None)

    def posted(self, channel: str, ts: str) -> Message | None:
        """The message that everybody in a channel sees at this ts."""
        messages = self.workspace.channels[channel].messages
        return next((message for message in reversed(messages) if message.ts == ts), None)

    def ephemeral(self, ts: str) -> Message | None:
        """The message at this ts that one person sees."""
        return next((message for message in self.workspace.ephemerals if message.ts == ts), None)

    # ------------------------------------------------------------ changing things

    def post(self, message: Message) -> Message:
        """Put a message where it belongs."""
        if message.ephemeral_to:
            self.workspace.ephemerals.append(message)
        else:
            self.workspace.channels[message.channel].messages.append(message)
        self.changes.note()
        return message

    def remove(self, message: Message) -> None:
        """Take a message away, which the channel remembers for the tests; a tombstone takes the place of one
        that has replies.
        """
        message.deleted = True
        if message.ephemeral_to:
            self.workspace.ephemerals.remove(message)
        else:
            channel = self.workspace.channels[message.channel]
            place = channel.messages.index(message)
            is_parent = any(each.thread_ts == message.ts for each in channel.messages)
            channel.messages[place : place + 1] = [_tombstone(message)] if is_parent else []
            channel.removed.append(message)
        self.changes.note()


def _tombstone(message: Message) -> Message:
    return Message(message.ts, message.channel, "USLACKBOT", "This message was deleted.", is_tombstone=True)
