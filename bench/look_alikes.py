"""Who is taken for whom: the other person whose face is nearest, as the recogniser sees it."""

from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import dist
from os import cpu_count
from statistics import fmean
from typing import Any

from bench.known_faces import Known
from tagbot.vocabulary import RejectionReason
from tests.recogniser import a_recogniser

PHOTOS = 3
"""Of each person: the mean of their faces is close to that of all."""


def look_alikes(people: Sequence[Known]) -> dict[str, str]:
    """By Slack id, the Slack id of another one. A person whom the recogniser does not see is like anybody."""
    recogniser = a_recogniser(processes=None)
    try:
        with ThreadPoolExecutor(cpu_count()) as threads:
            seen = threads.map(partial(_mean, partial(recogniser.call, "describe")), people)
            means = {person.slack_id: mean for person, mean in zip(people, seen, strict=True)}
    finally:
        recogniser.close()

    def distance(one: str, other: str) -> float:
        return dist(means[one], means[other]) if means[one] and means[other] else 1.0

    return {
        one: min((other for other in means if other != one), key=lambda other: distance(one, other))
        for one in means
    }


def _mean(describe: Callable[[bytes], Any], person: Known) -> list[float]:
    """Of the vectors of some photos; empty where there is none."""
    described = (describe(photo.read_bytes()) for photo in person.photos[:PHOTOS])
    vectors = [array("f", each.vector) for each in described if not isinstance(each, RejectionReason)]
    return [fmean(values) for values in zip(*vectors, strict=True)]
