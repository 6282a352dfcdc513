"""Photos that came into the inbox, or are to be brought there."""

from typing import ClassVar

from tagbot.messages.message import Message
from tagbot.vocabulary import INBOX, QueueName


class PhotoArrived(Message, frozen=True, kw_only=True):
    """A file lies in the inbox, whole."""

    QUEUE: ClassVar[str] = INBOX

    name: str

    @property
    def key(self) -> str:
        return self.name

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.name}"


class PhotoPosted(Message, frozen=True, kw_only=True):
    """A member wants a picture taken in that is at Slack: they posted it, or used the shortcut on it."""

    QUEUE: ClassVar[str] = QueueName.SLACK_PHOTO

    file: str
    """Slack's id of it."""
    by: str = ""
    """Slack id of the member."""
    channel: str = ""
    """Slack's id of the channel where the picture stands."""
    at: str = ""
    """Slack's time of their act, to the microsecond: the `ts` of the message, or of the shortcut."""
    number: int = 1
    """Which of the pictures in one message it is."""
    out_of: int = 1
    """How many of them there are."""

    @property
    def key(self) -> str:
        return self.file

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.file}:{self.at}"

    @property
    def said_by(self) -> str | None:
        return self.by or None

    @property
    def said_in(self) -> str:
        return self.channel
