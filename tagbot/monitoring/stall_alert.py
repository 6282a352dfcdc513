"""Telling the channel once that tagging is held up, and once that it goes on.

What counts is a failure that lasts: since when something has failed at each attempt, never since when it
waits. It is told by the place where it fails: the messages of one queue, a queue that cannot be used, a stage
that gets no messages or hangs, the connections to Slack, the database.

- What has failed for ten minutes and is not known to the channel is told, and whatever else fails then is
  known with it, as it is mostly the same thing. A place stays known for as long as it goes on failing. So two
  things that fail at different places are both told, however long one of them lasts.
- A message that was given up, as what it failed at did not work for an hour, holds tagging up until somebody
  says `retry`: the channel does not hear before that it goes on. It is told once like any other, and hides
  nothing: a message that begins to fail at the same place later is told again.
- A dead letter that never can work (a `Reject`, or a bug) holds up nothing but itself, and is for `status`.
- It goes on when nothing has failed for ten minutes, and nothing waits that came before.

What was told is in the database, so that a restart does not repeat it. While the database does not take it,
it is kept in memory, and the channel's own history says what the channel has heard: of several bots, none of
which can know of the others then, a word that came within the last hour is enough. (Two that look in the same
second may both say it.)
"""

import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tagbot.database.connection import is_connected
from tagbot.database.models.bookkeeping import Notice, StallAlert
from tagbot.database.outages import reached
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Retry
from tagbot.lib.in_flight import TAKING
from tagbot.monitoring.heartbeat import Heartbeat, other_bots
from tagbot.queues import Queue
from tagbot.services import Services
from tagbot.slack import words
from tagbot.training.usage import PHOTOS_WAIT

STALLED_SECONDS = 600.0
"""What fails for less long, people hardly notice."""

SAME_SECONDS = 60.0
"""What fails again within this time has not been over: a few looks."""

SAID_SECONDS = 3600.0
"""While the database is away, the channel's history is searched for so long."""

HELD_UP, GOES_ON = "held-up", "goes-on"
"""By which a message that says so is found again."""

THE_DATABASE = "the database"


@dataclass(slots=True)
class Memory:
    """What a bot remembers from look to look; all that is known while the database does not answer."""

    failing_since: dict[str, float] = field(default_factory=dict)
    """Of what has no time of its own: when it was first seen failing."""
    hold_up: StallAlert | None = None
    """As it was last known."""
    unsaved: bool = False
    """Whether the database does not know it so."""
    ended: float | None = None
    """When that one was noticed which is over, and which the database would not delete."""


@dataclass(frozen=True, slots=True)
class _Failing:
    """Something fails at each attempt."""

    place: str
    since: float
    is_tried: bool = True
    """Whether there are further attempts: if not, it has been given up."""


def send_stall_alert(memory: Memory, services: Services) -> None:
    """Say whichever of the two is due. Slack may be what is away: it is said once Slack is back, if it is
    still true then. The database need not be there.
    """
    _Look(services, memory).tell()


class _Look:
    """One look at everything."""

    def __init__(self, services: Services, memory: Memory) -> None:
        self._services = services
        self._queues = services.queues
        self._link = services.link
        self._memory = memory
        self._now = services.now()
        self._refused = False
        """Whether the database did not answer, or did not take something."""

    def tell(self) -> None:
        hold_up = self._read()
        failing = list(self._failing())
        known = _known(hold_up)
        news = [each for each in failing if self._is_long(each) and not _is_known(each, known)]
        if hold_up is None:
            if not news:
                return
            hold_up = StallAlert(noticed_at=self._now)
        self._still_known(hold_up, failing)
        saying = hold_up.saying or ""
        if self._is_over(failing) or (hold_up.told and saying.startswith(GOES_ON)):
            self._end(hold_up)
        elif news:
            self._say(hold_up, HELD_UP, words.HELD_UP)
            hold_up.told, hold_up.saying = True, None
            hold_up.known = json.dumps(_known(hold_up) | {each.place: self._now for each in failing})
            self._save(hold_up)

    # ------------------------------------------------------------ what fails

    def _failing(self) -> Iterator[_Failing]:
        """Whatever fails, for however long."""
        yield from self._seen(THE_DATABASE, fails=self._refused)
        for name, queue in self._queues.items():
            try:
                failing = queue.failing()
            except Retry:
                yield from self._seen(f"queue {name}", fails=True)
                continue
            yield from self._seen(f"queue {name}", fails=False)
            if failing.tried is not None:
                yield _Failing(f"messages {name}", failing.tried)
            if failing.given_up is not None:
                yield _Failing(f"messages {name}", failing.given_up, is_tried=False)
        for held in self._services.in_flight.hung():
            yield _Failing(f"hanging {held.stage}", self._now - held.seconds)
        yield from self._of_photos()
        yield from self._of_bots()

    def _seen(self, place: str, *, fails: bool) -> Iterator[_Failing]:
        """What has no time of its own, fails since it was seen failing."""
        if fails:
            yield _Failing(place, self._memory.failing_since.setdefault(place, self._now))
        else:
            self._memory.failing_since.pop(place, None)

    def _of_photos(self) -> Iterator[_Failing]:
        """They are tried for ever in the inbox, of which no queue tells."""
        notices: list[Notice] = []
        self._done(lambda: notices.extend(Notice.select().where(Notice.name == PHOTOS_WAIT)))
        yield from (_Failing("photos", notice.since) for notice in notices)

    def _of_bots(self) -> Iterator[_Failing]:
        """What one bot fails at, another one may do: only what they all fail at holds tagging up."""
        elsewhere = self._other_bots()
        mine = {failure.what: failure.since for failure in self._services.in_flight.health.failing()}
        fails_at: list[tuple[Collection[str], Mapping[str, float]]] = [
            (self._services.settings.stages, mine),
            *((bot.stages, _cannot_take(bot)) for bot in elsewhere),
        ]
        for stage in {stage for _, fails in fails_at for stage in fails}:
            since = max(
                fails.get(stage, math.inf) for stages, fails in fails_at if stage in (*stages, *fails)
            )
            if since < math.inf:
                yield _Failing(f"taking {stage}", since)
        for bot in elsewhere:
            for held in bot.in_hand_for_long:
                yield _Failing(f"hanging {held['stage']}", self._now - held["seconds"])
        state = self._link.state
        if not state.is_connected and not any((bot.slack or {}).get("connections") for bot in elsewhere):
            yield _Failing("the connections to Slack", state.since)

    def _other_bots(self) -> Sequence[Heartbeat]:
        """None while the database, by which they are known, is away."""
        found: list[Heartbeat] = []
        self._done(lambda: found.extend(other_bots(self._services.settings, shared_now())))
        return found

    def _is_long(self, failing: _Failing) -> bool:
        return failing.since <= self._now - STALLED_SECONDS

    def _is_over(self, failing: Sequence[_Failing]) -> bool:
        return (
            not self._refused
            and not any(self._is_long(each) for each in failing)
            and not any(_is_waiting(queue, self._now - STALLED_SECONDS) for queue in self._queues.values())
        )

    # ------------------------------------------------------------ what the channel is told

    def _say(self, hold_up: StallAlert, what: str, text: str) -> None:
        """Post it once. Slack does not recognise a repeated post, so the intent is noted first, and the
        channel is searched for it.
        """
        slack = self._services.slack
        if not (hold_up.saying or "").startswith(what):
            hold_up.saying = f"{what} {self._now:.3f}"
            self._save(hold_up)
        noticed_at = float(str(hold_up.saying).split()[1])
        if what == GOES_ON:
            since = hold_up.noticed_at
        else:
            since = self._now - SAID_SECONDS if self._refused else noticed_at
        last = slack.last_announcement(since) or ""
        # By its exact name, where nobody but this bot, or who comes after it, can have said it.
        is_said = last.startswith(what) if what == GOES_ON or self._refused else last == hold_up.saying
        if not is_said:
            slack.announce(text, str(hold_up.saying))

    def _end(self, hold_up: StallAlert) -> None:
        """It is over, perhaps before anybody was told; or nobody knows whether somebody was."""
        if not hold_up.told and hold_up.saying:
            since = float(hold_up.saying.split()[1])
            hold_up.told = self._services.slack.last_announcement(since) == hold_up.saying
        if hold_up.told:
            self._say(hold_up, GOES_ON, words.GOES_ON)
        self._memory.hold_up, self._memory.ended = None, hold_up.noticed_at
        self._memory.unsaved = not self._done(hold_up.end)

    def _still_known(self, hold_up: StallAlert, failing: Sequence[_Failing]) -> None:
        """What is known and still fails stays known; what no longer does, is forgotten."""
        before = _known(hold_up)
        places = {each.place for each in failing}
        kept = {
            place: until
            for place, until in before.items()
            if place in places or until > self._now - SAME_SECONDS
        }
        kept |= {each.place: self._now for each in failing if each.is_tried and _is_known(each, before)}
        if kept != before:
            hold_up.known = json.dumps(kept)
            self._save(hold_up)

    # ------------------------------------------------------------ the database, or memory

    def _read(self) -> StallAlert | None:
        """The hold-up that the channel knows of, or is to be told of."""
        memory = self._memory
        self._done(self._bring_together)
        return memory.hold_up

    def _bring_together(self) -> None:
        """The database's and what it does not know yet: another bot may have gone on with it meanwhile."""
        memory = self._memory
        row = StallAlert.select().order_by(StallAlert.noticed_at.desc()).first()
        if not memory.unsaved:
            memory.hold_up = row
            return
        mine = memory.hold_up
        if mine is None:
            if row is not None and row.noticed_at == memory.ended:
                row.end()
                row = None
            memory.hold_up, memory.unsaved = row, False
            return
        if row is not None and row.noticed_at != mine.noticed_at:
            row.told = row.told or mine.told
            row.known = json.dumps(_known(row) | _known(mine))
            mine = row
        mine.put()
        memory.hold_up, memory.unsaved = mine, False

    def _save(self, hold_up: StallAlert) -> None:
        self._memory.hold_up = hold_up
        self._memory.unsaved = not self._done(hold_up.put)

    def _done(self, do: Callable[[], None]) -> bool:
        """Whether the database did it. Once it refused, this look is done without: each try may take long."""
        if self._refused or not is_connected():
            self._refused = True
            return False
        try:
            with reached():
                do()
        except Retry:
            self._refused = True
            return False
        return True


def _known(hold_up: StallAlert | None) -> dict[str, float]:
    known: dict[str, float] = json.loads(hold_up.known) if hold_up is not None else {}
    return known


def _is_known(failing: _Failing, known: Mapping[str, float]) -> bool:
    return failing.place in known and failing.since <= known[failing.place] + SAME_SECONDS


def _is_waiting(queue: Queue, since: float) -> bool:
    """Whether a message waits since then, if only because it has just been put back and may fail again."""
    try:
        oldest = queue.oldest()
    except Retry:
        return True  # nobody knows, so nobody says that it goes on
    return oldest is not None and oldest <= since


def _cannot_take(bot: Heartbeat) -> dict[str, float]:
    """Since when, by stage; a bot of an earlier version does not say which stage it is."""
    failing = (each for each in bot.failing if each["door"] == TAKING and "what" in each)
    return {each["what"]: each["since"] for each in failing}
