"""The log: one line for each thing that happened, as text or as JSON."""

import io
import json
import logging
import sys
import threading
import time
import warnings
from contextlib import suppress
from typing import Any, TextIO

from tagbot.lib.redaction import without_secrets
from tagbot.lib.unseen import printable, printable_lines

_OURS = frozenset({"action", "stage", "message_id", "ms"})
"""Fields that our lines add, for programs that read the log."""


class _Secretive(logging.Formatter):
    """Takes secrets out of whatever is logged, also by the libraries."""

    def converter(self, seconds: float | None) -> time.struct_time:
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(self.line(record))

    def line(self, record: logging.LogRecord) -> str:
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - as above
        return printable_lines(super().formatException(ei))


class _Json(_Secretive):
    def line(self, record: logging.LogRecord) -> str:
        content = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{record.msecs:03.0f}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        content |= {name: value for name, value in vars(record).items() if name in _OURS}
        if record.exc_info:
            content["traceback"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(content)


class _Handler(logging.StreamHandler[TextIO]):
    """A line that cannot be made is told without what was to be in it, which Python would print."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        with suppress(OSError, ValueError):
            self.stream.write(f"a line of the log could not be written: {record.pathname}:{record.lineno}\n")


class _LinesIntoLog(io.TextIOBase):
    """Standard error, in which each line is one of the log, whoever writes it."""

    def __init__(self, real: TextIO) -> None:
        self.real = real
        self._line = ""

    def write(self, text: str) -> int:
        """A line that is not whole yet waits for its end."""
        *lines, self._line = (self._line + text).split("\n")
        for line in filter(str.strip, lines):
            logging.getLogger("tagbot.stderr").error("%s", line)
        return len(text)


def set_up(level: str, form: str) -> None:
    """Log to standard error. `level` and `form` are `LOG_LEVEL` and `LOG_FORMAT`."""
    handler = _Handler(sys.stderr.real if isinstance(sys.stderr, _LinesIntoLog) else sys.stderr)
    text = _Secretive("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    handler.setFormatter(_Json() if form == "json" else text)
    handler.addFilter(_is_ours_or_serious)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def take_over_standard_error() -> None:
    """Have a program that reads the log as JSON find nothing else there: complaints at the start, and what
    libraries print.
    """
    set_up("INFO", "json")
    if sys.stderr is not None and not isinstance(sys.stderr, _LinesIntoLog):
        sys.stderr = _LinesIntoLog(sys.stderr)


def take_over_warnings() -> None:
    """Have what Python would print by itself in the log: warnings, and errors that nothing caught."""

    def warn(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
    ) -> None:
        logging.getLogger("tagbot.warnings").warning(
            "%s: %s (%s:%d)", category.__name__, message, filename, lineno
        )

    def uncaught(where: str, error: BaseException | None) -> None:
        logging.getLogger("tagbot").critical("an error that nothing caught%s", where, exc_info=error)

    def in_thread(what: threading.ExceptHookArgs) -> None:
        if what.exc_type is not SystemExit:
            uncaught(f" in thread {what.thread.name if what.thread else '?'}", what.exc_value)

    warnings.showwarning = warn
    sys.excepthook = lambda _kind, error, _trace: uncaught("", error)
    threading.excepthook = in_thread
    sys.unraisablehook = lambda what: uncaught(", and that could not be raised", what.exc_value)


def _is_ours_or_serious(record: logging.LogRecord) -> bool:
    """Below warnings, libraries tell what they send and receive: people's names, pictures, AWS's tokens."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == "tagbot"
