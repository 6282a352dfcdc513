"""Secrets are in nothing that a process tells: a log, a traceback, a warning of Python's own."""

import json
import logging
import subprocess
import sys

import pytest

from tagbot.lib import logs, redaction

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1-abcdef",
    "SLACK_APP_TOKEN": "odd one, not like a token",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEXAMPLE==",
    "DATABASE_URL": "postgresql://bot:h%C3%BCnter%402@host/db?sslpassword=keyring9",
    "PGPASSWORD": "hidden from all",
}

PIECES = ("abcdef", "odd one", "AKIAIOSFODNN7", "MDENG", "FwoGZX", "nter", "keyring9", "hidden from")
"""A part of each."""


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process hides is as before at the end."""
    monkeypatch.setattr(redaction, "_hidden", {})


def leaks(told: str) -> list[str]:
    return [piece for piece in PIECES if piece in told]


@pytest.mark.rule("no-secret-told")
def test_a_secret_is_left_out_however_it_is_written() -> None:
    redaction.hide_secrets_of(SECRETS)
    key = SECRETS["AWS_SECRET_ACCESS_KEY"]
    for text in (
        *SECRETS.values(),
        repr(SECRETS),
        json.dumps(SECRETS),
        ascii("password authentication failed for hünter@2"),
        json.dumps("hünter@2"),
        f"Credential={key.replace('/', '%2F')}",
        f"{key!r}, {key.encode()!r}",
    ):
        assert leaks(redaction.without_secrets(text)) == []


@pytest.mark.rule("no-secret-told")
@pytest.mark.parametrize(
    "text",
    [
        "invalid header b'Bearer xapp-1-A0-secret\\n'",
        "postgresql://bot:secret@host/db",
        "postgresql://bot:pa/ss@secret@host/db",
        "http://user:secret@proxy:3128",
        "postgresql://host/db?password=secret&sslmode=require",
        "host=db password=secret",
    ],
)
def test_what_looks_like_a_secret_is_left_out_also_where_nobody_said_that_it_is_one(text: str) -> None:
    told = redaction.without_secrets(text)
    assert "secret" not in told
    assert "(token)" in told or "(password)" in told


@pytest.mark.parametrize(
    "text",
    [
        "see https://slack.com/api/ and a@b, at 10:30",
        "the password of the database is wrong",
        "inbox:0123456789abcdef0123456789abcdef01234567",
        "postgresql://host:5432/db",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redaction.without_secrets(text) == text


def test_a_value_of_three_letters_is_no_secret() -> None:
    redaction.hide_secrets_of({"PGPASSWORD": "the"})
    assert redaction.without_secrets("the database") == "the database"


def refused(why: str) -> None:
    raise ConnectionError(f"refused: {why}")


@pytest.mark.rule("no-secret-told", "no-token-in-log")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_library_that_logs_a_secret_does_not_tell_it(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    redaction.hide_secrets_of(SECRETS)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up("INFO", form)
        for secret in (*SECRETS.values(), "hünter@2"):
            try:
                refused(secret)
            except ConnectionError:
                logging.getLogger("some_library").exception("cannot send %r", {"with": secret})
        logging.getLogger("some_library").error("%d is no number", SECRETS["SLACK_BOT_TOKEN"])
    finally:
        root.handlers[:], root.level = handlers, level
    told = capsys.readouterr().err
    assert told.count("cannot send") == len(SECRETS) + 1
    assert "could not be written" in told
    assert leaks(told) == []


CRASH = """
import sys, threading, gc
from tagbot.lib.redaction import hide_in_tracebacks, hide_secrets_of
hide_in_tracebacks()
secret = sys.stdin.read()
hide_secrets_of({"SLACK_BOT_TOKEN": secret})
def fails():
    try:
        raise ValueError(f"Invalid header value {secret!r}")
    except ValueError as why:
        raise RuntimeError(secret) from why
class Garbage:
    def __del__(self):
        fails()
"""


@pytest.mark.process
@pytest.mark.rule("no-secret-told")
@pytest.mark.parametrize(
    "ends", ["fails()", "t = threading.Thread(target=fails); t.start(); t.join()", "g = Garbage(); del g"]
)
def test_what_nothing_caught_is_told_without_the_secrets_in_it(ends: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"{CRASH}\n{ends}"],
        input="odd one, and more",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "RuntimeError: (secret)" in ran.stderr
    assert "Invalid header value '(secret)'" in ran.stderr
    assert "odd one" not in ran.stderr
