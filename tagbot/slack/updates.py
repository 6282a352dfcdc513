"""Keeping the requests in Slack up to date with the database.

A request shows what the rows of its face say, and nothing else. So an update is not queued but owed: the
face's `revision` is ahead of its `shown_revision` until Slack shows it. Several changes fold into one
update, a crash loses none, and who needs to know that Slack took it waits for it.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from tagbot.consensus import Rule
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import PastRequest, stale_in_slack
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
from tagbot.slack.request_message import Rendered, past_request_message
from tagbot.slack.request_state import request_of_face
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

    def show_soon(self, face_id: str) -> None:
        """Have the face's request shown as the database has it by then."""
        self._owe(face_id, None)

    def show(self, face_id: str) -> None:
        """Return when Slack shows what the database says now; raises what the Slack door raises."""
        done: Future[None] = Future()
        self._owe(face_id, done)
        try:
            done.result(LONGEST_WAIT)
        except TimeoutError:
            raise Retry("Slack has not shown a changed message yet") from None

    def catch_up(self) -> int:
        """Show every face whose request is behind; how many there are."""
        behind = stale_in_slack()
        for face_id in behind:
            self.show_soon(face_id)
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
        while (face_id := self._next()) is not None:
            self._work_on(face_id)
        with self._changed:
            for waiting in self._owed.values():
                _settle(waiting, Future.set_exception, Retry("the bot is stopping"))

    def wake(self) -> None:
        """Let `run` notice that it should stop."""
        with self._changed:
            self._changed.notify_all()

    def _owe(self, face_id: str, done: Future[None] | None) -> None:
        with self._changed:
            waiting = self._owed.setdefault(face_id, [])
            if done is not None:
                waiting.append(done)
            self._changed.notify_all()

    def _next(self) -> str | None:
        """The face to show next, None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                if self._owed:
                    return next(
                        (face for face, waiting in self._owed.items() if waiting), next(iter(self._owed))
                    )
                self._changed.wait()
        return None

    def _work_on(self, face_id: str) -> None:
        """Show one face. A change that is announced from here on may come too late for this."""
        with self._changed:
            waiting = self._owed.pop(face_id)
        try:
            # Alone: what another bot has just read may be older than what this one shows.
            with reached(), connected(), alone(f"show {face_id}"), failpoints.working_on(UPDATES):
                failpoints.reach(failpoints.TAKEN)
                self._show_now(face_id)
            self.last_error = None
            _settle(waiting, Future.set_result, None)
        except (Retry, Reject) as why:
            self.last_error = why.reason
            log.info("update of face=%s failed: %s", face_id, why.reason)
            _settle(waiting, Future.set_exception, why)
        except Exception as bug:
            log.exception("bug in the update of face=%s", face_id)
            _settle(waiting, Future.set_exception, bug)

    def _show_now(self, face_id: str) -> None:
        for past in PastRequest.select().where((PastRequest.face == face_id) & ~PastRequest.shown):
            self._update(face_id, past.channel, past.message_ts, self._end_of(face_id, past))
            with writing():
                PastRequest.update(shown=True).where(
                    (PastRequest.face == face_id) & (PastRequest.round == past.round)
                ).execute()
        face = Face.get_or_none(Face.id == face_id)
        if face is None or face.message_ts is None or face.shown_revision >= face.revision:
            return
        try:
            self._update(face_id, face.channel, face.message_ts, request_of_face(face, self._rule))
        except PictureNotReady:
            if self._slack.uploads.are_there([file for file in (face.crop_file, face.context_file) if file]):
                raise
            # It goes on without them; its next round has new ones.
            log.warning("the pictures of face=%s were deleted in Slack", face.id)
            request_pictures.forget(face)
            self._update(face_id, face.channel, face.message_ts, request_of_face(face, self._rule))
        closed = face.state not in (State.WAITING, State.OPEN) and face.closing_shown_at is None
        with writing():
            Face.update(
                shown_revision=face.revision,
                **({"closing_shown_at": self._now()} if closed else {}),
            ).where(
                (Face.id == face.id) & (Face.round == face.round) & (Face.shown_revision < face.revision)
            ).execute()

    def _end_of(self, face_id: str, past: PastRequest) -> Rendered:
        """The message of a round that is over."""
        is_elsewhere = past.channel not in (None, self._slack.channel.id)
        return past_request_message(face_id, past.reopened_by, is_elsewhere=is_elsewhere)

    def _update(self, face_id: str, channel: str | None, ts: str, rendered: Rendered) -> None:
        try:
            self._slack.channel.update(ts, rendered, channel)
        except MessageGone:
            log.warning("a request of face=%s is gone from the channel", face_id)
        except ChannelClosed as why:
            if channel in (None, self._slack.channel.id):
                raise
            log.warning("a request of face=%s stays as it is in its old channel: %s", face_id, why.reason)


def _settle(waiting: list[Future[None]], how: Callable[..., None], outcome: object) -> None:
    for done in waiting:
        with suppress(InvalidStateError):  # its owner no longer waits
            how(done, outcome)
