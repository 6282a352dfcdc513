"""`make bench`: measure everything, print the table, and write it into docs/benchmarks.md.

`make bench-quick` measures less and only prints; so does `python -m bench --only NAME`.
"""

import argparse
import logging
import os
import time
from collections.abc import Iterator, Sequence

from bench import machine, where_time_goes
from bench.child import ROOT
from bench.figures import FIGURES
from bench.rounds import ROUNDS, Scale, say
from bench.table import HEAD, Line, between_markers, markdown

PAGE = ROOT / "docs/benchmarks.md"


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two minutes; smaller amounts, and no million faces"
    )
    parser.add_argument("--only", choices=FIGURES, action="append", metavar="NAME", help=", ".join(FIGURES))
    options = parser.parse_args()
    logging.disable()  # what is measured beside ours has its own to say
    parts = _parts(options.only or list(FIGURES), Scale(quick=options.quick))
    for name, text in parts:
        print(f"{text}\n", flush=True)
        if not options.quick and not options.only:
            PAGE.write_text(between_markers(PAGE.read_text(), name, text))


def _parts(names: Sequence[str], scale: Scale) -> Iterator[tuple[str, str]]:
    """What stands between the page's markers, by their names."""
    began, load = time.monotonic(), os.getloadavg()[0]
    lines = [line for name in names for line in _measured(name, scale)]
    table = markdown(HEAD, [line.cells() for line in lines])
    notes = "\n".join(f"- {FIGURES[name].NOTE.replace(chr(10), chr(10) + '  ')}" for name in names)
    minutes = (time.monotonic() - began) / 60
    head = f"{machine.described(load)} Medians of {ROUNDS} rounds or more, {minutes:.0f} minutes in all."
    yield "table", f"{head}\n\n{table}\n\n{notes}"
    if {"hop", "intake"} <= set(names):
        yield "where-time-goes", where_time_goes.described(scale)


def _measured(name: str, scale: Scale) -> Iterator[Line]:
    say(f"{name} …")
    yield from FIGURES[name].measure(scale)


if __name__ == "__main__":
    main()
