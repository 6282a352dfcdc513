"""The digest: what waits for answers, told to the channel once a day, at nine in the morning."""

from datetime import UTC, date, datetime

from tagbot.consensus import Rule
from tagbot.database.models.digests import Digest
from tagbot.slack import digest_words
from tagbot.slack.client import Slack
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.home_figures import board_of, permalink
from tagbot.vocabulary import State

HOURS = range(9, 10)
"""In which it is posted, by the machine's clock: from nine on, and until ten by a bot that starts late."""

MONDAY = 0

MOST_LINES = 20
"""Questions that are listed: more would push the message apart."""


def local(now: float) -> datetime:
    """A time in seconds since 1970 by the machine's clock and calendar, which `TZ` decides."""
    return datetime.fromtimestamp(now, UTC).astimezone()


def day_due(now: datetime, how_often: str) -> str | None:
    """The day whose digest is due, at this time of the machine's; None for no digest."""
    is_day = how_often == "daily" or (how_often == "weekly" and now.weekday() == MONDAY)
    return now.date().isoformat() if is_day and now.hour in HOURS else None


def send_digest(how_often: str, slack: Slack, rule: Rule, now: float) -> None:
    """Post the digest that is due, once, whichever bot does so; a day on which nothing waits at nine has
    none.
    """
    day = day_due(local(now), how_often)
    if day is None or (digest := Digest.of(day)).ended_at is not None:
        return
    name = f"digest {day}"
    if digest.posting_since is not None:
        # Slack does not recognise a repeated post: the channel is searched for one whose answer never came.
        if now < digest.posting_since + SETTLE_SECONDS:
            return
        if name in slack.channel.announcements(digest.posting_since):
            Digest.note(day, ended_at=now)
            return
    text = text_of(slack, rule, local(now).date())
    if text:
        Digest.note(day, posting_since=now)
        slack.channel.announce(text, name)
    Digest.note(day, ended_at=now)


def text_of(slack: Slack, rule: Rule, today: date) -> str:
    """All that waits for answers in the channel, the oldest question first; empty where nothing does."""
    channel = slack.channel.id
    board = board_of(channel, rule)
    if not board.asked:
        return ""
    address = slack.address
    lines = [
        digest_words.line(
            sum(face.state == State.OPEN for face in each.faces),
            permalink(address, channel, each.request.message_ts),
            (today - local(each.request.posted_at or 0.0).date()).days,
        )
        for each in board.asked[:MOST_LINES]
    ]
    return digest_words.digest(
        lines,
        faces=len(board.open_faces),
        lacking=board.progress.lacking,
        more=len(board.asked) - len(lines),
        waiting=board.progress.waiting,
    )
