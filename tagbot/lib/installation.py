"""How this program was installed: a checkout, which `make` looks after, or a package that pip or pipx did."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]

IS_CHECKOUT = (PACKAGE.parent / "Makefile").is_file() and (PACKAGE.parent / "bot.py").is_file()

PROGRAM = (str(PACKAGE.parent / "bot.py"),) if IS_CHECKOUT else ("-m", f"{PACKAGE.name}.main")
"""What Python is told to run this program."""


COMMAND = "python bot.py" if IS_CHECKOUT else "facetag"
"""What an operator types to run it."""


def manifest() -> str:
    """The manifest that makes the app in Slack. It lies beside the package, or in it where it was built."""
    folder = PACKAGE.parent if IS_CHECKOUT else PACKAGE
    return (folder / "manifest.json").read_text(encoding="utf-8")


def advice(by_make: str, extra: str) -> str:
    """How to add what an extra of the package brings; `by_make` says it for a checkout."""
    if IS_CHECKOUT:
        return by_make
    return (
        f"install it with its extra: `pipx install --force 'facetag[{extra}]'`, or `pip install` as you did"
    )
