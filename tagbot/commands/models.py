"""`python bot.py models`: the recogniser's models, and `get`, which brings one."""

import argparse
import json
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tagbot.commands.command import Command
from tagbot.lib.download import KnownFile, NotBrought, download
from tagbot.lib.installation import COMMAND as TYPED
from tagbot.lib.owner_only import give_to_owner_of
from tagbot.lib.terminal import complain, say
from tagbot.recognition.model_files import MODELS, Model, best, not_genuine, where
from tagbot.settings import Settings

NOT_GENUINE = "this is not the file that its authors made, so it is not used"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [--json] [get NAME]"
    parser.add_argument("--json", action="store_true", help="for programs")
    actions = parser.add_subparsers(
        dest="action", metavar="get NAME", title="to bring one from its authors", prog=parser.prog
    )
    one_of_them = f"one of {', '.join(MODELS)}"
    get_one = actions.add_parser("get", help=one_of_them)
    get_one.add_argument("name", metavar="NAME", type=str.lower, choices=MODELS, help=one_of_them)


def run(settings: Settings, options: argparse.Namespace) -> int:
    if options.action == "get":
        return get(MODELS[options.name], settings.models)
    if options.json:
        models = [figures(model, settings.models) for model in MODELS.values()]
        say(json.dumps({"folder": str(settings.models), "models": models}))
    else:
        _print(settings.models)
    return 0


def figures(model: Model, folder: Path) -> dict[str, Any]:
    """What there is to say of a model, and where it is."""
    path = where(model, folder)
    return {
        "name": model.name,
        "for": model.purpose,
        "there": path is not None,
        "used": best(model.purpose, folder) is model,
        "path": path and str(path),
        "file": model.file,
        "licence": model.licence,
        "source": model.source,
        "worth": model.worth,
        "address": model.address,
        "bytes": model.size,
        "sha256": model.sha256,
    }


def _print(folder: Path) -> None:
    """A table of two lines for each model, and what there is to do."""
    say(f"{'NAME':<15} {'THERE':<6} {'FOR':<30} {'LICENCE':<11} SOURCE")
    for model in MODELS.values():
        is_best = best(model.purpose, folder) is model
        there = "used" if is_best else "no" if where(model, folder) is None else "yes"
        say(f"{model.name:<15} {there:<6} {model.purpose:<30} {model.licence:<11} {model.source}")
        say(f"{'':<22} {model.worth}")
    say("", f"They are looked for in {folder} (MODELS), then in the packages that are installed.")
    for model in MODELS.values():
        complain(*(f"{path}: {NOT_GENUINE}" for path in not_genuine(model, folder)))
        if where(model, folder) is None:
            say(f"{TYPED} models get {model.name} brings {model.name}, {model.size / 1e6:.1f} MB.")


def get(model: Model, folder: Path) -> int:
    """Bring a model into the folder, unless it is there; the exit code."""
    if (there := where(model, folder)) is not None:
        say(f"{model.name} is there already: {there}")
        return 0
    path = folder / model.file
    wanted = KnownFile(model.address, model.size, model.sha256)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tqdm(total=model.size, unit="B", unit_scale=True, disable=None, leave=False) as bar:
            download(wanted, path, lambda bytes_there: bar.update(bytes_there - bar.n))
        give_to_owner_of(folder, path)
    except NotBrought as why:
        complain(f"{model.name} could not be brought: {why}.")
    except OSError as why:
        complain(f"{folder} cannot be written to: {why.strerror or why}. MODELS may name another folder.")
    else:
        say(f"{model.name} is there: {path}", "A bot that runs uses it from its next start.")
        return 0
    complain(
        "The same command tries again. Where the network forbids it, download it yourself from",
        model.address,
        f"and put it into {folder} as {model.file}; another file than this is not used.",
    )
    return 1


COMMAND = Command(arguments, run)
