"""The door to members' files: where the token may go, and a limit that holds also against what Slack says."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from tagbot.errors import Retry
from tagbot.lib.rate_limit import own_rate_limits
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.posted_files import NotAtSlack, PostedFiles, TooLarge, is_slacks

pytestmark = pytest.mark.process

SLACK = "https://slack.com/api/"
STAND_IN = "http://127.0.0.1:8080/api/"


@pytest.mark.rule("token-to-slack-alone")
@pytest.mark.parametrize(
    "address",
    ["https://files.slack.com/a.jpg", "https://slack.com/a", "https://files.slack-gov.com:443/a"],
)
def test_the_token_goes_to_slacks_hosts(address: str) -> None:
    assert is_slacks(address, SLACK)


@pytest.mark.rule("token-to-slack-alone")
@pytest.mark.parametrize(
    "address",
    [
        "http://files.slack.com/a.jpg",
        "https://files.slack.com:8443/a.jpg",
        "https://slack.com.example.com/a.jpg",
        "https://notslack.com/a.jpg",
        "https://slack.com@example.com/a.jpg",
        "https://example.com\\.slack.com/a.jpg",
        "https://example.com#.slack.com/a.jpg",
        "https://drive.google.com/a.jpg",
        "https://slack.com:port/a.jpg",
        "http://127.0.0.1:8080/a.jpg",
        "file:///etc/passwd",
        "",
    ],
)
def test_and_to_no_other(address: str) -> None:
    assert not is_slacks(address, SLACK)


@pytest.mark.rule("token-to-slack-alone")
def test_a_stand_in_gets_it_at_its_own_address_alone() -> None:
    assert is_slacks("http://127.0.0.1:8080/files/a.jpg", STAND_IN)
    assert not is_slacks("http://127.0.0.1:8081/files/a.jpg", STAND_IN)
    assert not is_slacks("https://127.0.0.1:8080/files/a.jpg", STAND_IN)


@contextmanager
def serving(
    content: bytes, *, length: int | None, kind: str = "image/jpeg"
) -> Iterator[tuple[PostedFiles, str]]:
    """A door to a host that sends these bytes, and says that there are so many."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,)).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        api = SlackApi("xoxb-1", f"{address}api/", 5)
        yield PostedFiles(api, looks=own_rate_limits()("looks", 1000, Event())), address
        server.shutdown()


@pytest.mark.rule("posted-photo-limits")
@pytest.mark.parametrize("length", [None, 300_000])
def test_more_than_allowed_is_not_read_to_its_end(length: int | None) -> None:
    with serving(bytes(300_000), length=length) as (files, address):
        into = io.BytesIO()
        with pytest.raises(TooLarge):
            files.download(f"{address}a.jpg", into, 200_000)
        assert len(into.getvalue()) <= (200_000 if length is None else 0)
        files.download(f"{address}a b ä.jpg", into, 300_000)


@pytest.mark.rule("posted-photos")
def test_a_file_that_breaks_off_is_fetched_again() -> None:
    with serving(b"half", length=8) as (files, address), pytest.raises(OutcomeUnknown, match="broke off"):
        files.download(f"{address}a.jpg", io.BytesIO(), 100)


@pytest.mark.rule("posted-photos")
def test_a_sign_in_page_is_no_photo() -> None:
    with (
        serving(b"<html>", length=6, kind="text/html; charset=utf-8") as (files, address),
        pytest.raises(Retry, match="files:read"),
    ):
        files.download(f"{address}a.jpg", io.BytesIO(), 100)


@pytest.mark.rule("token-to-slack-alone")
def test_an_address_elsewhere_is_not_called() -> None:
    with (
        serving(b"", length=0) as (_, elsewhere),
        serving(b"", length=0) as (files, _),
        pytest.raises(NotAtSlack),
    ):
        files.download(elsewhere, io.BytesIO(), 100)
