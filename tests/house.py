"""How the house is built, in figures: `make house` prints them, `tests/test_house.py` holds their limits.

The bot is what is measured: neither the tests nor the sandbox, which stands in for Slack.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.source import PACKAGE, ROOT, nodes_of, python_files, text_of

STAND_IN = "sandbox"

VAGUE = re.compile(
    r"(who|whoever|whom|whose|what|whatever|somebody|someone|nobody|no one|anybody|anyone|everybody)\b",
    re.IGNORECASE,
)
"""Subjects of which a reader has to find out what they stand for. At the beginning of a sentence each of
them is its subject, or begins the clause that is.
"""


@dataclass(frozen=True)
class Source:
    """One module of the bot."""

    path: Path

    @property
    def name(self) -> str:
        """Its path, relative to the package."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in it."""
        return nodes_of(self.path)

    @property
    def room(self) -> str:
        """The folder or module at the top level that it belongs to."""
        return self.name.partition("/")[0].removesuffix(".py")


@cache
def sources() -> tuple[Source, ...]:
    """Every module of the bot but migrations, which are never changed, and the stand-in for Slack."""
    return tuple(
        Source(path)
        for path in python_files("tagbot")
        if "migrations" not in path.parts and STAND_IN not in path.parts
    )


def modules_at_the_top() -> list[str]:
    """Files directly in `tagbot/`."""
    return sorted(path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py")


def rooms() -> frozenset[str]:
    """Modules and folders at the top level, with `bot.py`, the benchmarks and the stand-in."""
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    modules = {name.removesuffix(".py") for name in modules_at_the_top()}
    return frozenset({"bot", "bench"} | folders | modules)


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """From each room to those that it imports, also where it does so in a function or for types only."""
    found = {("bot", "main")}
    for path in python_files("tagbot", "bench"):
        inside_bench = PACKAGE not in path.parents
        room = "bench" if inside_bench else path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tagbot":
                inside = (node.module or "").split(".")[1:]
                found |= {(room, (inside or [name.name])[0]) for name in node.names}
    return frozenset((here, there) for here, there in found if here != there and there in rooms())


def circles() -> list[str]:
    """Rooms from which the arrows lead back."""

    def reached(room: str) -> set[str]:
        seen: set[str] = set()
        next_ones = {room}
        while next_ones:
            next_ones = {there for here, there in arrows() if here in next_ones} - seen
            seen |= next_ones
        return seen

    return sorted(room for room in rooms() if room in reached(room))


def lengths_of_files() -> dict[str, int]:
    """Lines by file; the stand-in's too."""
    return {
        path.relative_to(PACKAGE).as_posix(): len(text_of(path).splitlines())
        for path in python_files("tagbot")
    }


def twins() -> list[str]:
    """File names that stand twice, but for those that Python asks for."""
    names = Counter(path.name for path in python_files("tagbot") if not path.name.startswith("__"))
    return sorted(name for name, times in names.items() if times > 1)


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method, with the module that it stands in."""
    for source in sources():
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield source.name, node


def helpers_used_once() -> list[str]:
    """Private functions and methods whose name is used in one place of their module."""
    found = []
    for source in sources():
        used = Counter(
            node.id if isinstance(node, ast.Name) else node.attr
            for node in source.nodes
            if isinstance(node, ast.Name | ast.Attribute)
        )
        for node in source.nodes:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if used[name] == 1:
                    if re.match(r"_[^_]", name):
                        found.append(f"{source.name}:{node.lineno} {name}")
    return found


@cache
def sentences() -> tuple[tuple[str, str], ...]:
    """Every sentence of a docstring or a comment, with the module that it stands in."""
    return tuple(
        (source.name, sentence)
        for source in sources()
        for text in (*_docstrings(source.nodes), *_comments(text_of(source.path)))
        for sentence in _sentences(text)
    )


def vague_sentences() -> list[str]:
    """Sentences with a vague subject."""
    return [f"{name}: {sentence}" for name, sentence in sentences() if VAGUE.match(sentence)]


def terms_to_learn() -> list[str]:
    """The terms that the glossary explains."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    glossary = page.partition("\n## Glossary\n")[2].partition("\n## ")[0]
    return re.findall(r"\*\*([^*]+)\*\*", glossary)


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def _comments(source: str) -> list[str]:
    """Lines of comment that follow each other are one text."""
    texts: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            words = token.string.lstrip("#: ")
            if token.start[0] == last + 1:
                texts[-1] += f" {words}"
            else:
                texts.append(words)
            last = token.start[0]
    return texts


def _sentences(text: str) -> list[str]:
    in_one_line = " ".join(re.sub(r"`[^`]*`", "X", text).split())
    return [each for each in re.split(r"(?<=[.!?])\s+", in_one_line) if each]


def figures() -> dict[str, str]:
    """What `make house` prints."""
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for _, node in functions())
    longest = max(lengths_of_files().items(), key=lambda item: item[1])
    return {
        "modules at the top level": str(len(modules_at_the_top())),
        "rooms, arrows between them, rooms in circles": f"{len(rooms())}, {len(arrows())}, {len(circles())}",
        "lines of the longest file": f"{longest[1]} ({longest[0]})",
        "file names that stand twice": str(len(twins())),
        "functions": str(len(lengths)),
        "function length, median / p90 / longest": (
            f"{lengths[len(lengths) // 2]} / {lengths[int(0.9 * len(lengths))]} / {lengths[-1]}"
        ),
        "private helpers used once, of all functions": f"{len(helpers_used_once()) / len(lengths):.1%}",
        "sentences with a vague subject": f"{len(vague_sentences()) / len(sentences()):.1%}",
        "terms to learn": str(len(terms_to_learn())),
    }


if __name__ == "__main__":
    for figure, value in figures().items():
        print(f"{figure:<48} {value}")
