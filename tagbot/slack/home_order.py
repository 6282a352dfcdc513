"""Which request stands in which place of one member's Home, from one drawing of it to the next; pure.

Where an answered question vanished at once, the next one would slide under the finger that answered, and a
second tap would answer that. So a question stays in its place when it is done, and the next one takes it
later.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from tagbot.slack.home_view import MOST_ASKED

HELD_SECONDS = 2.0
"""So long a place has no control once its question is done: longer than somebody who taps twice takes, and so
short that the next question is there when they have read that they were heard.
"""

LEFT_SECONDS = 60.0
"""So long what is done stays where nothing follows, counted from the last one: while a member goes through
their questions, none of them moves up.
"""


@dataclass(frozen=True, slots=True)
class Pictured:
    """A question with its pictures, as it was drawn."""

    blocks: Sequence[dict[str, Any]]
    mark: object
    """Another one as soon as its pictures are others."""


@dataclass(frozen=True, slots=True)
class Place:
    """A request in its place."""

    request: str
    is_waiting: bool = True
    """For the member's answer; else it is done, as they answered or it closed."""
    done_at: float | None = None
    """When Slack first showed it so."""
    pictured: Pictured | None = None
    """Of one that is done, None where its pictures may not be shown any more."""


@dataclass(frozen=True, slots=True)
class HomeOrder:
    """All places of one Home, from above; empty before it is drawn."""

    places: Sequence[Place] = ()

    def done(self, waiting: Collection[str]) -> list[str]:
        """The requests that keep a place and are not among those that wait for the member."""
        return [each.request for each in self.places if each.request not in waiting]

    def arranged(
        self, waiting: Sequence[str], marks: Mapping[str, object], held: Collection[str], now: float
    ) -> Self:
        """As the Home is drawn next, where these requests wait for the member, in the order in which they
        would be asked anew. `marks` are those of what is done, as far as it is there at all; what is in
        `held` keeps its place, as there is something to say about it.
        """
        places = [self._as_it_is(each, waiting, marks) for each in self.places]
        placed = {each.request for each in places}
        following = [each for each in waiting if each not in placed]
        free = [at for at, each in enumerate(places) if each.request not in held and _is_free(each, now)]
        for at, request in zip(free, following, strict=False):
            places[at] = Place(request)
        done_at = [now if each.done_at is None else each.done_at for each in places if not each.is_waiting]
        last = max(done_at, default=now)
        if now >= last + LEFT_SECONDS:
            places = [each for each in places if each.request in held or not _is_free(each, now)]
        new = following[len(free) :][: MOST_ASKED - len(places)]
        return replace(self, places=[*places, *map(Place, new)])

    def without_pictures(self) -> Self:
        """The same, with none of what is done."""
        places = [each if each.is_waiting else replace(each, pictured=None) for each in self.places]
        return replace(self, places=places)

    def shown(self, now: float) -> Self:
        """The same once Slack shows it: from then on nobody taps where a control was."""
        places = [
            each if each.is_waiting or each.done_at is not None else replace(each, done_at=now)
            for each in self.places
        ]
        return replace(self, places=places)

    def changes_at(self, now: float) -> float:
        """When it is to be arranged anew without anything else happening; infinity where it is not."""
        done = [each.done_at for each in self.places if each.done_at is not None]
        times = [each + HELD_SECONDS for each in done] + [max(done, default=now) + LEFT_SECONDS]
        return min((each for each in times if done and each > now), default=float("inf"))

    @staticmethod
    def _as_it_is(place: Place, waiting: Collection[str], marks: Mapping[str, object]) -> Place:
        if place.request in waiting:
            return Place(place.request, pictured=place.pictured)
        mark = marks.get(place.request)
        is_same = place.pictured is not None and mark == place.pictured.mark
        return replace(place, is_waiting=False, pictured=place.pictured if is_same else None)


def _is_free(place: Place, now: float) -> bool:
    """Whether another request may take it."""
    return not place.is_waiting and place.done_at is not None and now >= place.done_at + HELD_SECONDS
