"""Small tables beside the faces: counts, notices, and what the bots keep for each other."""

from typing import ClassVar

from peewee import BooleanField, CharField, CompositeKey, DoubleField, IntegerField, TextField

from tagbot.database.models.base import Table, execute
from tagbot.database.write_lock import writing


class Tally(Table):
    """A count, kept so that a million rows need not be counted. The database writes it itself: see the
    triggers in migration 0004.
    """

    EMPTY_PHOTO: ClassVar = "empty photo"

    what = CharField(32, primary_key=True)
    """A state of faces, or `EMPTY_PHOTO`."""
    count = IntegerField()


class Effort(Table):
    """How much people did: counts that outlive the votes, and tell nothing of who did it."""

    what = CharField(16, primary_key=True)
    """`answers` or `clicks`."""
    count = IntegerField()

    @classmethod
    def add_answer(cls, clicks: int) -> None:
        """Count one answer, however many faces it is about, that took so many clicks."""
        execute(
            "INSERT INTO effort (what, count) VALUES ('answers', 1), ('clicks', ?)"
            " ON CONFLICT (what) DO UPDATE SET count = effort.count + excluded.count",
            clicks,
        )

    @classmethod
    def add_clicks(cls, clicks: int) -> None:
        """Count clicks that are no answer."""
        execute(
            "INSERT INTO effort (what, count) VALUES ('clicks', ?)"
            " ON CONFLICT (what) DO UPDATE SET count = effort.count + excluded.count",
            clicks,
        )

    @classmethod
    def add_forgotten(cls, faces: int) -> None:
        """Count faces that people had labelled, and that were forgotten."""
        execute(
            "INSERT INTO effort (what, count) VALUES ('forgotten', ?)"
            " ON CONFLICT (what) DO UPDATE SET count = effort.count + excluded.count",
            faces,
        )

    @classmethod
    def counts(cls) -> dict[str, int]:
        """Of `answers` and `clicks`."""
        return {what: cls._count(what) for what in ("answers", "clicks")}

    @classmethod
    def forgotten(cls) -> int:
        """How many faces that people had labelled were forgotten since."""
        return cls._count("forgotten")

    @classmethod
    def _count(cls, what: str) -> int:
        return getattr(cls.get_or_none(cls.what == what), "count", 0)


class BackendCalls(Table):
    """How often an operation of the training backend was called, by month."""

    month = CharField(7)
    """Of UTC, as 2026-11."""
    operation = CharField(64)
    count = IntegerField()

    class Meta:
        primary_key = CompositeKey("month", "operation")


class Notice(Table):
    """Something that the operator should know until it is dealt with."""

    name = CharField(64, primary_key=True)
    text = TextField()
    since = DoubleField()

    @classmethod
    def put(cls, name: str, text: str, now: float) -> None:
        """Store it; one that is there already stays as it was."""
        with writing():
            cls.insert(name=name, text=text, since=now).on_conflict_ignore().execute()

    @classmethod
    def clear(cls, name: str) -> None:
        """It has been dealt with."""
        with writing():
            cls.delete().where(cls.name == name).execute()

    @classmethod
    def clear_all(cls, beginning: str) -> None:
        """The same for all whose names begin so."""
        with writing():
            cls.delete().where(cls.name.startswith(beginning)).execute()


class RunningBot(Table):
    """The latest heartbeat of a bot, which each sends every few seconds as long as it runs."""

    id = TextField(primary_key=True)
    seen_at = DoubleField()
    told = TextField()
    """JSON: the fields of a `Heartbeat`."""


class HeardChannel(Table):
    """Until when Slack has told the bots of what people post in the channel whose photos are taken in."""

    channel = CharField(32, primary_key=True)
    until = DoubleField()

    @classmethod
    def until_when(cls, channel: str) -> float | None:
        """Seconds since 1970; None where no bot ever listened there."""
        row = cls.get_or_none(cls.channel == channel)
        return None if row is None else float(row.until)

    @classmethod
    def note(cls, channel: str, now: float) -> None:
        """All is heard there until now, and nothing in another channel, which may tag again one day."""
        row = cls.insert(channel=channel, until=now)
        with writing():
            cls.delete().where(cls.channel != channel).execute()
            row.on_conflict(conflict_target=[cls.channel], preserve=[cls.until]).execute()

    @classmethod
    def forget(cls) -> None:
        """No bot listens any more: a photo that is posted from now on is not missed."""
        if cls.select().exists():
            with writing():
                cls.delete().execute()


class RateLimitState(Table):
    """When the next call is allowed of those that all bots on this database limit together."""

    name = CharField(64, primary_key=True)
    next_at = DoubleField()

    class Meta:
        table_name = "turn"


class FailedMessage(Table):
    """A message at Amazon SQS that failed, and waits for another attempt or is a dead letter: the part of it
    that SQS cannot keep. `tagbot.queues.sqs.failure_records` writes and reads it.
    """

    queue = CharField(64)
    message_id = TextField()
    key = TextField()
    """The id of the face, say, that the message is about."""
    state = CharField(16)
    attempt = IntegerField()
    """The next one's number."""
    received = IntegerField()
    """How often SQS had handed the message out by then."""
    error = TextField()
    first_seen = DoubleField()
    not_before = DoubleField()
    failing_since = DoubleField(null=True)
    """Its first failure in a row; None for a dead letter that never can work."""
    handle = TextField(null=True)
    """By which SQS deletes it while it waits: SQS shows it to nobody then."""
    text = TextField(null=True)
    """What it says, while it waits."""

    class Meta:
        primary_key = CompositeKey("queue", "message_id")


class StallAlert(Table):
    """That tagging is held up: from when it is noticed until the channel was told that it goes on.
    `tagbot.monitoring.stall_alert` writes and reads it.
    """

    noticed_at = DoubleField(primary_key=True)
    saying = TextField(null=True)
    """The name of what the channel is being told: the intent, set before Slack is called."""
    told = BooleanField(default=False)
    """Whether the channel knows of any of it."""
    known = TextField(default="{}")
    """JSON: what the channel was told of, or what goes on since then: until when, by where it fails."""

    class Meta:
        table_name = "hold_up"

    def put(self) -> None:
        """Store it as it is here."""
        row = {name: getattr(self, name) for name in ("noticed_at", "saying", "told", "known")}
        with writing():
            type(self).insert(row).on_conflict(
                conflict_target=[StallAlert.noticed_at],
                preserve=[StallAlert.saying, StallAlert.told, StallAlert.known],
            ).execute()

    def end(self) -> None:
        """It is over."""
        with writing():
            self.delete_instance()
