"""Slack's own Socket Mode client, as Bolt's handler has it."""

from slack_bolt.adapter.socket_mode import SocketModeHandler


def close(handler: SocketModeHandler) -> None:
    """End it and each of its threads, also while it connects anew, and without the second for which it sleeps
    on its queue.
    """
    client = handler.client
    client.closed = True
    # Whoever connects anew just now puts the one back to what the other says, and goes on for ever.
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    client.enqueue_message("")  # wakes who sleeps on the queue
    try:
        handler.close()  # type: ignore[no-untyped-call]  # as it is in the SDK
    except AttributeError:  # of a socket that its own reader has just closed; nothing else was ended then
        handler.close()  # type: ignore[no-untyped-call]  # as it is in the SDK
