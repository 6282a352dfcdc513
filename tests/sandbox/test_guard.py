"""Nobody from elsewhere reaches the sandbox, by whatever a browser lets a site do."""

import http.client
import socket
import struct
from urllib.parse import urlsplit

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.guard import is_ours


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:4000", None),
        ("localhost:4000", None),
        ("127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("localhost:9000", "http://localhost:9000"),
    ],
)
def test_programs_and_the_page_itself_are_let_through(host: str, origin: str | None) -> None:
    assert is_ours(host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("", None),
        ("sandbox.example.com", None),
        ("sandbox.example.com:4000", None),
        ("127.0.0.1.example.com", None),
        ("localhost.:4000", None),
        ("[::1", None),
        ("127.0.0.1:4000", "http://sandbox.example.com"),
        ("127.0.0.1:4000", "http://127.0.0.1:3000"),
        ("127.0.0.1:4000", "https://127.0.0.1:4000"),
        ("127.0.0.1:4000", "null"),
    ],
)
def test_what_was_meant_for_elsewhere_or_comes_from_there_is_not(host: str, origin: str | None) -> None:
    assert not is_ours(host, origin)


@pytest.mark.parametrize("path", ["/_control/state", "/api/auth.test", "/link/", "/"])
def test_a_foreign_host_is_refused_everywhere(slack: Slack, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(slack.address).netloc, timeout=10)
    connection.request("GET", path, headers={"Host": "sandbox.example.com"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 403


def test_every_answer_says_that_nothing_comes_from_outside(slack: Slack) -> None:
    connection = http.client.HTTPConnection(urlsplit(slack.address).netloc, timeout=10)
    connection.request("GET", "/_control/state")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert "default-src 'none'" in (answer.getheader("Content-Security-Policy") or "")
    assert answer.getheader("Cross-Origin-Resource-Policy") == "same-origin"


def test_a_program_that_is_killed_in_the_middle_of_a_request_is_no_error_of_ours(
    slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(slack.address)
    head = f"POST /api/auth.test HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 9\r\n"
    for _ in range(3):
        with socket.create_connection((address.hostname, address.port), timeout=10) as half:
            half.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
            slack.state()  # by now it is in hand
            half.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
        slack.state()
    assert "Traceback" not in caplog.text
