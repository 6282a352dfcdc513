"""People who are not to be tagged: of each no more than a keyed hash of their account's id."""

from peewee import CharField, DoubleField

from tagbot.database.models.base import Table, execute
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash


class OptOut(Table):
    """An account whose person is never tagged. Without the key, nobody can tell whose it is."""

    id = CharField(64, primary_key=True)
    """The keyed hash of Slack's id."""
    key_id = CharField(16)
    """Which key made it: with another one, it keeps nobody out."""
    since = DoubleField()

    @classmethod
    def keep_out(cls, slack_id: str, key: KeyedHash, now: float) -> None:
        """From now on, this account's person cannot be tagged."""
        row = {"id": key.of(slack_id), "key_id": key.id, "since": now}
        with writing():
            cls.insert(row).on_conflict_ignore().execute()

    @classmethod
    def let_in(cls, slack_id: str, key: KeyedHash) -> None:
        """They can be tagged again."""
        with writing():
            cls.delete().where(cls.id == key.of(slack_id)).execute()

    @classmethod
    def has(cls, slack_id: str, key: KeyedHash) -> bool:
        """Whether this account's person is not to be tagged."""
        return execute("SELECT 1 FROM opt_out WHERE id = ?", key.of(slack_id)).fetchone() is not None

    @classmethod
    def problem(cls, key: KeyedHash) -> str | None:
        """The operator's to mend: people whom this key does not keep out; None where it does for all."""
        others = cls.select().where(cls.key_id != key.id).count()
        if not others:
            return None
        people = "1 person" if others == 1 else f"{others} people"
        return (
            f"{people} asked not to be tagged while DATA_DIR had another opt-out.key, so nothing keeps them "
            "out: bring that file back from a backup, or copy it from the bot that has it"
        )
