"""`python -m bench.bare_bolt`: the least that a Slack app can be. It acknowledges every click, no more."""

import os
import re
import threading

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient


def main() -> None:
    """Run until killed."""
    app = App(client=WebClient(os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))

    @app.action(re.compile(".*"))
    def clicked(ack: Ack) -> None:
        ack()

    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect()  # type: ignore[no-untyped-call]  # Bolt's
    threading.Event().wait()


if __name__ == "__main__":
    main()
