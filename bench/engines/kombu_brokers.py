"""RabbitMQ and Redis through kombu, as Celery would use them."""

import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.child import Missing
from bench.engines import OpenQueue

try:
    import kombu
except ModuleNotFoundError:
    kombu = None

RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"

PREFETCH = 10
"""Messages that a worker has ready; one at a time would cost a round trip each."""


class Broker:
    """A durable queue of a broker, over a connection of its own."""

    def __init__(self, url: str, name: str, **options: Any) -> None:
        self._connection = kombu.Connection(url, transport_options=options)
        self._queue = kombu.Queue(name, kombu.Exchange(name, durable=True), name, durable=True)
        self._queue(self._connection.default_channel).declare()
        self._producer = self._connection.Producer(serializer="json")
        self._handle: Callable[[str], None] = lambda _: None
        self._consumer: Any = None
        self._took = False

    def put(self, text: str) -> None:
        """Persistent; with RabbitMQ this waits for the confirmation that it is on the disk."""
        self._producer.publish(
            {"text": text}, exchange=self._queue.exchange, routing_key=self._queue.name, delivery_mode=2
        )

    def listen(self) -> None:
        channel = self._connection.channel()
        channel.basic_qos(0, PREFETCH, False)
        self._consumer = kombu.Consumer(channel, [self._queue], callbacks=[self._take], accept=["json"])
        self._consumer.consume()

    def work(self, handle: Callable[[str], None]) -> bool:
        self._handle = handle
        self._took = False
        with suppress(TimeoutError):
            self._connection.drain_events(timeout=0.05)
        return self._took

    def _take(self, body: dict[str, str], message: Any) -> None:
        self._handle(body["text"])
        message.ack()
        self._took = True

    def delete(self) -> None:
        """Leave nothing behind at a broker that is not ours."""
        self._queue(self._connection.default_channel).delete()
        self._queue.exchange(self._connection.default_channel).delete()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def rabbitmq(_: Path) -> Iterator[OpenQueue]:
    """Where it runs on this machine, with queues of our own."""
    _check_installed()
    run, names = uuid.uuid4().hex[:8], set()
    try:
        kombu.Connection(RABBITMQ).ensure_connection(max_retries=1, interval_start=0.2, timeout=2).close()
    except Exception as why:
        raise Missing(f"no RabbitMQ at 127.0.0.1:5672 ({type(why).__name__})") from why

    def open_queue(name: str) -> Broker:
        names.add(name)
        return Broker(RABBITMQ, f"bench-{run}-{name}", confirm_publish=True)

    try:
        yield open_queue
    finally:
        for name in names:
            queue = open_queue(name)
            queue.delete()
            queue.close()


@contextmanager
def redis(folder: Path) -> Iterator[OpenQueue]:
    """A server of our own, which syncs before it answers."""
    _check_installed()
    if shutil.which("redis-server") is None:
        raise Missing("redis-server is not installed")
    port = _free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
         "--appendonly", "yes", "--appendfsync", "always"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield lambda name: Broker(f"redis://127.0.0.1:{port}/0", name)
    finally:
        server.terminate()
        server.wait()


def rabbitmq_version() -> str:
    """Of the broker on this machine, and of the Erlang that it runs on."""
    try:
        _check_installed()
        with kombu.Connection(RABBITMQ, connect_timeout=2) as connection:
            told = connection.connection.server_properties
    except (Missing, OSError):
        return "no RabbitMQ"
    return f"RabbitMQ {told['version']} on {told['platform']}"


def _check_installed() -> None:
    if kombu is None:
        raise Missing("kombu is not installed")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise Missing("redis-server does not start")
