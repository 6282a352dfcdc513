"""What the documents take from the code and from the tests: `make docs` writes it, a test compares it."""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from tagbot.commands import COMMANDS, command
from tagbot.pipeline import mermaid
from tagbot.settings import Variable, variables
from tests.documents import promises
from tests.documents.tables import table
from tests.source import ROOT

ENV_HEAD = """\
# Settings of FaceTag. Copy this file to .env, beside bot.py, and fill in the first three.
# A variable of the environment wins over the same one here.
"""


def env_example() -> str:
    """`.env.example`: what has to be set waits to be filled in, the rest is a comment with its default."""
    return ENV_HEAD + "".join(f"\n# {each.why}\n{_assignment(each)}\n" for each in required_first())


def _assignment(variable: Variable) -> str:
    if variable.default is None:
        return f"{variable.name}="
    return f"# {variable.name}={as_written(variable.default)}"


def as_written(default: str) -> str:
    """A default as it has to be written in `.env`, where DATA_DIR stands for nothing."""
    return default.replace("DATA_DIR", "data")


def required_first() -> list[Variable]:
    """Every setting, first those that somebody has to fill in."""
    return sorted((variable for _, variable in variables()), key=lambda each: each.default is not None)


def settings_table() -> str:
    """Every setting, its default, and what it is for."""
    rows = [(f"`{each.name}`", _default(each), each.why) for each in required_first()]
    return table(("variable", "default", "what for"), rows)


def _default(variable: Variable) -> str:
    if variable.default is None:
        return "required"
    return f"`{variable.default}`" if variable.default else "empty"


def commands_table() -> str:
    """Every command as it is typed, with its own help."""
    rows = [(f"`{_usage(name)}`", does) for name, does in COMMANDS.items()]
    return table(("command", "does"), [("`python bot.py`", "run the bot"), *rows])


def _usage(name: str) -> str:
    parser = argparse.ArgumentParser(prog=f"python bot.py {name}", add_help=False, usage=None)
    command(name).arguments(parser)
    in_one_line = " ".join(parser.format_usage().removeprefix("usage: ").split())
    return re.sub(r"(\w+) \[\1 \.\.\.\]", r"\1…", in_one_line)


def flow() -> str:
    """The drawing of the flow."""
    return f"```mermaid\n{mermaid()}\n```"


PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "README.md": {
        "settings": settings_table,
        "commands": commands_table,
        "failures": partial(promises.failures_table, "README.md"),
    },
    "docs/architecture.md": {
        "flow": flow,
        "failures": partial(promises.failures_table, "docs/architecture.md"),
    },
}
"""By document, what stands in it between `<!-- NAME: … -->` and `<!-- /NAME -->`."""


def files() -> Iterator[tuple[Path, str]]:
    """Every file that takes something from the code or the tests, with its text as it should be."""
    yield ROOT / ".env.example", env_example()
    yield promises.PAGE, promises.page()
    for document, parts in PARTS.items():
        path = ROOT / document
        text = path.read_text()
        for name, part in parts.items():
            text = _filled(text, name, part())
        yield path, text


def _filled(text: str, name: str, content: str) -> str:
    before, begin, rest = _cut(text, rf"<!-- {name}: [^\n]* -->")
    _, end, after = _cut(rest, rf"<!-- /{name} -->")
    return f"{before}{begin}\n{content}\n{end}{after}"


def _cut(text: str, marker: str) -> tuple[str, str, str]:
    found = re.search(marker, text)
    if found is None:
        raise ValueError(f"the marker {marker!r} is missing")
    return text[: found.start()], found[0], text[found.end() :]
