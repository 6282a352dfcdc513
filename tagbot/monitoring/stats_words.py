"""The sentences of `stats`, for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from tagbot.monitoring import stats_figures
from tagbot.monitoring.stats_figures import LAST
from tagbot.settings import Settings
from tagbot.slack import words


def of_today(settings: Settings) -> list[str]:
    """The sentences of now, a line each. Raises `Retry` while the database is away."""
    return list(in_words(stats_figures.collect(may_vote=settings.machine_vote == "earned")))


def in_words(figures: Mapping[str, Any]) -> Iterator[str]:
    """The figures as sentences, a line each."""
    yield from people(figures)
    yield from machine(figures["machine"])
    yield from amazon(figures["aws"])


def people(figures: Mapping[str, Any]) -> Iterator[str]:
    """How much is asked of them, and how well they do."""
    labelled, answers, clicks = (figures[each] for each in ("labelled", "answers", "clicks"))
    given = f"{counted(answers, 'answer')} and {counted(clicks, 'click')}"
    if figures["asked"]:
        yield f"{counted(figures['asked'], 'face')} asked about, {figures['closed']:,} of them closed."
    if not labelled:
        yield f"No face is labelled yet{f'; people gave {given}' if answers else ''}."
        return
    yield (
        f"{counted(labelled, 'face')} labelled by {given}: {figures['answers_per_face']:.2f} answers and "
        f"{figures['clicks_per_face']:.2f} clicks for each."
    )
    if not any(figures[each] for each in ("agreed_at_once", "alpha", "median_seconds")):
        return  # those who are in them were forgotten, and with them what was answered
    yield "Of the last 10,000 faces:" if labelled > LAST else "Of these faces:"
    yield f"- People agreed at once on {percent(figures['agreed_at_once'])}."
    if figures["alpha"] is not None:
        yield (
            f"- Krippendorff's alpha of their answers is {figures['alpha']:.2f}: 1 is agreement always, 0 is "
            "agreement by chance."
        )
    if figures["median_seconds"] is not None:
        yield f"- Half were decided within {words.duration(figures['median_seconds'])} of being asked about."


def machine(record: Mapping[str, Any]) -> Iterator[str]:
    """How it did where its opinion could be compared with people's."""
    if not record["sure"]:
        yield "The machine has no record yet, and no vote."
        return
    yield (
        f"The machine was sure {counted(record['sure'], 'time')} where people alone decided, and right "
        f"{counted(record['right'], 'time')}: {percent(record['precision'])}, which is at least "
        f"{percent(record['lower_bound'])} with a certainty of 95 %."
    )
    yield "Its opinion counts as a vote." if record["votes"] else "Its opinion does not count as a vote."


def amazon(aws: Mapping[str, Any]) -> Iterator[str]:
    """The bill so far, where there is one."""
    if aws["calls"]:
        calls = ", ".join(
            f"{count} {operation.title().replace('_', '')}" for operation, count in aws["calls"].items()
        )
        yield f"Calls to Amazon Rekognition: {calls}; about ${aws['dollars']:.2f}."


def counted(count: int, what: str) -> str:
    """So many of something whose plural ends in s."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.1f} %"
