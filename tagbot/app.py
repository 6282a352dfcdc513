"""The bot: builds its parts, starts its threads, and stops them in order."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from types import FrameType

from tagbot import build, schedule
from tagbot.database.connection import close_database, connected, open_database
from tagbot.database.outages import reached
from tagbot.database.shared_clock import SharedClock, shared_now
from tagbot.errors import Retry
from tagbot.handlers import Wiring, register_all
from tagbot.maintenance.redrive import NothingOfThatName, retry
from tagbot.messages import FaceTagged
from tagbot.monitoring import heartbeat, status_report
from tagbot.monitoring.heartbeat import Heartbeat
from tagbot.pipeline import PIPELINE
from tagbot.queues import Queue
from tagbot.queues.publish import publisher
from tagbot.services import Services
from tagbot.settings import Settings, SettingsError
from tagbot.slack import words
from tagbot.slack.client import TIMEOUT_SECONDS, Slack
from tagbot.slack.socket_mode.supervisor import SocketMode, web_client
from tagbot.slack.updates import Updates
from tagbot.stages.send_face_for_training import is_heard
from tagbot.worker import workers

log = logging.getLogger(__name__)

DRAIN_SECONDS = 6.0
"""How long work in hand may take once the connection to Slack is closed; with what is before and after, 10
in all.
"""

STOP_SECONDS = 9.5
"""After so long the bot ends, whatever still waits for an answer: a reply to Slack alone may wait for 30."""


LISTENERS = 4
"""So many people at once get an answer from the database, to `/facetag status` say; more wait for theirs."""

CONNECTIONS = sum(stage.workers for stage in PIPELINE) + len(schedule.JOBS) + LISTENERS + 2
"""To a database server, at most: one for each thread that may use it at a time. The last two are those that
show changes, and that start and stop the bot.
"""

OTHER_QUEUES = (
    "QUEUE_URL is {here}, but the bot on {host} uses the same DATABASE_URL with QUEUE_URL={there}: several "
    "bots need one QUEUE_URL=sqs://PREFIX (a bot that was killed is believed to run for another minute)"
)

SIGNAL_SECONDS = 0.25
"""How soon a signal is noticed."""


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT.

    Raises `AlreadyRunning`, `Reject` when a part that the settings ask for is not installed, and
    `SettingsError` when Slack refuses a token.
    """
    stop = threading.Event()
    _stop_on_signals(stop)
    with build.queues(settings) as queues:
        # A server that is away keeps nobody from answering: the answers wait on their queue.
        open_database(settings.database_url, connections=CONNECTIONS, has_to_answer=False)
        _refuse_other_queues(settings)
        try:
            Bot(settings, queues).run(stop)
        finally:
            close_database()


def _refuse_other_queues(settings: Settings) -> None:
    """Bots on one database have to have one set of queues. Without the database, a timed job looks later."""
    with suppress(Retry), reached(), connected():
        for other in heartbeat.bots_with_other_queues(settings, shared_now()):
            raise _other_queues(settings, other)


def _other_queues(settings: Settings, other: Heartbeat) -> SettingsError:
    there = other.queue_url or "unknown"
    return SettingsError([OTHER_QUEUES.format(here=settings.queue_url, host=other.host, there=there)])


def _stop_on_signals(stop: threading.Event) -> None:
    """Have SIGTERM and SIGINT set `stop`; told twice, the bot ends at once, as in a crash."""
    # A handler runs in the middle of whatever the main thread does, perhaps holding the lock that
    # `stop.set()` and the log want. Putting something on a SimpleQueue is all that is safe there.
    received: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(1)
        received.put(number)

    def set_stop() -> None:
        log.info("stopping on %s", signal.Signals(received.get()).name)
        stop.set()
        time.sleep(STOP_SECONDS)
        _leave()

    threading.Thread(target=set_stop, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)


def _leave() -> None:
    log.warning("not all that is in hand was finished in time; it is taken up again at the next start")
    os._exit(0)


class Bot:
    """All parts of one running bot."""

    def __init__(self, settings: Settings, queues: Mapping[str, Queue]) -> None:
        self._queues = queues
        self._quiet = threading.Event()
        """Set once no stage works any more: nothing waits for Slack from then on."""
        self._refusal: SettingsError | None = None
        """Why it stops without having been told to."""
        self._clock = SharedClock()
        client = web_client(settings, TIMEOUT_SECONDS)
        slack = Slack(
            client,
            settings.slack_channel,
            settings.slack_posts_per_second,
            self._quiet,
            turns=build.turns(settings),
        )
        self._services = Services(
            settings=settings,
            inbox=build.inbox(settings),
            images=build.image_store(settings),
            training=build.training_backend(settings, self._quiet),
            slack=slack,
            updates=Updates(slack, self._quiet, settings.rule, self._clock.now),
            now=self._clock.now,
        )
        self._publish = publisher(queues)
        wiring = Wiring(
            publish=self._publish,
            open_modal=slack.open_modal,
            status=self.status,
            retry=self.retry,
            is_admin=settings.is_admin,
            is_heard=self.is_heard,
            may_retry=self.may_retry,
            now=self._clock.now,
        )
        self._socket = SocketMode(
            client,
            settings.slack_app_token,
            lambda app: register_all(app, wiring),
        )

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what is in hand then is finished first.

        Raises `SettingsError` when a bot with other queues turns out to have been there first.
        """
        self._services.inbox.prepare()
        with self._present(), self._scheduled(stop), self._showing(), self._working(stop):
            log.info("FaceTag is running")
            try:
                if self._services.settings.hears_people:
                    self._socket.connect(stop)
                # In short waits: the system may hand a signal to another thread, and this one, which has to
                # run its handler, would sleep on.
                while not stop.wait(SIGNAL_SECONDS):
                    pass
            finally:
                stop.set()
                self._socket.close()
        if self._refusal is not None:
            raise self._refusal
        log.info("FaceTag has stopped")

    def status(self) -> str:
        """What `/facetag status` says."""
        link = self._socket.link.state
        try:
            with reached():
                with connected():
                    this = Heartbeat.of(self._services, link)
                figures = status_report.collect(self._queues, self._services.inbox, this)
        except Retry as why:
            return f"{words.no_status(why.reason)}\n{link.in_words()}"
        return status_report.in_words(figures, status_report.SLACK_LETTERS)

    def may_retry(self, member: str, channel: str) -> bool:
        """Whether somebody who types in a channel may retry: an admin, or, without admins, who is in ours."""
        settings = self._services.settings
        if settings.admins or channel == settings.slack_channel:
            return settings.is_admin(member)
        return self._services.slack.is_in_channel(member)

    def is_heard(self, message: FaceTagged) -> bool:
        """As the stage says, which may be at it just now; yes while the database is away, as the message
        waits.
        """
        heard = True
        with suppress(Retry), reached(), connected():
            heard = is_heard(message)
        return heard

    def retry(self, target: str, member: str) -> str:
        """What `/facetag retry` does, in words."""
        try:
            with reached():
                return retry(self._queues, target, by=member).in_words()
        except NothingOfThatName:
            return words.nothing_of_that_name(target)

    @contextmanager
    def _present(self) -> Iterator[None]:
        """A timed job tells that this bot runs, and puts its clock right; this does so first, and takes back
        what was told.
        """
        try:
            with suppress(Retry), reached(), connected():
                self._clock.put_right()
            yield
        finally:
            with suppress(Retry), reached(), connected():
                heartbeat.withdraw(self._services)

    @contextmanager
    def _working(self, stop: threading.Event) -> Iterator[None]:
        """A thread for each worker of each stage; they take nothing more once `stop` is set."""
        threads = [
            threading.Thread(target=each.run, args=(stop,), name=f"{each.stage.name}-{number}", daemon=True)
            for each in workers(self._services, self._queues, self._publish)
            for number in range(each.stage.workers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._services.inbox.close()
            _join(threads, DRAIN_SECONDS)
            self._quiet.set()
            self._services.training.close()

    @contextmanager
    def _showing(self) -> Iterator[None]:
        """The thread that keeps the requests in Slack up to date."""
        updates = self._services.updates
        thread = threading.Thread(target=updates.run, name="updates", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._quiet.set()
            updates.wake()
            _join([thread], 1.0)

    @contextmanager
    def _scheduled(self, stop: threading.Event) -> Iterator[None]:
        def give_way(other: Heartbeat) -> None:
            self._refusal = _other_queues(self._services.settings, other)
            log.error("stopping: %s", self._refusal)
            stop.set()

        scheduler = schedule.start(
            schedule.Surroundings(
                self._services,
                self._queues,
                self._publish,
                self._socket.link,
                give_way,
                self._clock.put_right,
            ),
            schedule.JOBS if self._services.settings.hears_people else schedule.JOBS_OF_EACH_BOT,
        )
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)


def _join(threads: list[threading.Thread], seconds: float) -> None:
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            log.warning("%s did not finish in time; its message will be handed out again", thread.name)
