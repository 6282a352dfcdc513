"""Each measurement runs in a process of its own, so that none inherits another's threads, files or memory.

    rate = in_child("bench.figures.messages:measure", engine="ours", workers=1, count=1000)

calls that function there, and gives what it returned.
"""

import importlib
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Missing(Exception):  # noqa: N818 - it names the outcome
    """Something to measure beside is not on this machine; the text says what."""


class Failed(Missing):
    """It is there, and could not be measured; the run goes on, and ends with an exit code that says so."""


LIMIT_SECONDS = 600.0
"""No measurement takes as long; one that does is stuck."""


def in_child(function: str, *, under: tuple[str, ...] = (), **arguments: Any) -> Any:
    """What `package.module:function` returns for these arguments (JSON both ways), run `under` a command.

    Raises `Missing` as the function does, and `Failed` when anything else went wrong.
    """
    try:
        done = subprocess.run(
            [*under, sys.executable, "-m", __name__, function, json.dumps(arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"it was not done after {error.timeout:.0f} seconds") from error
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise Failed(f"it failed: {(done.stderr.splitlines() or ['without a word'])[-1]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if "missing" in told:
        raise Missing(told["missing"])
    return told["returned"]


def main(function: str, arguments: str) -> None:
    """In the child."""
    # A running bot logs a line for each message, and its operator reads them in a file.
    logging.basicConfig(filename="/dev/null", level="INFO")
    module, _, name = function.partition(":")
    try:
        told = {"returned": getattr(importlib.import_module(module), name)(**json.loads(arguments))}
    except Missing as what:
        told = {"missing": str(what)}
    print(json.dumps(told))


if __name__ == "__main__":
    # Not by `main` of this module, which has another `Missing` than the one that is imported.
    from bench.child import main as imported_main

    imported_main(*sys.argv[1:])
