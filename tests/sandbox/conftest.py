"""A Slack for each test, the SDK's client, and a Bolt app with Socket Mode."""

from collections.abc import Callable, Iterator
from ssl import PROTOCOL_TLS_CLIENT, SSLContext

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack, running_slack
from tests.slack.bolts_client import close

from .samples import png

NO_AUTHORITIES = SSLContext(PROTOCOL_TLS_CLIENT)
"""For connections that have no TLS: the SDK would read all of the machine's authorities for each of them."""

Upload = Callable[..., str]
Connect = Callable[[App], SocketModeHandler]


@pytest.fixture
def slack() -> Iterator[Slack]:
    # Frequent pings end the SDK's blocking reads, so that its clients close within a moment.
    with running_slack(rate_limits=0, file_ready_seconds=0.02, ping_seconds=0.1) as running:
        yield running


@pytest.fixture
def web(slack: Slack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[], ssl=NO_AUTHORITIES)


@pytest.fixture
def app(web: WebClient) -> App:
    return App(name="a bot", client=web)  # or Bolt reads the sources of who calls it for one


@pytest.fixture
def connect(slack: Slack) -> Iterator[Connect]:
    """Connect an app through Bolt's own handler."""
    handlers: list[SocketModeHandler] = []

    def connect(app: App) -> SocketModeHandler:
        # On a busy machine its client must not take a pause for a dead connection: that is four of these.
        handler = SocketModeHandler(app, slack.app_token, ping_interval=2.0)
        handlers.append(handler)
        handler.connect()  # type: ignore[no-untyped-call]  # as it is in the SDK
        slack.wait_for_connections()
        return handler

    yield connect
    for handler in handlers:
        close(handler)


@pytest.fixture
def upload(slack: Slack, web: WebClient) -> Upload:
    """Upload a file and wait until it is ready; gives its id."""

    def upload(data: bytes | None = None) -> str:
        uploaded = web.files_upload_v2(content=data or png(), filename="face.png", alt_txt="a face")
        file: str = uploaded["files"][0]["id"]
        slack.wait_for(lambda: web.files_info(file=file)["file"]["mimetype"], "the file")
        return file

    return upload
