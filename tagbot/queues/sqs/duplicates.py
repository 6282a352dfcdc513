"""Recognising the second of two messages with the same id."""

import threading
from collections import OrderedDict

REMEMBERED = 10_000
"""Messages that were done, by which their twins are recognised."""


class Twins:
    """Remembers when the messages that are done were handed out. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handed_out: OrderedDict[str, float] = OrderedDict()
        """By their ids; seconds since 1970, by SQS's clock."""

    def remember(self, message_id: str, handed_out: float) -> None:
        """A message is done."""
        with self._lock:
            self._handed_out[message_id] = handed_out
            self._handed_out.move_to_end(message_id)
            while len(self._handed_out) > REMEMBERED:
                self._handed_out.popitem(last=False)

    def is_twin(self, message_id: str, sent: float) -> bool:
        """Whether it was sent before the stage began its work on the same message: then it is no news."""
        with self._lock:
            began = self._handed_out.get(message_id)
        return began is not None and sent <= began
