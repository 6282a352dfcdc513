"""Metrics for Prometheus (METRICS_PORT): the one door to prometheus-client.

The counts come from `tagbot.lib.metrics`; all else is measured at each scrape. Nothing in it is about a
person, and each label has a few values that are known beforehand.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from threading import Lock

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tagbot import __version__
from tagbot.database.models.faces import Face
from tagbot.database.models.photos import Photo
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Retry
from tagbot.lib import metrics
from tagbot.monitoring.heartbeat import last_heartbeat_of
from tagbot.services import Services
from tagbot.settings import SettingsError

ADDRESS = "127.0.0.1"
"""This machine alone: the operator decides from where else they can be seen."""

REMEMBERED_SECONDS = 60.0
"""To count messages at Amazon SQS is a request for each queue, which costs: once a minute is enough."""


@contextmanager
def serving(services: Services, port: int) -> Iterator[None]:
    """Answer Prometheus on METRICS_PORT. Raises `SettingsError` where the port is taken."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(Counted())
    registry.register(Measured(services))
    try:
        server, thread = start_http_server(port, ADDRESS, registry)
    except OSError as why:
        raise SettingsError([f"METRICS_PORT {port} cannot be used: {why.strerror}"]) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Counted(Collector):
    """All that `tagbot.lib.metrics` counts."""

    def collect(self) -> Iterator[Metric]:
        """Everything since the process began."""
        for counter in metrics.COUNTERS:
            family = CounterMetricFamily(counter.name, counter.means, labels=counter.labels)
            for labels, count in counter.counts().items():
                family.add_metric(labels, count)
            yield family
        for histogram in metrics.HISTOGRAMS:
            spreads = HistogramMetricFamily(histogram.name, histogram.means, labels=histogram.labels)
            bounds = [*map(str, map(float, histogram.bounds)), "+Inf"]
            for labels, spread in histogram.spreads().items():
                spreads.add_metric(
                    labels, list(zip(bounds, accumulate(spread.counts), strict=True)), spread.sum
                )
            yield spreads


class Measured(Collector):
    """How the bot is at the moment of a scrape; one scrape at a time has it measured."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = Lock()
        self._queues: tuple[float, list[Metric]] = (0.0, [])

    def describe(self) -> list[Metric]:
        """Nothing: otherwise all would be measured to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Everything that is known now."""
        with self._lock:
            yield from [*self._of_bot(), *self._of_queues(), *self._of_database()]

    def _of_bot(self) -> Iterator[Metric]:
        services = self._services
        build = GaugeMetricFamily("facetag_build_info", "The version of FaceTag.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield GaugeMetricFamily(
            "facetag_slack_connections", "Open connections to Slack.", services.link.state.connections
        )
        yield GaugeMetricFamily(
            "facetag_recogniser_processes",
            "Processes that decode photos and recognise faces.",
            services.decoder.processes(),
        )
        ages = GaugeMetricFamily(
            "facetag_stage_in_flight_age_seconds",
            "For how long a stage has worked on a message; 0 while it works on none.",
            labels=["stage"],
        )
        longest = dict.fromkeys(map(str, services.settings.stages), 0.0)
        for work in services.in_flight.longer_than(0.0):
            longest[work.stage] = max(work.seconds, longest.get(work.stage, 0.0))
        for stage, seconds in longest.items():
            ages.add_metric([stage], seconds)
        yield ages
        yield from self._of_disks()
        with suppress(Retry):
            if (waiting := services.inbox.waiting()) is not None:
                yield GaugeMetricFamily("facetag_inbox_photos", "Photos to be taken over.", waiting)

    def _of_disks(self) -> Iterator[Metric]:
        settings = self._services.settings
        free = GaugeMetricFamily(
            "facetag_disk_free_bytes",
            "Room on the disk of a folder that the bot writes to.",
            labels=["place"],
        )
        size = GaugeMetricFamily("facetag_disk_size_bytes", "The size of that disk.", labels=["place"])
        for place, folder in {"data": settings.data_dir, "images": settings.image_store}.items():
            with suppress(OSError):
                if isinstance(folder, Path):
                    usage = shutil.disk_usage(folder)
                    free.add_metric([place], usage.free)
                    size.add_metric([place], usage.total)
        yield from (free, size)

    def _of_queues(self) -> list[Metric]:
        at, found = self._queues
        at_amazon = self._services.settings.queue_prefix is not None
        if not found or not at_amazon or time.monotonic() > at + REMEMBERED_SECONDS:
            self._queues = time.monotonic(), self._counted_queues()
        return self._queues[1]

    def _counted_queues(self) -> list[Metric]:
        usable = GaugeMetricFamily(
            "facetag_queue_usable", "Whether a queue can be used (1) or not (0).", labels=["queue"]
        )
        messages = GaugeMetricFamily(
            "facetag_queue_messages", "Messages in a queue; the dead ones wait for a retry.",
            labels=["queue", "state"],
        )  # fmt: skip
        oldest = GaugeMetricFamily(
            "facetag_queue_oldest_message_age_seconds",
            "How long ago the oldest message came that is not done yet; 0 where there is none.",
            labels=["queue"],
        )
        for name, queue in self._services.queues.items():
            try:
                counts, since = asdict(queue.counts()), queue.oldest()
            except Retry:
                usable.add_metric([name], 0)
                continue
            usable.add_metric([name], 1)
            for state, count in counts.items():
                messages.add_metric([name, state], count)
            oldest.add_metric([name], max(0.0, self._services.now() - since) if since is not None else 0.0)
        return [usable, messages, oldest]

    def _of_database(self) -> list[Metric]:
        up = GaugeMetricFamily("facetag_database_up", "Whether the database answers (1) or not (0).")
        try:
            with reached(), connected():
                found = self._counted_rows()
        except Retry:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]

    def _counted_rows(self) -> list[Metric]:
        faces = GaugeMetricFamily("facetag_faces", "Faces by state.", labels=["state"])
        for state, count in Face.counts().items():
            faces.add_metric([state], count)
        photos = Photo.select().count()
        found: list[Metric] = [
            faces,
            GaugeMetricFamily("facetag_photos", "Photos that were taken over.", photos),
        ]
        if (last := last_heartbeat_of(self._services.settings)) is not None:
            age = max(0.0, shared_now() - last)
            found.append(
                GaugeMetricFamily(
                    "facetag_heartbeat_age_seconds", "How long ago this bot's last heartbeat was stored.", age
                )
            )
        return found
