"""Something that fails until it works again, told in the log without filling it."""

import logging
import threading


class OutageLog:
    """Tells when it begins, when its reason changes, and when it is over; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason = ""

    def fails(self, log: logging.Logger, what: str, reason: str, bug: BaseException | None = None) -> None:
        """`what` fails because of `reason`; where that is a bug, its traceback is told too."""
        with self._lock:
            news, self._reason = reason != self._reason, reason
        if news:
            log.error("%s: %s", what, reason, exc_info=bug)

    def works(self, log: logging.Logger, what: str) -> None:
        """It does not fail, or no longer."""
        if self._reason:
            with self._lock:
                was, self._reason = self._reason, ""
            if was:
                log.warning("%s: over", what)
