"""The sentences of `status`, for people: the same for `/facetag status` and `python bot.py status`."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Retry
from tagbot.lib.unseen import printable
from tagbot.monitoring import disk_figures
from tagbot.monitoring.heartbeat import SILENT_SECONDS, Heartbeat, are_same_queues
from tagbot.monitoring.status_figures import collect
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.socket_mode.connection_state import ConnectionState
from tagbot.training import other_models
from tagbot.vocabulary import StageName

SLACK_LETTERS = 2900
"""So many fit into a message in Slack, which takes 3,000 letters in one piece."""

MENTIONED_SECONDS = 60.0
"""A shorter time needs no mention."""

NEW_SECONDS = 5.0
"""What fails for a shorter time may be a busy moment."""

ERROR_LETTERS = 300
"""So much of an error's text is shown; `status --json` has all of it."""

LOOK = "Please look at this: "

COUNTED = {
    "ready": "ready",
    "in_flight": "being worked on",
    "delayed": "waiting for another attempt",
    "dead": "given up (dead letters)",
}
"""The counts of a queue, in words."""

Figures = Mapping[str, Any]
"""As `collect` makes them."""


def for_slack(services: Services) -> str:
    """The answer to `/facetag status`, also while the database is away."""
    try:
        with reached():
            with connected():
                this = Heartbeat.of(services)
            figures = collect(
                services.queues,
                services.inbox,
                this,
                backend=services.settings.training_backend,
                may_vote=services.settings.machine_vote == "earned",
                disk=disk_figures.figures(services.settings, time.time()),
            )
    except Retry as why:
        return f"{words.no_status(why.reason)}\n{services.link.state.in_words()}"
    return in_words(figures, SLACK_LETTERS)


def in_words(figures: Figures, letters: int | None = None) -> str:
    """The figures as sentences, a line each; for a message in Slack, which has room for so many `letters`,
    cut to that.
    """
    now = datetime.fromisoformat(figures["at"])
    lines = [printable(line) for section in SECTIONS for line in section(figures, now)]
    if letters is not None:
        lines = [words.escaped(line) for line in lines]
    shown = lines.copy()
    if letters is not None and len("\n".join(lines)) > letters:
        while shown and len("\n".join([*shown, words.more_lines(len(lines))])) > letters:
            shown.pop()
        shown.append(words.more_lines(len(lines) - len(shown)))
    return "\n".join(shown)


def troubles(figures: Figures) -> list[str]:
    """What is wrong, of all that `in_words` tells; a message that has just failed for the first time may do
    well at the next attempt, and is not among it.
    """
    now = datetime.fromisoformat(figures["at"])
    lines = [*problems(figures, now)]
    for bot in figures["bots"]:
        is_silent = bot["silent_seconds"] > SILENT_SECONDS
        lines += one_bot(bot, now) if is_silent else _failing(bot, now)
    lines += failures({"troubles": [each for each in figures["troubles"] if not _is_new(each, now)]}, now)
    return [printable(line.removeprefix(LOOK)) for line in lines]


def _is_new(trouble: Mapping[str, Any], now: datetime) -> bool:
    seconds = (now - datetime.fromisoformat(trouble["since"])).total_seconds()
    return trouble["state"] == "delayed" and seconds < NEW_SECONDS


def faces(figures: Figures, _: datetime) -> Iterator[str]:
    """How far the faces are."""
    count = figures["faces"]
    yield (
        f"Faces: {count['tagged']} tagged, {count['open']} open, {count['training']} being learned, "
        f"{count['waiting']} waiting to be asked about, {count['rejected']} set aside."
    )
    if waiting := figures.get("waiting_for_consent"):
        waits = "1 tagged face waits" if waiting == 1 else f"{waiting} tagged faces wait"
        yield f"{waits} for a person's yes before it is learned."


def machine(figures: Figures, _: datetime) -> Iterator[str]:
    """Whether the machine has a vote, where it can earn one."""
    record = figures.get("machine_vote")
    if record is None:
        return
    judged = f"it was right about {record['right']} of the last {record['sure']} faces that it was sure about"
    if record["votes"]:
        yield f"The machine has a vote: {judged}."
    else:
        yield f"The machine has no vote, or none any more: {judged}, which does not prove 99 % yet."


def problems(figures: Figures, _: datetime) -> Iterator[str]:
    """Each once: a bot may have noted a problem that `collect` finds too."""
    disk = figures.get("disk") or {"shortage": ""}
    full = [disk["shortage"]] if disk["shortage"] else []
    found = [*figures["unusable"].values(), *full, *figures["notices"], *figures["inbox_problems"]]
    for problem in dict.fromkeys(found):
        yield f"{LOOK}{short(problem)}."


def bots(figures: Figures, now: datetime) -> Iterator[str]:
    """Of bots with different queues all but the oldest stop by themselves, if they are of this version."""
    if not figures["bots"]:
        yield "No bot is running."
    running = [bot for bot in figures["bots"] if bot["silent_seconds"] <= SILENT_SECONDS]
    if running and not are_same_queues([bot["queue_url"] for bot in running]):
        queues = ", ".join(f"{bot['queue_url'] or 'unknown'} on {bot['host']}" for bot in running)
        yield f"{LOOK}bots on one database need one QUEUE_URL=sqs://PREFIX, but have {queues}."
    for bot in figures["bots"]:
        yield from one_bot(bot, now)


def one_bot(bot: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """The last heartbeat of a silent bot is old: only its silence matters."""
    stages = "all stages" if set(bot["stages"]) >= set(StageName) else ", ".join(bot["stages"])
    name = f"Bot on {bot['host']} (version {bot['version']}, {stages})"
    silent = bot["silent_seconds"]
    if silent > SILENT_SECONDS:
        yield (
            f"{LOOK}{name} was last seen {words.duration(silent)} ago."
            " If it does not run, start it again; if it does, its log says why."
        )
        return
    yield f"{name}: running since {words.moment(datetime.fromisoformat(bot['since']))}, seen just now."
    if slack := bot["slack"]:
        link = ConnectionState(**slack | {"since": datetime.fromisoformat(slack["since"]).timestamp()})
        yield (LOOK if link.trouble else "") + link.in_words()
    yield from _failing(bot, now)


def _failing(bot: Mapping[str, Any], now: datetime) -> Iterator[str]:
    for work in bot["in_hand_for_long"]:
        time = words.duration(work["seconds"])
        yield f"{LOOK}{work['stage']} has had {work['message']} in hand for {time}."
    for failure in bot["failing"]:
        began = about_time("That began {} ago.", failure["since"], now)
        yield f"{failure['door']} fails: {short(failure['reason'])}.{began}"


def photos(figures: Figures, _: datetime) -> Iterator[str]:
    """Photos that are no faces yet, or never will be."""
    if figures["inbox"]:
        yield f"Inbox: {figures['inbox']} {'photo' if figures['inbox'] == 1 else 'photos'} to take over."
    if figures["photos_without_faces"]:
        yield f"Photos in which no face was found: {figures['photos_without_faces']}."


def queues(figures: Figures, now: datetime) -> Iterator[str]:
    """Queues in which nothing is are left out."""
    for name, counts in figures["queues"].items():
        if any(counts.values()):
            counted = ", ".join(f"{counts[key]} {means}" for key, means in COUNTED.items() if counts[key])
            yield f"{name}: {counted}." + about_time("The oldest came {} ago.", figures["oldest"][name], now)
    if any(counts["dead"] for counts in figures["queues"].values()):
        yield words.RETRY_THEM


def disk(figures: Figures, now: datetime) -> Iterator[str]:
    """How much lies where on the disk, as the bot measured it last, and when there will be no more room."""
    if not (disk := figures.get("disk")):
        return
    largest = sorted(disk["bytes"].items(), key=lambda item: -item[1])
    lies = ", ".join(f"{name} {size(count)}" for name, count in largest if count)
    yield f"Disk: {lies}; {size(disk['free'])} of {size(disk['size'])} are free." + about_time(
        "At this pace it is full in {}.", disk["full_at"], now
    )


def training(figures: Figures, _: datetime) -> Iterator[str]:
    """The bill, where there is one; and what was learned elsewhere."""
    yield from other_models.in_words(figures.get("held_by_other_backends", {}))
    if usage := figures["training"]:
        cost = f"about ${usage['estimated_dollars']:.2f}"
        yield f"Amazon Rekognition since the start of the month: {usage['calls']} calls, {cost}."


def failures(figures: Figures, now: datetime) -> Iterator[str]:
    """Messages that failed, by queue and reason."""
    for each in figures["troubles"]:
        state = "waiting for another attempt" if each["state"] == "delayed" else "given up"
        first = about_time("The first of them came {} ago.", each["since"], now)
        then = about_time("Next attempt in {}.", each["until"], now)
        yield f"{each['queue']}: {each['count']} {state} because: {short(each['error'])}.{first}{then}"


def nothing_waits(figures: Figures, _: datetime) -> Iterator[str]:
    """Only where every queue could be counted."""
    if not figures["unusable"] and not any(any(counts.values()) for counts in figures["queues"].values()):
        yield "Nothing is waiting between the stages."


SECTIONS: tuple[Callable[[Figures, datetime], Iterator[str]], ...] = (
    faces, machine, problems, bots, photos, disk, queues, training, failures, nothing_waits,
)  # fmt: skip
"""The most important one first, as the end may be cut off."""


def short(text: str) -> str:
    """An error in so many letters as a line has room for."""
    return text if len(text) <= ERROR_LETTERS else text[: ERROR_LETTERS - 1] + "…"


def size(count: int) -> str:
    """Bytes, in a unit that fits."""
    for unit, bytes_of in (("GB", 1e9), ("MB", 1e6)):
        if count >= bytes_of:
            return f"{count / bytes_of:,.1f} {unit}"
    return f"{count / 1e3:,.0f} kB"


def about_time(sentence: str, moment: str | None, now: datetime) -> str:
    """The sentence with how far from now that is, before or after; nothing where that is hardly anything."""
    seconds = abs((now - datetime.fromisoformat(moment)).total_seconds()) if moment else 0.0
    return " " + sentence.format(words.duration(seconds)) if seconds >= MENTIONED_SECONDS else ""
