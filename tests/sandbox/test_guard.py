"""Nobody from elsewhere reaches the sandbox, by whatever a browser lets a site do."""

import http.client
import socket
import struct
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.guard import is_ours
from tagbot.sandbox.server import Sandbox


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


ENDPOINTS = {
    "/api/{method}": "/api/chat.postMessage?token=xoxb-sandbox-bot&channel=C0FACES01&text=hello",
    "/upload/v1/{key}": "/upload/v1/key",
    "/files-pri/{file}/{name}": "/files-pri/T1-F1/face.jpg",
    "/link/": "/link/?ticket=1",
    "/response/{kind}/{team}/{key}": "/response/actions/T1/key",
    "/_control/contents/{file}": "/_control/contents/F1",
}
"""A path for each that has a part which changes."""


def paths() -> list[str]:
    """Of all that the sandbox answers at."""
    found = {str(each.canonical) for each in Sandbox().application.router.resources()}
    assert found >= ENDPOINTS.keys()
    return sorted(ENDPOINTS.get(path, path) for path in found)


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},  # a picture, a link or a form of another site
    {"Sec-Fetch-Site": "same-site"},  # what else runs on this machine, at another port
    {"Sec-Fetch-Site": "none"},  # an address that somebody was made to paste
    {"Referer": "http://sandbox.example.com/"},  # an older browser
    {"Referer": "http://127.0.0.1:1/"},
    {"Origin": "http://sandbox.example.com"},
    {"Origin": "null"},
    {"Host": "sandbox.example.com"},  # a name that was made to lead here
)


def asked(slack: Slack, verb: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> int:
    connection = http.client.HTTPConnection(urlsplit(slack.address).netloc, timeout=10)
    connection.request(verb, path, body, dict(headers))
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.rule("sandbox-own-page-only")
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_nothing_answers_to_another_web_page(slack: Slack, headers: Mapping[str, str]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in paths():
        for verb in ("GET", "POST"):
            assert asked(slack, verb, path, {**form, **headers}, b"token=xoxb-sandbox-bot") == 403, path
    assert slack.messages() == []
    assert slack.calls() == []


@pytest.mark.rule("sandbox-own-page-only")
def test_a_token_in_an_address_is_none(slack: Slack) -> None:
    assert asked(slack, "GET", ENDPOINTS["/api/{method}"], {}) == 200
    assert slack.messages() == []


@pytest.mark.rule("sandbox-own-page-only")
def test_its_own_page_and_programs_are_answered(slack: Slack) -> None:
    own = {"Referer": f"{slack.address}/", "Origin": slack.address}
    for headers in ({}, own, {"Sec-Fetch-Site": "same-origin", **own}):
        assert asked(slack, "GET", "/_control/state", headers) == 200
    # An address that somebody typed; this one is found, as the whole page is only there with a bot.
    assert asked(slack, "GET", "/", {"Sec-Fetch-Site": "none"}) == 404


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
