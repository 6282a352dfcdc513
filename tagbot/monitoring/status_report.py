"""What the bot has done, what waits and why: the same for `/facetag status` and `python bot.py status`."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol

from tagbot.database.connection import connected
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import Face
from tagbot.database.models.photos import photos_without_faces
from tagbot.database.outages import reached
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Retry
from tagbot.monitoring.heartbeat import SILENT_SECONDS, Heartbeat, are_same_queues, known_bots
from tagbot.photos.inbox import Inbox
from tagbot.queues import Counts, Trouble
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.socket_mode.link_state import LinkState
from tagbot.training.usage import usage
from tagbot.vocabulary import StageName

SLACK_LETTERS = 2900
"""What fits into a message in Slack, which takes 3,000 letters in one piece."""

MENTIONED_SECONDS = 60.0
"""What has waited for less long, and will be tried again sooner, needs no mention of the time."""

ERROR_LETTERS = 300
"""So much of an error's text is shown; `status --json` has all of it."""

NOT_KNOWN = dict.fromkeys(asdict(Counts()))
"""The counts of a queue that cannot be counted: not zeros, which would say that nothing waits."""


class Countable(Protocol):
    """The part of a queue that tells how it is."""

    def counts(self) -> Counts:
        """As `tagbot.queues.Queue` says."""

    def troubles(self) -> list[Trouble]:
        """As `tagbot.queues.Queue` says."""

    def oldest(self) -> float | None:
        """As `tagbot.queues.Queue` says."""


def collect(queues: Mapping[str, Countable], inbox: Inbox, this: Heartbeat | None = None) -> dict[str, Any]:
    """The figures, as `status --json` prints them; `this` is the bot in whose process they are collected."""
    of_queues = {name: _of_queue(queue) for name, queue in queues.items()}
    with connected():
        now = shared_now()
        return {
            "at": _utc(time.time()),
            "faces": Face.counts(),
            "queues": {name: each["counts"] for name, each in of_queues.items()},
            "oldest": {name: each["oldest"] for name, each in of_queues.items()},
            "unusable": {name: each["problem"] for name, each in of_queues.items() if each["problem"]},
            "bots": [_of_bot(this if this and this.id == bot.id else bot, now) for bot in known_bots()],
            "inbox": inbox.waiting(),
            "photos_without_faces": photos_without_faces(),
            "training": usage(time.time()),
            "notices": [notice.text for notice in Notice.select().order_by(Notice.since)],
            "troubles": [
                {"queue": name, **trouble} for name, each in of_queues.items() for trouble in each["troubles"]
            ],
        }


def _of_bot(bot: Heartbeat, now: float) -> dict[str, Any]:
    """`now` is by the clock by which it was seen, the database's."""
    return {
        "host": bot.host,
        "version": bot.version,
        "stages": bot.stages,
        "since": _utc(bot.started_at),
        "last_seen": _utc(bot.seen_at),
        "silent_seconds": round(bot.silent(now), 3),
        "queue_url": bot.queue_url,
        "slack": bot.slack and bot.slack | {"since": _utc(bot.slack["since"])},
        "failing": [failure | {"since": _utc(failure["since"])} for failure in bot.failing],
        "in_hand_for_long": bot.in_hand_for_long,
    }


def _of_queue(queue: Countable) -> dict[str, Any]:
    """One that cannot be used hides nothing of the others."""
    try:
        return {
            "counts": asdict(queue.counts()),
            "oldest": _utc(queue.oldest()),
            "troubles": [_of_trouble(trouble) for trouble in queue.troubles()],
            "problem": "",
        }
    except Retry as why:
        return {"counts": NOT_KNOWN, "oldest": None, "troubles": [], "problem": why.reason}


def _of_trouble(trouble: Trouble) -> dict[str, Any]:
    return asdict(trouble) | {"since": _utc(trouble.since), "until": _utc(trouble.until)}


def for_slack(services: Services) -> str:
    """What `/facetag status` says; also while the database is away, of which it then tells."""
    link = services.link.state
    try:
        with reached():
            with connected():
                this = Heartbeat.of(services)
            return in_words(collect(services.queues, services.inbox, this), SLACK_LETTERS)
    except Retry as why:
        return f"{words.no_status(why.reason)}\n{link.in_words()}"


def in_words(status: Mapping[str, Any], letters: int | None = None) -> str:
    """The figures as sentences, for people; cut to so many `letters` where the place has no more."""
    return _cut(_lines(status), letters)


def _lines(status: Mapping[str, Any]) -> list[str]:
    """What matters most comes first."""
    now = datetime.fromisoformat(status["at"])
    faces = status["faces"]
    about_faces = (
        f"Faces: {faces['tagged']} tagged, {faces['open']} open, {faces['training']} being learned, "
        f"{faces['waiting']} waiting to be asked, {faces['rejected']} set aside."
    )
    lines = [
        about_faces,
        *(f"Please look at this: {_short(each)}." for each in _to_look_at(status)),
        *_about_bots(status["bots"], now),
        *_about_photos(status),
        *_about_queues(status, now),
        *_what_to_do(status),
        *_about_training(status["training"]),
        *(_about_trouble(trouble, now) for trouble in status["troubles"]),
    ]
    if not status["unusable"] and not any(any(counts.values()) for counts in status["queues"].values()):
        lines.append("Nothing is waiting between the stages.")
    return lines


def _to_look_at(status: Mapping[str, Any]) -> list[str]:
    """Each once: a bot may have noted what whoever asks finds too."""
    return list(dict.fromkeys([*status["unusable"].values(), *status["notices"]]))


def _cut(lines: list[str], letters: int | None) -> str:
    if letters is None or len("\n".join(lines)) <= letters:
        return "\n".join(lines)
    shown = list(lines)
    while shown and len("\n".join([*shown, words.more_lines(len(lines))])) > letters:
        shown.pop()
    return "\n".join([*shown, words.more_lines(len(lines) - len(shown))])


def _short(text: str) -> str:
    return text if len(text) <= ERROR_LETTERS else text[: ERROR_LETTERS - 1] + "…"


def _about_bots(bots: list[dict[str, Any]], now: datetime) -> list[str]:
    if not bots:
        return ["No bot is running."]
    return [*_about_strangers(bots), *(line for bot in bots for line in _about_bot(bot, now))]


def _about_strangers(bots: list[dict[str, Any]]) -> Iterator[str]:
    """Of bots with different queues all but the oldest stop by themselves, if they are of this version."""
    running = [bot for bot in bots if bot["silent_seconds"] <= SILENT_SECONDS]
    if running and not are_same_queues([bot["queue_url"] for bot in running]):
        queues = ", ".join(f"{bot['queue_url'] or 'unknown'} on {bot['host']}" for bot in running)
        yield f"Please look at this: bots on one database need one QUEUE_URL=sqs://PREFIX, but have {queues}."


def _about_bot(bot: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What it told last; of one that is silent, this is old, and only its silence matters."""
    name = f"Bot on {bot['host']} (version {bot['version']}, {_stages(bot['stages'])})"
    silent = bot["silent_seconds"]
    if silent > SILENT_SECONDS:
        yield (
            f"Please look at this: {name} was last seen {words.duration(silent)} ago."
            " If it does not run, start it again; if it does, its log says why."
        )
        return
    yield f"{name}: running since {words.moment(datetime.fromisoformat(bot['since']))}, seen just now."
    if slack := bot["slack"]:
        link = LinkState(**slack | {"since": datetime.fromisoformat(slack["since"]).timestamp()})
        yield ("Please look at this: " if link.trouble else "") + link.in_words()
    for held in bot["in_hand_for_long"]:
        yield (
            f"Please look at this: {held['stage']} has had {held['message']} in hand for "
            f"{words.duration(held['seconds'])}."
        )
    for failure in bot["failing"]:
        began = _time("That began {} ago.", failure["since"], now)
        yield f"{failure['door']} fails: {_short(failure['reason'])}.{began}"


def _stages(names: list[str]) -> str:
    return "all stages" if set(names) >= set(StageName) else ", ".join(names)


def _about_queues(status: Mapping[str, Any], now: datetime) -> list[str]:
    return [
        _about_queue(name, counts) + _time("The oldest came {} ago.", status["oldest"][name], now)
        for name, counts in status["queues"].items()
        if any(counts.values())
    ]


def _what_to_do(status: Mapping[str, Any]) -> list[str]:
    given_up = any(counts["dead"] for counts in status["queues"].values())
    return [words.RETRY_THEM] if given_up else []


def _time(sentence: str, moment: str | None, now: datetime) -> str:
    """The sentence with how far from now that is, before or after; nothing where that is hardly anything."""
    seconds = abs((now - datetime.fromisoformat(moment)).total_seconds()) if moment else 0.0
    return " " + sentence.format(words.duration(seconds)) if seconds >= MENTIONED_SECONDS else ""


def _about_photos(status: Mapping[str, Any]) -> list[str]:
    lines = []
    if status["inbox"]:
        photos = "photo" if status["inbox"] == 1 else "photos"
        lines.append(f"Inbox: {status['inbox']} {photos} to take over.")
    if status["photos_without_faces"]:
        lines.append(f"Photos in which no face was found: {status['photos_without_faces']}.")
    return lines


def _about_queue(name: str, counts: Mapping[str, int]) -> str:
    parts = {
        "ready": "ready",
        "in_flight": "being worked on",
        "delayed": "waiting for another attempt",
        "dead": "given up (dead letters)",
    }
    return (
        f"{name}: " + ", ".join(f"{counts[key]} {words}" for key, words in parts.items() if counts[key]) + "."
    )


def _about_training(usage: Mapping[str, Any] | None) -> list[str]:
    if usage is None:
        return []
    cost = f"about ${usage['estimated_dollars']:.2f}"
    return [f"Amazon Rekognition since the start of the month: {usage['calls']} calls, {cost}."]


def _about_trouble(trouble: Mapping[str, Any], now: datetime) -> str:
    what = "waiting for another attempt" if trouble["state"] == "delayed" else "given up"
    line = f"{trouble['queue']}: {trouble['count']} {what} because: {_short(trouble['error'])}."
    first = _time("The first of them came {} ago.", trouble["since"], now)
    return line + first + _time("Next attempt in {}.", trouble["until"], now)


def _utc(seconds: float | None) -> str | None:
    return (
        None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    )
