"""`python -m tagbot.sandbox [--port N]`: a Slack to run the bot against by hand."""

import argparse
import asyncio
import signal

from tagbot.sandbox.server import Sandbox
from tagbot.sandbox.state import APP_TOKEN, BOT_TOKEN


async def serve(port: int) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    sandbox = Sandbox()
    address = await sandbox.start(port)
    print(f"{address}/api/  bot token {BOT_TOKEN}  app token {APP_TOKEN}", flush=True)  # noqa: T201 - for who started it
    await stop.wait()
    await sandbox.stop()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tagbot.sandbox", description="A Slack on this machine.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; a free one without this")
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
