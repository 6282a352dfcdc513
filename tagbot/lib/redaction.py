"""Secrets are left out of all that is told: log lines, tracebacks, complaints about a command line."""

import json
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote, urlsplit

from tagbot.lib.unseen import printable_lines

_PATTERNS = (
    (re.compile(r"x(?:ox[a-z]|app|wfp)-[\w.~+/=-]+"), "(token)"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), "(secret)"),  # the id of an access key at AWS
    # USER:PASSWORD@ of an address, but for the one that says in these words how to write it.
    (re.compile(r"""(?<=://)(?!USER:PASSWORD@HOST/)[^\s/'"?#]*:[^\s'"]*@"""), "(password)@"),
    (re.compile(r"""(?<=password=)[^\s&'"]+"""), "(password)"),
)
"""The looks of secrets, and what stands in its place."""

_SHORTEST = 4
"""Letters of a value that is left out wherever it stands: of fewer, each second word would be one."""

_VARIABLES = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "PGPASSWORD", "PGSSLPASSWORD",
)  # fmt: skip

_hidden: dict[str, None] = {}
"""The secrets of this process in every way of writing them, the longest first."""


def hide_secrets_of(env: Mapping[str, str]) -> None:
    """Have the secrets in this environment left out from now on, whatever they look like."""
    values = {env.get(name, "").strip() for name in _VARIABLES} | set(_passwords(env.get("DATABASE_URL", "")))
    for value in values:
        if len(value) >= _SHORTEST:
            escaped = repr(value)[1:-1], ascii(value)[1:-1], json.dumps(value)[1:-1]
            _hidden.update(dict.fromkeys((value, quote(value, safe=""), quote(value), *escaped)))
    for each in sorted(_hidden, key=len, reverse=True):
        _hidden[each] = _hidden.pop(each)


def _passwords(address: str) -> Iterator[str]:
    """The password of a database's address, as it is written there and as it is meant."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:  # the settings say so
        return
    given = [parts.netloc.rpartition("@")[0].partition(":")[2]]
    given += [each.partition("=")[2] for each in parts.query.split("&") if "password=" in each]
    for each in given:
        yield from (each, unquote(each))


def without_secrets(text: str) -> str:
    """The text with each secret in it left out."""
    for secret in tuple(_hidden):
        text = text.replace(secret, "(secret)")
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def hide_in_tracebacks() -> None:
    """Have Python print what nothing caught without secrets, in every thread."""

    def tell(error: BaseException | None, prefix: str = "") -> None:
        if error is not None and sys.stderr is not None:
            told = prefix + "".join(traceback.format_exception(error))
            sys.stderr.write(printable_lines(without_secrets(told)))

    def in_thread(what: threading.ExceptHookArgs) -> None:
        if what.exc_type is not SystemExit:
            tell(what.exc_value, f"Exception in thread {what.thread.name if what.thread else '?'}:\n")

    sys.excepthook = lambda _kind, error, _trace: tell(error)
    threading.excepthook = in_thread
    sys.unraisablehook = lambda what: tell(what.exc_value, "Exception ignored:\n")
