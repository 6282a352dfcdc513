"""One message through one stage, and what becomes of it."""

import logging
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tagbot.database.named_lock import alone
from tagbot.database.opening import connected, is_connected
from tagbot.database.outages import DatabaseAway, reached
from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints, metrics
from tagbot.lib.backoff import backoff
from tagbot.lib.logged_ids import logged
from tagbot.lib.outage_log import OutageLog
from tagbot.pipeline import PIPELINE, Stage
from tagbot.queues import Delivery
from tagbot.services import Deliveries, Services

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How long one look for a message may take: the time within which a worker notices that it should stop."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Takes messages for one stage; several threads may run the same one."""

    stage: Stage[Any]
    deliveries: Deliveries
    services: Services
    outage: OutageLog = field(default_factory=OutageLog)
    """Of the queue itself; what a message fails at is its own affair."""

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, and whatever happens no shorter; what is in hand then is finished."""
        while not stop.is_set():
            try:
                with reached(), connected():
                    # Without a connection, messages stay where they are: no attempt is spent on them.
                    while is_connected() and not stop.is_set():
                        self.work_once()
                        self.services.in_flight.health.worked(self.stage.name)
                        self.outage.works(log, self._what)
            except DatabaseAway as away:
                away.log_once()
            except Retry as unreadable:
                self._fails(unreadable.reason)
            except Exception as bug:  # noqa: BLE001 - a thread that ends is a stage that stands still
                self._fails(f"bug: {type(bug).__name__}", bug)
            else:
                continue
            stop.wait(self.services.settings.retry_base_seconds)

    def work_once(self, timeout: float = POLL_SECONDS) -> bool:
        """Work on one message, waiting for it up to `timeout` seconds; whether there was one."""
        delivery = self.deliveries.get(timeout)
        if delivery is not None:
            with self.services.in_flight.tracking(self.stage.name, logged(delivery.id)):
                self._settle(delivery)
        return delivery is not None

    def _fails(self, reason: str, bug: Exception | None = None) -> None:
        """Tell the log and `status`."""
        self.services.in_flight.health.failed(self.stage.name, f"{self.stage.name}: {reason}")
        self.outage.fails(log, self._what, reason, bug)

    @property
    def _what(self) -> str:
        return f"{self.stage.name} cannot take messages"

    def _settle(self, delivery: Delivery) -> None:
        """Run the stage; its outputs are on the disk before the message is acknowledged."""
        started = time.monotonic()
        try:
            message = self.stage.reads.from_json(delivery.body)
            # Alone: a crash between a stage's output and its acknowledgement leaves two messages about one
            # face. Worked on at once, both would see that nothing has been done yet, and do it twice.
            stage = self.stage.name
            with reached(), alone(f"{stage} {message.key}"), failpoints.working_on(stage):
                failpoints.reach(failpoints.TAKEN)
                for output in self.stage.outputs(message, self.services):
                    self.services.publish(output)
                    failpoints.reach(failpoints.AFTER_OUTPUT)
                failpoints.reach(failpoints.BEFORE_ACKNOWLEDGEMENT)
            delivery.ack()
            self._log(logging.INFO, "done", delivery, started)
        except Retry as why:
            self._retry(delivery, why, started)
        except Reject as why:
            delivery.bury(why.reason)
            self._log(logging.WARNING, "rejected", delivery, started, why.reason)
        except Exception as bug:
            log.exception("%s bug message=%s", self.stage.name, logged(delivery.id))
            delivery.bury(f"bug: {type(bug).__name__}")
            self._count("bug", delivery, time.monotonic() - started)

    def _retry(self, delivery: Delivery, why: Retry, started: float) -> None:
        settings = self.services.settings
        if self.stage.gives_up and delivery.attempt >= settings.max_attempts:
            delivery.bury(why.reason, given_up=True)
            self._log(logging.WARNING, "gave up", delivery, started, why.reason)
            return
        pause = backoff(
            delivery.attempt, settings.retry_base_seconds, settings.retry_max_seconds, random.random()
        )
        seconds = max(why.after or 0.0, pause)
        delivery.retry_after(seconds, why.reason)
        self._log(logging.INFO, "retry", delivery, started, f"{why.reason}; again in {seconds:.1f} s")

    def _log(self, level: int, verb: str, delivery: Delivery, started: float, why: str = "") -> None:
        """The one line of a settled message."""
        seconds = time.monotonic() - started
        self._count(verb, delivery, seconds)
        message, milliseconds = logged(delivery.id), round(seconds * 1000)
        log.log(
            level,
            "%s %s message=%s attempt=%d %d ms%s",
            self.stage.name,
            verb,
            message,
            delivery.attempt,
            milliseconds,
            f": {why}" if why else "",
            extra={"action": verb, "stage": self.stage.name, "message_id": message, "ms": milliseconds},
        )

    def _count(self, verb: str, delivery: Delivery, seconds: float) -> None:
        """For the metrics, which call its fate as the log does."""
        metrics.MESSAGES.add(self.stage.name, verb.replace(" ", "_"))
        metrics.STAGE_SECONDS.observe(seconds, self.stage.name)
        if verb != "retry":
            metrics.ATTEMPTS.observe(delivery.attempt, self.stage.name)


def workers(services: Services) -> list[Worker]:
    """One for each stage that this bot runs."""
    return [
        Worker(stage, services.deliveries(stage.reads.QUEUE), services)
        for stage in PIPELINE
        if stage.name in services.settings.stages
    ]
