"""Keeping the Home of each member who looks at it up to date with the database.

A Home shows what the database says, and nothing else: no change of it is queued. A cheap question, asked each
second while members look, tells whether anything has changed; then the Homes of those who looked lately are
drawn anew, and Slack is given those that are different.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tagbot.database.models.own_answers import stamp
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Reject, Retry
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.lib.recent import Recent
from tagbot.settings import Settings
from tagbot.slack import home_words
from tagbot.slack.api_failures import NOT_READY_AFTER, PictureNotReady
from tagbot.slack.client import Slack
from tagbot.slack.consent_question import text_of_today
from tagbot.slack.home_figures import Board, Messages, board_of, home_of, without_done_pictures
from tagbot.slack.home_order import HomeOrder
from tagbot.slack.home_view import (
    MOST_REFUSALS,
    DoneShown,
    HomeShown,
    Refusal,
    home_view,
    without_pictures,
)
from tagbot.slack.members import FEW
from tagbot.slack.own_data import kept_of
from tagbot.slack.person_messages import kept_message

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
"""A Home is shown anew no more often."""

SETTLE_SECONDS = 0.5
"""The answer of a click is mostly stored by then."""

LOOK_SECONDS = 1.0
"""How soon a change is noticed."""

ANYWAY_SECONDS = 30.0
"""After so long a Home is drawn anew also where nothing was noticed: a name in it may be another one."""

LOOKING_SECONDS = 900.0
"""So long after they last opened it or clicked in it, a member is taken to look at it: Slack does not say."""

FAILED_SECONDS = 5.0
"""Until a Home is tried again that Slack did not take."""

MACHINE_SECONDS = 30.0
"""How long the sentences about the machine are believed, which cost the most."""

BOARD_SECONDS = 0.3
"""The part that all Homes have in common is read no more often."""

ELSEWHERE_SECONDS = 10.0
"""So long a Home is kept up to date that another bot draws, after this one had a refusal to show in it."""

PRIVATE_SECONDS = 300.0
"""How long the channel is believed to be a private one, or not."""

ORDER_SECONDS = 86400.0
"""How long it is known in which place of a Home each question stands: that Home may stay open all day, and is
then answered in without being opened anew.
"""

Sentences = Callable[[], Sequence[str]]
"""How the machine does."""


@dataclass(slots=True)
class _Viewer:
    """A member who looks at their Home."""

    looked_at: float
    due_at: float
    is_urgent: bool = True
    """Whether they wait for it: they opened it, or clicked in it."""
    shown_at: float = float("-inf")
    shown: str = ""
    """The view that Slack has, as far as this bot knows."""
    hash: str = ""
    """Slack's mark of it."""
    refused: dict[str, Refusal] = field(default_factory=dict)
    """Why what they did at Home did not count, by the face; in memory alone, as all that one is told."""
    refusals: int = 0
    refusals_shown: int = 0

    def let_shown_refusals_go(self) -> bool:
        """Whether there were any."""
        left = {face: each for face, each in self.refused.items() if each.number > self.refusals_shown}
        had, self.refused = len(self.refused), left
        return len(left) < had


class Homes:
    """One thread that draws Homes; those that somebody waits for go first.

    Its viewers are in memory alone: after a restart, who opens Home is one again.
    """

    def __init__(
        self,
        slack: Slack,
        settings: Settings,
        opt_out_key: KeyedHash,
        stop: threading.Event,
        now: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stop` ends all waiting; `now` is seconds since 1970."""
        self._slack = slack
        self._settings = settings
        self._opt_out_key = opt_out_key
        self._stop = stop
        self._now = now
        self._clock = clock
        self._changed = threading.Condition()
        self._viewers: dict[str, _Viewer] = {}
        self._stamp: object = None
        self._next_look = 0.0
        self._machine: Recent[Sequence[str]] = Recent(MACHINE_SECONDS, clock)
        self._messages = Messages(slack.channel.id, settings.rule)
        self._board: Board | None = None
        self._board_at = 0.0
        self._board_stamp: object = None
        self._is_private: Recent[bool] = Recent(PRIVATE_SECONDS, clock)
        self._orders: Recent[HomeOrder] = Recent(ORDER_SECONDS, clock)

    def opened(self, member: str, shown_hash: str) -> None:
        """A member opened their Home, of which Slack showed what has this hash; returns at once."""
        with self._changed:
            viewer = self._look_at(member)
            viewer.let_shown_refusals_go()
            self._orders.note(member, HomeOrder())
            if viewer.hash != shown_hash:
                viewer.shown = ""

    def clicked(self, member: str) -> None:
        """A member did something in their Home, which is to show it soon."""
        with self._changed:
            self._look_at(member, SETTLE_SECONDS)

    def refused(self, member: str, about: str, why: str) -> None:
        """What a member did in their Home did not count: it says so until they answer again or open it again;
        `about` is the face, or the subject of another wish.
        """
        with self._changed:
            is_looking = member in self._viewers
            viewer = self._look_at(member)
            if not is_looking:
                viewer.looked_at += ELSEWHERE_SECONDS - LOOKING_SECONDS
            viewer.refusals += 1
            others = [each for each in viewer.refused.items() if each[0] != about]
            viewer.refused = dict([*others, (about, Refusal(why, viewer.refusals))][-MOST_REFUSALS:])

    def answered(self, member: str) -> None:
        """A member answered, here or in the channel."""
        with self._changed:
            viewer = self._viewers.get(member)
            if viewer is not None and viewer.let_shown_refusals_go():
                viewer.due_at = min(viewer.due_at, max(self._clock(), viewer.shown_at + PAUSE_SECONDS))
                self._changed.notify_all()

    def may_manage(self, member: str) -> bool:
        """Whether a member may see and change people: an admin, or, without admins, each whose Home asks
        something. Raises `Retry` while Slack does not tell.
        """
        return self._settings.is_admin(member) and not self._refusal(member)

    def run(self, machine: Sentences) -> None:
        """Work until told to stop; `machine` may take long, and is asked now and then."""
        while not self._stop.is_set():
            member = self._due()
            if member is not None:
                self._work_on(member, machine)
            elif self._is_time_to_look():
                self._look_for_changes()

    def wake(self) -> None:
        """Let `run` notice that it should stop."""
        with self._changed:
            self._changed.notify_all()

    def _look_at(self, member: str, after: float = 0.0) -> _Viewer:
        now = self._clock()
        viewer = self._viewers.setdefault(member, _Viewer(now, now))
        viewer.looked_at, viewer.is_urgent = now, True
        viewer.due_at = max(now + after, viewer.shown_at + PAUSE_SECONDS)
        self._changed.notify_all()
        return viewer

    def _due(self) -> str | None:
        """The member whose Home is drawn next; None when it is time to look for changes first."""
        with self._changed:
            now = self._clock()
            if self._viewers and now >= self._next_look:
                return None
            due = [
                (each.is_urgent, -each.due_at, who)
                for who, each in self._viewers.items()
                if each.due_at <= now
            ]
            return max(due)[2] if due else None

    def _is_time_to_look(self) -> bool:
        """Wait for that, or until somebody opens a Home."""
        with self._changed:
            now = self._clock()
            if self._stop.is_set():
                return False
            if self._viewers and now >= self._next_look:
                self._next_look = now + LOOK_SECONDS
                return True
            soonest = min((each.due_at for each in self._viewers.values()), default=None)
            until = None if soonest is None else max(0.0, min(soonest, self._next_look) - now)
            self._changed.wait(until)
            return False

    def _look_for_changes(self) -> None:
        """Have Homes drawn anew where something has changed, and let go of who does not look any more."""
        try:
            with reached(), connected():
                found = stamp()
        except Retry:  # told by all others that need the database
            return
        with self._changed:
            now = self._clock()
            changed, self._stamp = found != self._stamp, found
            for member, viewer in list(self._viewers.items()):
                if viewer.looked_at < now - LOOKING_SECONDS:
                    del self._viewers[member]
                elif changed:
                    viewer.due_at = min(viewer.due_at, max(now, viewer.shown_at + PAUSE_SECONDS))

    def _work_on(self, member: str, machine: Sentences) -> None:
        """Draw one Home, and show it. A change from here on is noticed later."""
        with self._changed:
            viewer = self._viewers[member]
            waiting = [who for who, each in self._viewers.items() if each.is_urgent]
            # Of whom Slack tells one by one, it is asked anew; of a whole team, that would take long.
            anew = viewer.is_urgent and len(waiting) <= FEW
            viewer.is_urgent, viewer.due_at = False, self._clock() + ANYWAY_SECONDS
            refused, refusals = dict(viewer.refused), viewer.refusals
            before = self._orders.get(member, HomeOrder)
        try:
            self._slack.members.meet(waiting)
            home, order = self._draw(member, machine, refused, before, anew=anew)
            order = self._show(viewer, home, order, member)
            viewer.refusals_shown = refusals
            self._remember(member, viewer, before, order)
        except Retry as why:
            log.info("a Home could not be shown: %s", why.reason)
            self._try_again(viewer, why.after or FAILED_SECONDS)
        except Reject as why:
            log.warning("a Home cannot be shown: %s", why.reason)
        except Exception:
            log.exception("bug in a Home")

    def _try_again(self, viewer: _Viewer, seconds: float) -> None:
        with self._changed:
            viewer.due_at, viewer.is_urgent = self._clock() + seconds, True

    def _remember(self, member: str, viewer: _Viewer, before: HomeOrder, order: HomeOrder) -> None:
        """Keep what stands where, unless the Home was opened anew meanwhile, and see to what follows."""
        with self._changed:
            if self._orders.get(member, HomeOrder) is not before:
                return
            now = self._clock()
            order = order.shown(now)
            self._orders.note(member, order)
            follows_at = max(order.changes_at(now), viewer.shown_at + PAUSE_SECONDS)
            viewer.due_at = min(viewer.due_at, follows_at)

    def _show(self, viewer: _Viewer, home: HomeShown, order: HomeOrder, member: str) -> HomeOrder:
        """Have Slack show it, where it is another one; the order in which it does."""
        view = home_view(home)
        drawn = json.dumps(view, sort_keys=True)
        if drawn == viewer.shown:
            return order
        try:
            shown_hash = self._slack.publish_home(member, view)
        except PictureNotReady:
            if any(isinstance(each, DoneShown) and each.blocks for each in home.asked):
                # Those of what is done may have gone with it.
                return self._show(viewer, without_done_pictures(home), order.without_pictures(), member)
            # Slack refuses the whole for one picture: it goes on without them until that is there.
            shown_hash = self._slack.publish_home(member, without_pictures(view))
            drawn = ""
            self._try_again(viewer, NOT_READY_AFTER)
        with self._changed:
            viewer.shown, viewer.hash, viewer.shown_at = drawn, shown_hash, self._clock()
        return order

    def _draw(
        self,
        member: str,
        machine: Sentences,
        refused: Mapping[str, Refusal],
        order: HomeOrder,
        *,
        anew: bool,
    ) -> tuple[HomeShown, HomeOrder]:
        """A member's Home, as everything is now, where this is the order of the one before; and its own."""
        refusal, address = self._refusal(member, anew=anew), self._slack.address
        sentences = self._machine.get("", machine)
        text = text_of_today(self._settings)
        with reached(), connected():
            kept = kept_message(kept_of(member, self._opt_out_key, text, self._now()))
            board = self._board_of_now()
            home = replace(board.progress, refused=[each.text for each in refused.values()])
            if refusal:
                order = HomeOrder()
            else:
                home, order = home_of(
                    member, board, self._messages.of, address, refused, order, self._clock()
                )
        takes_posts = self._settings.slack_photos == "channel"
        home = replace(
            home,
            refusal=refusal,
            takes_posts=takes_posts,
            kept=kept,
            machine=sentences,
            manages=not refusal and self._settings.is_admin(member),
        )
        return home, order

    def _board_of_now(self) -> Board:
        """The one of a moment ago, where nothing has changed since, or it was only just made."""
        now, found = self._clock(), stamp()
        if self._board is None or (found != self._board_stamp and now >= self._board_at + BOARD_SECONDS):
            self._board = board_of(self._slack.channel.id, self._settings.rule)
            self._board_at, self._board_stamp = now, found
            self._messages.keep(self._board)
        return self._board

    def _refusal(self, member: str, *, anew: bool = True) -> str:
        """Why nothing is asked of a member; empty where something may be. Without `anew`, as it was within
        the last minute.
        """
        channel, members = self._slack.channel, self._slack.members
        if not (members.has_a_say(member) if anew else members.had_a_say(member)):
            return home_words.NO_SAY
        if self._is_private.get("", channel.is_private) and not channel.membership.has(member):
            return home_words.not_in_channel(channel.id)
        return ""
