"""Telling the channel once that tagging is held up, and once that it goes on.

- A stall of ten minutes that the channel does not know of is told, and whatever else stalls then is known
  with it, as it is mostly the same thing. A place stays known for as long as it goes on failing, so two
  stalls at different places are both told, however long one of them lasts.
- A message that was given up is told once like any other, and hides nothing: a message that begins to fail
  at the same place later is told again.
- Tagging goes on when nothing has stalled for ten minutes, and nothing waits that came before.

The alert is in the database, so that a restart does not repeat it. While the database is away, the alert is
kept in memory, and the channel's history says what the channel has heard: of several bots, none of which can
know of the others then, a word that came within the last hour is enough. (Two that look in the same second
may both say it.)
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tagbot.database.models.bookkeeping import StallAlert
from tagbot.database.opening import is_connected
from tagbot.database.outages import reached
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Retry
from tagbot.monitoring import stall_causes
from tagbot.monitoring.heartbeat import Heartbeat, other_bots
from tagbot.monitoring.stall_causes import Stall
from tagbot.services import Services
from tagbot.slack import words

STALLED_SECONDS = 600.0
"""People hardly notice a shorter stall."""

SAME_SECONDS = 60.0
"""A stall that is back within this time, a few looks, has not been over."""

SAID_SECONDS = 3600.0
"""While the database is away, the channel's history is searched for so long."""

HELD_UP, GOES_ON = "held-up", "goes-on"
"""By which a message that says so is found again."""


@dataclass(slots=True)
class Memory:
    """A bot's own, from look to look: all that is known while the database does not answer."""

    unusable_since: dict[str, float] = field(default_factory=dict)
    """By the name of a queue, or "" for the database."""
    alert: StallAlert | None = None
    is_saved: bool = True
    is_away: bool = False
    """Whether the database has refused something in this look, which is then done without it: each try may
    take long.
    """

    def reach(self, act: Callable[[], object]) -> bool:
        """Have something done in the database; whether it was."""
        self.is_away = self.is_away or not is_connected()
        if not self.is_away:
            try:
                with reached():
                    act()
            except Retry:
                self.is_away = True
        return not self.is_away

    def save(self, alert: StallAlert) -> None:
        """Keep it, at least here."""
        self.alert = alert
        self.is_saved = self.reach(alert.put)

    def look(self, services: Services, now: float) -> list[Stall]:
        """All stalls, in so far as the database can be asked; and what it knows of the alert."""
        found: list[Stall] = []
        bots = [Heartbeat.of(services, now)]

        def ask_database() -> None:
            if self.alert is not None and not self.is_saved:
                self.alert.put()
            self.is_saved = True
            self.alert = StallAlert.select().order_by(StallAlert.noticed_at.desc()).first()
            found.extend(stall_causes.of_photos())
            bots.extend(other_bots(services.settings, shared_now()))

        self.is_away = False
        if self.reach(ask_database):
            self.unusable_since.pop("", None)
        else:
            found.append(Stall("the database", self.unusable_since.setdefault("", now)))
        return [
            *found,
            *stall_causes.of_queues(services.queues, now, self.unusable_since),
            *stall_causes.of_bots(bots, now),
        ]


def send_stall_alert(memory: Memory, services: Services) -> None:
    """Say whichever of the two is due. Slack may be what is away: it is said once Slack is back, if it is
    still true then. The database need not be there.
    """
    now = services.now()
    before = now - STALLED_SECONDS
    found = memory.look(services, now)
    long = [stall for stall in found if stall.since <= before]
    alert = memory.alert or StallAlert(noticed_at=now)
    known: dict[str, float] = json.loads(alert.known)

    def is_known(stall: Stall) -> bool:
        return stall.place in known and stall.since <= known[stall.place] + SAME_SECONDS

    if not all(is_known(stall) for stall in long):
        _say_held_up(services, memory, alert, now)
        alert.told, alert.saying = True, None
        known |= {stall.place: now for stall in found}
    elif memory.alert is None:
        return
    elif not long and not memory.is_away and not stall_causes.something_waits(services.queues, before):
        _say_goes_on(services, alert)
        memory.reach(alert.end)
        memory.alert, memory.is_saved = None, True
        return
    known |= {stall.place: now for stall in found if stall.is_tried and is_known(stall)}
    alert.known = json.dumps(known)
    memory.save(alert)


def _say_held_up(services: Services, memory: Memory, alert: StallAlert, now: float) -> None:
    """Slack does not recognise a repeated post, so the intent is noted first, and the channel is searched."""
    if not (alert.saying or "").startswith(HELD_UP):
        alert.saying = f"{HELD_UP} {now:.3f}"
        memory.save(alert)
    name = str(alert.saying)
    since = now - SAID_SECONDS if memory.is_away else float(name.split()[1])
    last = _last_said(services, since)
    # By its exact name, which only this bot, or one that comes after it, can have used.
    if not (last.startswith(HELD_UP) if memory.is_away else last == name):
        services.slack.channel.announce(words.HELD_UP, name)


def _say_goes_on(services: Services, alert: StallAlert) -> None:
    """To a channel that has heard of the stall, and not yet that it is over."""
    last = _last_said(services, alert.noticed_at)
    if last.startswith(HELD_UP) or (alert.told and not last.startswith(GOES_ON)):
        services.slack.channel.announce(words.GOES_ON, f"{GOES_ON} {services.now():.3f}")


def _last_said(services: Services, since: float) -> str:
    """The name of the last word about it in the channel since then; empty for none."""
    said = services.slack.channel.announcements(since)
    return next((name for name in said if name.startswith((HELD_UP, GOES_ON))), "")
