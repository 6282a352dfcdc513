"""Who is taken for whom: the other person whose face is nearest, as the recogniser sees it."""

from array import array
from collections.abc import Mapping, Sequence
from math import dist
from pathlib import Path
from statistics import fmean

from bench.child import in_child
from bench.known_faces import Known

PHOTOS = 3
"""Of each person: the mean of their faces is close to that of all."""


def look_alikes(people: Sequence[Known]) -> dict[str, str]:
    """By Slack id, the Slack id of another one."""
    photos = {person.slack_id: [str(photo) for photo in person.photos[:PHOTOS]] for person in people}
    nearest: dict[str, str] = in_child(f"{__name__}:nearest", photos=photos)
    return nearest


def nearest(photos: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """In a child."""
    from tagbot.training.backend import Refused
    from tagbot.training.dlib_faces import Recogniser

    recogniser = Recogniser()
    means: dict[str, list[float]] = {}
    for who, paths in photos.items():
        described = (recogniser.describe(Path(path).read_bytes()) for path in paths)
        vectors = [array("f", each) for each in described if not isinstance(each, Refused)]
        if vectors:
            means[who] = [fmean(values) for values in zip(*vectors, strict=True)]
    others = {who: [other for other in sorted(means) if other != who] for who in photos}
    return {
        who: min(others[who], key=lambda other: dist(means[who], means[other]) if who in means else 0.0)
        for who in photos
    }
