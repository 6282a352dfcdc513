"""The bot's handlers, connected to the stand-in as in the bot, on the world's queues and database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from tagbot.database.models.faces import Face
from tagbot.handlers import register_all
from tagbot.messages import Message
from tagbot.sandbox.driver import Slack
from tagbot.services import Services
from tagbot.slack.api import SlackApi
from tagbot.slack.socket_mode.supervisor import SocketMode
from tagbot.training.local import LocalBackend
from tests.world import World, a_world, with_publish

SLOW_DISK = 0.1
"""Seconds: ten times what Bolt takes to notice an acknowledgement, so that one before a put is told from one
after it.
"""


@dataclass
class Desk:
    """The handlers and whatever they reach for."""

    world: World
    client: WebClient
    """To post what the bot itself would not."""
    app: App
    stored: list[tuple[Message, float]] = field(default_factory=list)
    """What was put on a queue, and the bot's clock when that was done."""
    disk_seconds: float = 0.0
    """How long a put takes longer than here."""

    @property
    def slack(self) -> Slack:
        return self.world.slack

    def request(self) -> Face:
        """A face whose request is open in the channel."""
        return self.world.face(posted=True)

    @contextmanager
    def shown_too_long(self, message_ts: str) -> Iterator[None]:
        """Slack shows a message in the end with the controls that it had, as to who has not seen what
        changed. Its pictures may be gone.
        """
        before = self.slack.message(message_ts)
        yield
        controls = [block for block in before.blocks if block["type"] == "actions"]
        self.client.chat_update(channel=self.slack.channel, ts=message_ts, text=before.text, blocks=controls)


def watched(world: World, desk: list[Desk], *, admins: frozenset[str]) -> Services:
    """The world's services, where each put is noted, and takes as long as the desk says."""

    def publish(message: Message) -> None:
        world.publish(message)
        time.sleep(desk[0].disk_seconds)
        desk[0].stored.append((message, world.services.now()))

    settings = replace(world.settings, admins=admins)
    return replace(with_publish(world.services, publish), settings=settings)


@contextmanager
def connected_desk(world: World, *, admins: frozenset[str] = frozenset()) -> Iterator[Desk]:
    """Handlers that are connected by Socket Mode."""
    api = SlackApi.of(world.settings, 5)
    desks: list[Desk] = []
    services = watched(world, desks, admins=admins)
    apps: list[App] = []

    def register(app: App) -> None:
        apps.append(app)
        register_all(app, services)

    socket = SocketMode(api, world.settings.slack_app_token, register)
    socket.connect(Event())
    desks.append(Desk(world, api.client, apps[-1]))
    world.slack.wait_for_connections()
    try:
        yield desks[0]
    finally:
        socket.close()


@pytest.fixture
def admins_desk(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> Iterator[Desk]:
    """Those of a bot whose only admin is the first of the people."""
    admin = stand_in.people[0]
    with (
        a_world(tmp_path, stand_in, recogniser, ADMINS=admin) as world,
        connected_desk(world, admins=frozenset({admin})) as desk,
    ):
        yield desk


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with connected_desk(world) as desk:
        yield desk
