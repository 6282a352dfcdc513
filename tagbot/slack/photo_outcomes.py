"""Telling the members who posted photos what came of each: a word that they alone see."""

from collections.abc import Callable

from tagbot.database.models.faces import Face
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.errors import Retry
from tagbot.slack import posted_photo_words as words
from tagbot.slack.channel import Channel
from tagbot.vocabulary import PhotoOutcome, State

AT_ONCE = 20
"""So many are told in one run."""

MANY = 10
"""Faces that wait, from which on a member is told that theirs may be asked about late."""

WhyDead = Callable[[str], str | None]
"""Why the message of this id is a dead letter; None where it is none."""


def tell_of_photos(channel: Channel, now: float) -> None:
    """Tell all of whom a word is due, each once; `channel` is the one that tags. One who cannot be told now
    holds up no other, and raises `Retry` in the end.
    """
    problem: Retry | None = None
    for posted, faces in PostedPhoto.to_tell(AT_ONCE):
        try:
            # Slack has no way to look for it. A bot that dies between this and the next line says it once
            # more, as that does less harm than to say nothing.
            channel.tell(str(posted.member), word(posted, faces, channel.id), str(posted.channel))
        except Retry as why:
            problem = why
        else:
            PostedPhoto.note(posted.id, told_at=now, member=None, channel=None, reason=None)
    PostedPhoto.forget_old(now)
    if problem is not None:
        raise problem


def tell_of_given_up(channel: Channel, why_dead: WhyDead, now: float) -> None:
    """Tell the members whose photo was given up, each once; it goes on after `retry`."""
    for posted in PostedPhoto.under_way():
        reason = why_dead(posted.id)
        if reason is not None:
            which = words.which_photo(posted.number, posted.out_of)
            channel.tell(str(posted.member), which + words.photo_given_up(reason), str(posted.channel))
            PostedPhoto.note(posted.id, failure_told_at=now)


def word(posted: PostedPhoto, faces: int, channel: str) -> str:
    """The word about a photo, in which so many faces were found."""
    elsewhere = channel if posted.channel != channel else ""
    match posted.outcome:
        case None:
            told = words.faces_found(faces, elsewhere, _many_others(str(posted.sha256)))
        case PhotoOutcome.REFUSED:
            told = words.photo_refused(str(posted.reason))
        case outcome:
            told = words.NOT_SEARCHED[outcome]
    return words.which_photo(posted.number, posted.out_of) + told


def _many_others(sha256: str) -> int:
    """How many faces of other photos wait to be asked about; 0 for a few."""
    own = Face.select().where((Face.photo == sha256) & (Face.state == State.WAITING)).count()
    others = Face.counts()[State.WAITING] - own
    return others if others >= MANY else 0
