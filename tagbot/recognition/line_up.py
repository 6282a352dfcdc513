"""The names that a request offers. Pure."""

from collections.abc import Collection, Mapping, Sequence

from tagbot.recognition.resemblance import Resemblance
from tagbot.vocabulary import LEAST_OFFERED


def line_up(
    nearest: Sequence[Resemblance],
    names: Mapping[str, str],
    *,
    most: int,
    resembles: float,
    named: Collection[str] = (),
) -> tuple[str, ...]:
    """The people whose names a request offers, in alphabetical order; none where nobody resembles its faces.

    `nearest` come in order; those without a name in `names`, by which they are sorted, are not offered.
    People `named` in the photo itself are among the offered. There are always as many as there may be, so
    that their number does not tell how many people resemble the face, or whether one was named.
    """
    known = [each for each in nearest if each.person in names]
    first = [person for person in sorted(named) if person in names]
    if not first and not any(each.distance <= resembles for each in known):
        return ()
    offered = list(dict.fromkeys([*first, *(each.person for each in known)]))[:most]
    if len(offered) < LEAST_OFFERED:
        return ()
    return tuple(sorted(offered, key=lambda person: (names[person], person)))
