"""The end of all connections, without losing what Slack brings meanwhile."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from tagbot.slack.socket_mode.acknowledgements import Acknowledgements
from tagbot.slack.socket_mode.connection import CLOSE_SECONDS
from tagbot.slack.socket_mode.envelopes import Envelopes

log = logging.getLogger(__name__)

IDLE_SECONDS = 2.0
"""How long the end waits for a moment with no envelope in flight: of the three within which Slack waits."""

HANDLER_SECONDS = 3.5
"""After so long no envelope is in flight any more: Bolt waits three seconds for a handler to acknowledge."""

KEEPERS_SECONDS = 0.5
"""How long the end waits for connections that are just being opened; while Slack is away, that is in vain."""

LATE_SECONDS = 5.0
"""How long the end opens connections for acknowledgements that are left over: of the ten within which the bot
has to be gone.
"""


def shut_down(
    acknowledgements: Acknowledgements,
    envelopes: Envelopes,
    keepers: Sequence[threading.Thread],
    open_another: Callable[[], bool],
) -> None:
    """End the connections, and acknowledge all that they brought until then.

    `keepers` end the connections that they are just opening. `open_another` opens a connection that ends at
    once, and returns whether it could.
    """
    _end_connections(acknowledgements, envelopes)
    until = time.monotonic() + KEEPERS_SECONDS
    for keeper in keepers:
        if keeper.is_alive():
            keeper.join(max(0.0, until - time.monotonic()))
    _send_late(acknowledgements, envelopes, open_another)
    envelopes.close()


def _end_connections(acknowledgements: Acknowledgements, envelopes: Envelopes) -> None:
    """One after the other: until Slack learns that a connection ends, it may bring something that can no
    longer be acknowledged there, but on the next one.
    """
    until = time.monotonic() + IDLE_SECONDS
    closings: list[threading.Thread] = []
    while connection := acknowledgements.next_open():
        envelopes.wait_until_idle(until - time.monotonic())
        closing = threading.Thread(target=connection.close, name="slack-ending", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS / 2)  # longer takes only one that Slack no longer hears
        closings.append(closing)
    for closing in closings:
        closing.join()


def _send_late(
    acknowledgements: Acknowledgements, envelopes: Envelopes, open_another: Callable[[], bool]
) -> None:
    """Acknowledge what the last connection brought while it ended, on one that is opened for that.

    It ends at once, as Slack may bring something on it too until it learns of that, and then needs another:
    the shorter each is there, the sooner one brings nothing.
    """
    until = time.monotonic() + LATE_SECONDS
    while True:
        envelopes.wait_until_idle(HANDLER_SECONDS)
        if not acknowledgements.are_late:
            return
        if time.monotonic() >= until or not open_another():
            log.warning("an acknowledgement was lost with its connection")
            return
