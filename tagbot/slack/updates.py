"""Keeping the requests in Slack up to date with the database.

A request shows what its row and those of its faces say, and nothing else. So an update is not queued but
owed: the request's `revision` is ahead of its `shown_revision` until Slack shows it. Several changes fold
into one update, a crash loses none, and who needs to know that Slack took it waits for it.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from tagbot.consensus import Rule
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.named_lock import alone
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints
from tagbot.slack import request_pictures
from tagbot.slack.api_failures import ChannelClosed, MessageGone, PictureNotReady
from tagbot.slack.client import Slack
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.lost_requests import ask_lost_again
from tagbot.slack.request_state import request_as_it_is
from tagbot.vocabulary import State

log = logging.getLogger(__name__)

LONGEST_WAIT = 30.0
"""Seconds that `show` waits: longer than a handful of updates takes at Slack's rate limit."""


UPDATES = "Updates"
"""This thread's name among the stages, where it has failpoints as they have."""


class Updates:
    """One thread that shows changes, as fast as Slack allows; those that somebody waits for go first."""

    def __init__(self, slack: Slack, stop: threading.Event, rule: Rule, now: Callable[[], float]) -> None:
        self._slack = slack
        self._stop = stop
        self._rule = rule
        self._now = now
        self._owed: dict[str, list[Future[None]]] = {}
        self._changed = threading.Condition()
        self.last_error: str | None = None
        """Why the latest update failed, None when it did not."""

    def show_soon(self, request_id: str) -> None:
        """Have a request shown as the database has it by then."""
        self._owe(request_id, None)

    def show(self, request_id: str | None) -> None:
        """Return when Slack shows what the database says now, at once where there is no request; raises what
        the Slack door raises.
        """
        if request_id is None:
            return
        done: Future[None] = Future()
        self._owe(request_id, done)
        try:
            done.result(LONGEST_WAIT)
        except TimeoutError:
            raise Retry("Slack has not shown a changed message yet") from None

    def show_outcome(self, face: Face | None) -> None:
        """The same once a face is closed. Where more faces of its request are under way, it is shown with the
        last one at the latest, and is not waited for.
        """
        if face is None or face.request_id is None:
            return
        under_way = Face.state << (State.OPEN, State.TRAINING)
        if Face.select().where((Face.request == face.request_id) & under_way).exists():
            self.show_soon(face.request_id)
        else:
            self.show(face.request_id)

    def catch_up(self) -> int:
        """Show every request that is behind; how many there are."""
        behind = stale_in_slack()
        for request_id in behind:
            self.show_soon(request_id)
        return len(behind)

    def ask_lost_again(self) -> bool:
        """Begin the next round of the faces whose request is lost, and show the old ones so; whether there
        were any.
        """
        settled = self._now() - SETTLE_SECONDS  # Slack's history may not show a younger one yet
        asked = ask_lost_again(Face.posted_before(settled), self._slack.channel, self._rule)
        if asked:
            self.catch_up()
        return bool(asked)

    def run(self) -> None:
        """Work until told to stop."""
        while (request_id := self._next()) is not None:
            self._work_on(request_id)
        with self._changed:
            for waiting in self._owed.values():
                _settle(waiting, Future.set_exception, Retry("the bot is stopping"))

    def wake(self) -> None:
        """Let `run` notice that it should stop."""
        with self._changed:
            self._changed.notify_all()

    def _owe(self, request_id: str, done: Future[None] | None) -> None:
        with self._changed:
            waiting = self._owed.setdefault(request_id, [])
            if done is not None:
                waiting.append(done)
            self._changed.notify_all()

    def _next(self) -> str | None:
        """The request to show next, None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                if self._owed:
                    return next(
                        (request for request, waiting in self._owed.items() if waiting),
                        next(iter(self._owed)),
                    )
                self._changed.wait()
        return None

    def _work_on(self, request_id: str) -> None:
        """Show one request. A change that is announced from here on may come too late for this."""
        with self._changed:
            waiting = self._owed.pop(request_id)
        try:
            # Alone: what another bot has just read may be older than what this one shows.
            with reached(), connected(), alone(f"show {request_id}"), failpoints.working_on(UPDATES):
                failpoints.reach(failpoints.TAKEN)
                self._show_now(request_id)
            self.last_error = None
            _settle(waiting, Future.set_result, None)
        except (Retry, Reject) as why:
            self.last_error = why.reason
            log.info("update of request=%s failed: %s", request_id, why.reason)
            _settle(waiting, Future.set_exception, why)
        except Exception as bug:
            log.exception("bug in the update of request=%s", request_id)
            _settle(waiting, Future.set_exception, bug)

    def _show_now(self, request_id: str) -> None:
        request = Request.get_or_none(Request.is_stale() & (Request.id == request_id))
        if request is None:
            return
        faces = Face.of_request(request.id)
        try:
            self._update(request, faces)
        except PictureNotReady:
            if not faces or request_pictures.are_there(request, faces, self._slack):
                raise
            # It goes on without them; the next round has new ones.
            log.warning("the pictures of face=%s were deleted in Slack", _ids(faces))
            request_pictures.forget(request, faces)
            self._update(request, faces)
        is_open = any(face.state == State.OPEN for face in faces)
        first_time = not is_open and request.closing_shown_at is None
        with writing():
            Request.update(
                shown_revision=request.revision,
                **({"closing_shown_at": self._now()} if first_time else {}),
            ).where((Request.id == request.id) & (Request.shown_revision < request.revision)).execute()

    def _update(self, request: Request, faces: Sequence[Face]) -> None:
        ours, about = self._slack.channel.id, _ids(faces)
        rendered = request_as_it_is(request, faces, self._rule, ours)
        try:
            self._slack.channel.update(str(request.message_ts), rendered, request.channel)
        except MessageGone:
            log.warning("request=%s about face=%s is gone from the channel", request.id, about)
        except ChannelClosed as why:
            if request.channel in (None, ours):
                raise
            log.warning(
                "request=%s about face=%s stays in its old channel: %s", request.id, about, why.reason
            )


def _ids(faces: Sequence[Face]) -> str:
    return ",".join(face.id for face in faces) or "none any more"


def _settle(waiting: list[Future[None]], how: Callable[..., None], outcome: object) -> None:
    for done in waiting:
        with suppress(InvalidStateError):  # its owner no longer waits
            how(done, outcome)
