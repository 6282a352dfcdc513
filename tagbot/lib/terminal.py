"""The operator's terminal: the only place that prints, so that nothing from elsewhere gets there as it is."""

import io
import sys

from tagbot.lib.unseen import printable


def escape_unknown_letters() -> None:
    """Have letters that the terminal does not know written out as in a string of Python's, as they are on
    standard error.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def say(*lines: str) -> None:
    """Print these lines, each on its own."""
    for line in lines:
        print(printable(line), flush=True)  # noqa: T201 - this is where it is done


def complain(*lines: str) -> None:
    """The same to standard error."""
    for line in lines:
        print(printable(line), file=sys.stderr)  # noqa: T201 - as above
