"""`make bench`: measure everything, print the table, and write it into docs/benchmarks.md.

`make bench-quick` measures less and only prints; so does `python -m bench --only NAME`.
"""

import argparse
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bench import machine, where_time_goes
from bench.child import ROOT, Failed, Missing
from bench.disk import folder_on_disk
from bench.figures import NAMES, figure
from bench.rounds import Scale, say
from bench.table import HEAD, Line, NotMeasured, between_markers, markdown

PAGE = ROOT / "docs/benchmarks.md"


def main() -> int:
    """Read the command line, measure, print; 1 if anything failed, which is named where its figures were."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two minutes; smaller amounts, and no million faces"
    )
    parser.add_argument("--only", choices=NAMES, action="append", metavar="NAME", help=", ".join(NAMES))
    options = parser.parse_args()
    logging.disable()  # what is measured beside ours has its own to say
    failed = False
    try:
        with folder_on_disk() as folder:
            for name, text, went_wrong in _parts(options.only or NAMES, Scale(quick=options.quick), folder):
                print(f"{text}\n", flush=True)
                if not options.quick and not options.only:
                    PAGE.write_text(between_markers(PAGE.read_text(), name, text))
                failed |= went_wrong
    except Missing as what:
        say(str(what))
        return 1
    return int(failed)


def _parts(names: Sequence[str], scale: Scale, folder: Path) -> Iterator[tuple[str, str, bool]]:
    """What stands between the page's markers, by their names, and whether some of it failed."""
    began, load = time.monotonic(), os.getloadavg()[0]
    lines = [line for name in names for line in tried(name, partial(figure(name).measure, scale))]
    table = markdown(HEAD, [line.cells() for line in lines])
    notes = "\n".join(f"- {figure(name).NOTE.replace(chr(10), chr(10) + '  ')}" for name in names)
    minutes = (time.monotonic() - began) / 60
    rounds = f"Medians of {scale.rounds} to {scale.short_rounds} rounds, {minutes:.0f} minutes in all."
    yield "table", f"{machine.described(load, folder)} {rounds}\n\n{table}\n\n{notes}", has_failed(lines)
    if {"hop", "intake"} <= set(names):
        try:
            yield "where-time-goes", where_time_goes.described(scale), False
        except Missing as what:
            yield "where-time-goes", f"Not measured: {what}.", True


def tried(name: str, measure: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    """The lines of a figure; one that fails costs its own lines, and no other's."""
    say(f"{name} …")
    try:
        yield from measure()
    except Missing as what:
        yield NotMeasured(name, "what is not above", what)
    except Exception as error:  # noqa: BLE001 - another figure may well be measured
        traceback.print_exc()
        yield NotMeasured(name, "what is not above", Failed(f"it failed: {type(error).__name__}: {error}"))


def has_failed(lines: Iterable[Line]) -> bool:
    """Whether anything went wrong; what is not on this machine did not."""
    return any(isinstance(line, NotMeasured) and isinstance(line.why, Failed) for line in lines)


if __name__ == "__main__":
    sys.exit(main())
