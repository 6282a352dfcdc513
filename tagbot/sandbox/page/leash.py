"""`python leash.py PROGRAM…`: runs a program for as long as its standard input stays open.

So the bot ends with the sandbox, however that ended. A terminal's Ctrl-C does not come this far, as both run
in a session of their own; signals sent to that session's group are the program's to obey, not ours.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

PATIENCE = 12.0
"""Seconds that the program may take to stop."""


def main(program: Sequence[str]) -> int:
    """Run the program; its exit code, as a shell would tell it."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # Not SIG_IGN: the program would inherit that, and be deaf until it has its own handlers.
        signal.signal(each, lambda *_: None)
    running = subprocess.Popen(program, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(running,), daemon=True).start()
    code = running.wait()
    return code if code >= 0 else 128 - code


def _end_with_input(running: "subprocess.Popen[bytes]") -> None:
    # Not sys.stdin: Python cannot end while a thread waits in its buffer.
    while os.read(0, 1024):
        pass
    running.terminate()
    try:
        running.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        running.kill()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
