"""The running bot: it starts its threads, and stops them in order."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from queue import SimpleQueue
from types import FrameType

from tagbot import build, schedule
from tagbot.database.opening import close_database, if_reachable, open_database
from tagbot.handlers import register_all
from tagbot.maintenance.own_files import tighten_own_files
from tagbot.monitoring import heartbeat, stats_words
from tagbot.pipeline import PIPELINE
from tagbot.settings import Settings, SettingsError
from tagbot.slack import shared_channel
from tagbot.slack.socket_mode.supervisor import SocketMode
from tagbot.worker import workers

log = logging.getLogger(__name__)

DRAIN_SECONDS = 6.0
"""How long work in hand may take once the connection to Slack is closed; with what is before and after, 10
in all.
"""

STOP_SECONDS = 9.5
"""After so long the bot ends, whatever still waits for an answer: a reply to Slack alone may wait for 30."""

TELL_SECONDS = 1.0
"""How long what members are still to be told may take at the end."""

LISTENERS = 4
"""So many people at once get an answer from the database, to `/facetag status` say; more wait for theirs."""

CONNECTIONS = sum(stage.workers for stage in PIPELINE) + len(schedule.jobs()) + LISTENERS + 4
"""To a database server, at most: one for each thread that may use it at a time. The last four are those that
show changes, that draw Homes, that answer Prometheus, and that start and stop the bot.
"""

SIGNAL_SECONDS = 0.25
"""How soon a signal is noticed."""


def run(settings: Settings, running: AbstractContextManager[None]) -> None:
    """Run until SIGTERM or SIGINT; `running` is entered as long as it works.

    Raises `AlreadyRunning`, `Reject` when a part that the settings ask for is not installed, and
    `SettingsError` when Slack refuses a token.
    """
    stop = threading.Event()
    _stop_on_signals(stop)
    tighten_own_files(settings)
    with build.queues(settings) as queues:
        # A server that is away keeps nobody from answering: the answers wait on their queue.
        open_database(settings.database_url, connections=CONNECTIONS, has_to_answer=False)
        # Bots on one database have to have one set of queues. Without the database, a timed job looks later.
        if_reachable(lambda: heartbeat.refuse_other_queues(settings))
        try:
            Bot(settings, queues).run(stop, running)
        finally:
            close_database()


def _stop_on_signals(stop: threading.Event) -> None:
    """Have SIGTERM and SIGINT set `stop`; told twice, the bot ends at once.

    All that is acknowledged is durable, so that what is in hand is taken up again at the next start, as after
    a crash. But the bot does what it was told, and so its exit code is 0.
    """
    # A handler runs in the middle of whatever the main thread does, perhaps holding the lock that
    # `stop.set()` and the log want. Putting something on a SimpleQueue is all that is safe there.
    received: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(0)
        received.put(number)

    def set_stop() -> None:
        log.info("stopping on %s", signal.Signals(received.get()).name)
        stop.set()
        time.sleep(STOP_SECONDS)
        log.warning("not all that is in hand was finished in time; it is taken up again at the next start")
        os._exit(0)

    threading.Thread(target=set_stop, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)


class Bot:
    """One bot with its threads and its connection to Slack."""

    def __init__(self, settings: Settings, queues: build.Queues) -> None:
        self._quiet = threading.Event()
        """Set once no stage works any more: nothing waits for Slack from then on."""
        self.services = build.services(settings, queues, self._quiet)
        self._socket = SocketMode(
            self.services.slack.api,
            settings.slack_app_token,
            lambda app: register_all(app, self.services),
            tracker=self.services.link,
        )

    def run(
        self,
        stop: threading.Event,
        running: AbstractContextManager[None] = nullcontext(),  # noqa: B008 - it holds nothing
    ) -> None:
        """Work until `stop` is set; what is in hand then is finished first.

        Raises `SettingsError` when a bot with other queues turns out to have been there first, or the channel
        to be shared with another organisation.
        """
        self.services.shutdown.requested = stop
        self._refuse_shared_channel()
        self.services.inbox.prepare()
        updates, homes = self.services.updates, self.services.homes
        machine = partial(stats_words.of_today, self.services.settings)
        with (
            self._metrics(),
            self._heartbeat(),
            self._scheduled(),
            self._kept_current("updates", updates.run, updates.wake),
            self._telling(),
            self._kept_current("homes", partial(homes.run, machine), homes.wake),
            self._working(stop),
            running,
        ):
            log.info("FaceTag is running")
            try:
                if self.services.settings.hears_people:
                    self._socket.connect(stop)
                    self._refuse_shared_channel()  # once more, as Slack may have been away
                # In short waits: the system may hand a signal to another thread, and this one, which has to
                # run its handler, would sleep on.
                while not stop.wait(SIGNAL_SECONDS):
                    pass
            finally:
                stop.set()
                self._socket.close()
        if self.services.shutdown.reason is not None:
            raise self.services.shutdown.reason
        log.info("FaceTag has stopped")

    def _refuse_shared_channel(self) -> None:
        if (problem := shared_channel.refusal(self.services.settings)) is not None:
            raise SettingsError([problem])

    def _metrics(self) -> AbstractContextManager[None]:
        if self.services.settings.metrics_port is None:
            return nullcontext()
        from tagbot.monitoring import prometheus  # its library takes a twentieth of a second to load

        return prometheus.serving(self.services, self.services.settings.metrics_port)

    @contextmanager
    def _heartbeat(self) -> Iterator[None]:
        """A timed job says that this bot runs, and puts its clock right; this does so first, and takes back
        what was said.
        """
        try:
            if_reachable(self.services.put_clock_right)
            yield
        finally:
            if_reachable(lambda: heartbeat.withdraw(self.services))

    @contextmanager
    def _working(self, stop: threading.Event) -> Iterator[None]:
        """A thread for each worker of each stage; they take nothing more once `stop` is set."""
        threads = [
            threading.Thread(target=each.run, args=(stop,), name=f"{each.stage.name}-{number}", daemon=True)
            for each in workers(self.services)
            for number in range(each.stage.workers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.services.inbox.close()
            _join(threads, DRAIN_SECONDS)
            self._quiet.set()
            self.services.training.close()
            self.services.decoder.close()

    @contextmanager
    def _kept_current(self, name: str, run: Callable[[], object], wake: Callable[[], None]) -> Iterator[None]:
        """The thread that keeps something in Slack up to date."""
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._quiet.set()
            wake()
            _join([thread], 1.0)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """The thread that tells members what became of what they did."""
        tellings = self.services.tellings
        thread = threading.Thread(target=tellings.run, name="tellings", daemon=True)
        thread.start()
        try:
            yield
        finally:
            tellings.wait_until_told(TELL_SECONDS)
            tellings.wake()

    @contextmanager
    def _scheduled(self) -> Iterator[None]:
        scheduler = schedule.start(self.services, schedule.jobs_of(self.services))
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
