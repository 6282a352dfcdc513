"""The operator's terminal: the only place that prints, so that nothing from elsewhere gets there as it is."""

import sys

from tagbot.lib.unseen import printable


def say(*lines: str) -> None:
    """Print these lines, each on its own."""
    for line in lines:
        print(printable(line), flush=True)  # noqa: T201 - this is where it is done


def complain(*lines: str) -> None:
    """The same to standard error."""
    for line in lines:
        print(printable(line), file=sys.stderr)  # noqa: T201 - as above
