"""Acknowledgements that stay, whatever becomes of the handler afterwards."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, BoltContext


class LastingAck(Ack):
    """Bolt's, but what was acknowledged stays so.

    Bolt waits for an acknowledgement in looks 10 ms apart. When a handler fails between two of them, Bolt
    takes its acknowledgement back unseen, waits in vain until Slack has told the person that nothing
    happened, and then asks the next handler that fits.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "response" and value is None and getattr(self, name, None) is not None:
            return
        super().__setattr__(name, value)


def acknowledgements_last(context: BoltContext, next: Callable[[], None]) -> None:  # noqa: A002 - Bolt's name
    """The middleware that gives every handler, of whatever kind, such an acknowledgement."""
    context["ack"] = LastingAck()  # type: ignore[no-untyped-call]  # Bolt's
    next()
