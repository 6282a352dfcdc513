"""Documents cannot lie: whatever they say of the code is compared with it."""

import ast
import inspect
import io
import json
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from slack_sdk import WebClient

from tagbot import schedule
from tagbot.commands import COMMANDS
from tagbot.pipeline import PIPELINE
from tagbot.recognition.model_files import CENTERFACE, YUNET
from tagbot.sandbox.state import Workspace
from tagbot.settings import Settings, variables
from tagbot.slack import words
from tagbot.slack.client import SCOPES
from tagbot.vocabulary import COMMAND, CallbackId, QueueName, State
from tests.documents import generated, picture
from tests.source import ROOT, nodes_of, python_files, text_of

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*.md")])
OTHERS = [ROOT / each for each in ("Makefile", "manifest.json", "pyproject.toml", ".env.example", ".ci/run")]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code() -> list[Path]:
    return [ROOT / "bot.py", *python_files("tagbot", "tests", "bench")]


# --- What is written by `make docs` and `make pictures` ----------------------------------------------------


@pytest.mark.rule("the-stages")
def test_what_is_taken_from_the_code_is_as_the_code_has_it() -> None:
    for path, text in generated.files():
        assert path.read_text() == text, f"{name_of(path)} is not up to date: run `make docs`"


def test_the_picture_shows_todays_request() -> None:
    assert picture.drawn_from(picture.REQUEST) == picture.digest(), "run `make pictures`, and look at it"


@pytest.mark.rule("setting-defaults")
def test_env_example_names_every_setting_with_its_default_and_why() -> None:
    entries = re.findall(r"^# (.+)\n(# )?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)

    in_file = {name: (why, default if comment else None) for why, comment, name, default in entries}

    assert len(entries) == len(in_file)
    assert in_file == {
        each.name: (each.why, None if each.default is None else generated.as_written(each.default))
        for _, each in variables()
    }


def test_env_example_filled_in_is_a_working_env_file() -> None:
    filled = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_CHANNEL": "C0123456789"}
    written = dict(
        line.removeprefix("# ").split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if re.match(r"(# )?[A-Z_]+=", line)
    )

    assert Settings.from_env(written | filled) == Settings.from_env(filled)


# --- The Slack app -----------------------------------------------------------------------------------------

# By method of Slack's Web API: the scopes without which it does not do what the bot needs of it, in a public
# and in a private channel (docs.slack.dev has a page for each method).
NEEDED_SCOPES: dict[str, set[str]] = {
    "apps.connections.open": set(),  # the app token's own connections:write, which no manifest holds
    "auth.test": set(),
    "blocks.validate": set(),
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "conversations.members": {"channels:read", "groups:read"},
    "files.completeUploadExternal": {"files:write"},
    "files.delete": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    "files.info": {"files:read"},
    "users.conversations": {"channels:read", "groups:read"},
    "users.info": {"users:read", "users:read.email"},  # without the second, profiles come without their email
    "users.list": {"users:read"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}


@pytest.fixture(name="manifest")
def _manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((ROOT / "manifest.json").read_text())
    return manifest


@pytest.mark.rule("manifest")
def test_the_manifest_asks_for_the_scopes_that_the_calls_need_and_no_others(manifest: dict[str, Any]) -> None:
    needed = {scope for method in called_methods() for scope in NEEDED_SCOPES[method]} | {"commands"}

    assert manifest["oauth_config"]["scopes"] == {"bot": sorted(needed)}
    assert sorted(SCOPES) == sorted(needed), "`python bot.py check` looks for these"


def called_methods() -> set[str]:
    """Every method of the Web API that our code calls, by Slack's name for it or by the SDK's."""
    ours = [path for path in python_files("tagbot") if "sandbox" not in path.parts]
    nodes = (node for path in ours for node in nodes_of(path))
    written = {
        node.attr if isinstance(node, ast.Attribute) else node.value
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Constant)
    }
    named = {str(each).replace(".", "_") for each in written if isinstance(each, str)}
    return {method for name in named & SDK_METHODS for method in behind(name)}


SDK_METHODS = {
    name for name, _ in inspect.getmembers(WebClient, inspect.isfunction) if re.match(r"[a-z]+_", name)
}


def behind(name: str) -> set[str]:
    """The API's methods that a method of the SDK calls, itself or by others of its methods."""
    source = inspect.getsource(getattr(WebClient, name))
    others = SDK_METHODS & set(re.findall(r"self\.(\w+)\(", source)) - {"api_call"}
    return set(re.findall(r'api_call\(\s*"([\w.]+)"', source)).union(*map(behind, others))


@pytest.mark.rule("manifest")
def test_the_manifest_has_what_the_handlers_listen_to_and_nothing_else(manifest: dict[str, Any]) -> None:
    listened = set(listeners())

    assert {what for kind, what in listened if kind == "command"} == {"COMMAND", "ANYTHING"}
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [COMMAND]
    assert {what for kind, what in listened if kind == "event"} == {
        "'app_home_opened'",
        "'message'",
        "ANYTHING",
    }
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert events == ["app_home_opened", "message.channels", "message.groups"]
    assert {what for kind, what in listened if kind == "shortcut"} == {
        "{'type': 'message_action', 'callback_id': CallbackId.FIND_FACES}",
        "ANYTHING",
    }
    [shortcut] = manifest["features"]["shortcuts"]
    assert (shortcut["type"], shortcut["callback_id"]) == ("message", CallbackId.FIND_FACES)
    assert Workspace().subscriptions == events, "the sandbox's app is this one"
    assert ("action" in dict(listened)) == manifest["settings"]["interactivity"]["is_enabled"]
    assert manifest["settings"]["socket_mode_enabled"] is True


def listeners() -> Iterator[tuple[str, str]]:
    """What the handlers register: (action, TAG_PERSON) and so on."""
    for path in python_files("tagbot/handlers"):
        for node in nodes_of(path):
            for decorator in getattr(node, "decorator_list", ()):
                if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
                    yield decorator.func.attr, ast.unparse(decorator.args[0])


@pytest.mark.rule("manifest")
def test_the_manifest_keeps_to_what_slack_takes(manifest: dict[str, Any]) -> None:
    shown, features, settings = manifest["display_information"], manifest["features"], manifest["settings"]
    (command,) = features["slash_commands"]

    assert set(manifest) <= {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert set(features) <= {"app_home", "bot_user", "shortcuts", "slash_commands", "unfurl_domains"}
    assert set(command) <= {"command", "description", "usage_hint", "should_escape"}  # no url: Socket Mode
    (shortcut,) = features["shortcuts"]
    assert set(shortcut) == {"name", "type", "callback_id", "description"}
    assert len(shortcut["name"]) <= 24
    assert len(shortcut["description"]) <= 150
    assert {name: value for name, value in settings.items() if name != "event_subscriptions"} == {
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    }
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 < len(shown["long_description"]) <= 4000
    assert re.fullmatch("#[0-9a-f]{6}", shown["background_color"])
    assert len(features["bot_user"]["display_name"]) <= 80
    assert len(command["command"]) <= 32
    assert max(len(command["description"]), len(command["usage_hint"])) <= 1000


def test_the_help_explains_what_the_usage_hint_names(manifest: dict[str, Any]) -> None:
    hint = manifest["features"]["slash_commands"][0]["usage_hint"]

    for word in re.findall(r"\b[a-z]+\b(?![|\]])", hint):
        assert f"{COMMAND} {word}" in words.HELP


# --- What the documents say --------------------------------------------------------------------------------


@pytest.mark.process
def test_the_readme_names_every_command_of_the_help() -> None:
    shown = subprocess.run(
        [sys.executable, "bot.py", "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = re.findall(r"^    ([a-z]+) ", shown, re.MULTILINE)

    assert commands
    for command in commands:
        assert f"python bot.py {command}" in (ROOT / "README.md").read_text()


@pytest.mark.rule("the-stages")
def test_architecture_knows_every_stage_queue_state_reason_and_timed_job() -> None:
    text = (ROOT / "docs/architecture.md").read_text()

    names = [stage.name for stage in PIPELINE] + [job.name for job in schedule.jobs()]
    for name in [*names, *QueueName, *State, *words.REJECTED, *words.NOT_SENT]:
        assert re.search(rf"`{name}`", text), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"(?:\]\(|src=\")([^)\s\"]+)[)\"]", path.read_text()):
        if not re.match(r"https?://|mailto:", target):
            file, _, anchor = target.partition("#")
            page = path.parent / file if file else path
            assert page.exists(), target
            assert not anchor or anchor in anchors(page), target


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get, as on GitHub."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_files_that_are_named_exist(path: Path) -> None:
    for name in re.findall(
        r"`((?:tagbot|tests|docs|requirements|\.ci)/[\w./-]*|[\w.-]+\.(?:py|md|toml))`", path.read_text()
    ):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_that_are_named_exist(path: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    code = " ; ".join(re.findall(r"```.*?```|`[^`\n]+`", path.read_text(), re.DOTALL))

    assert set(re.findall(r"\bmake (?:\w+=\S+ )?([a-z]+)", code)) <= set(targets)
    assert set(re.findall(r"bot\.py ([a-z]+)", code)) <= set(COMMANDS)


def test_the_changelog_is_about_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_sentences_of_the_documents_name_their_subject(path: Path) -> None:
    text = re.sub(r"```.*?```|<!-- (\w+): .*?<!-- /\1 -->", "", path.read_text(), flags=re.DOTALL)
    sentences = re.split(r"(?<=[.:;])\s+(?:[-*] )?|\n\n|\n[-*|] ", text)

    assert [each for each in sentences if re.match(r"\W*Who(ever|m)?\b[^?]*$", each)] == []


def test_figures_of_the_queues_at_amazon_count_those_that_there_are() -> None:
    polls = f"{len(QueueName)} × 6 polls a minute"

    assert all(polls in (ROOT / page).read_text() for page in ("docs/aws.md", "docs/scaling.md"))


def test_the_command_models_tells_what_detectors_find_as_it_was_measured() -> None:
    page = (ROOT / "docs/recognition.md").read_text()
    measured = page.partition("<!-- detectors: ")[2].partition("<!-- /detectors -->")[0]
    rows = [line.split("|") for line in measured.splitlines()]
    for name, model in (("CenterFace", CENTERFACE), ("YuNet", YUNET)):
        cells = next(row for row in rows if row[1:] and row[1].strip() == name)
        small = [int(count) for cell in cells[4:6] for count in re.findall(r"\d+", cell)]
        large = float(cells[6].strip(" %"))

        assert f"finds {large:.0f} % of the faces" in model.worth
        assert f"and {100 * sum(small[::2]) / sum(small[1::2]):.0f} % of those from 12 to 40" in model.worth


# Put together, so that this file does not hold them.
FORBIDDEN = [
    "/" + "work/", "/" + "home/", "/" + "root/", "/" + "users/", "issue" + " #", "cla" + "ude",
]  # fmt: skip


def test_nothing_speaks_of_a_certain_machine_or_of_how_this_was_made() -> None:
    texts = {name_of(path): text_of(path).lower() for path in [*DOCUMENTS, *code(), *OTHERS]}

    assert [(name, word) for name, text in texts.items() for word in FORBIDDEN if word in text] == []


# --- The code's own notes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("bot", []),
        ("all", ["local"]),
        ("dev", ["local", "dev"]),
        ("bench", ["local", "dev", "bench"]),
    ],
)
def test_locks_have_every_direct_dependency_in_a_version_that_is_asked_for(
    lock: str, extras: list[str]
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + [
        each for extra in extras for each in project["optional-dependencies"][extra]
    ]
    text = (ROOT / f"requirements/{lock}.txt").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))

    for requirement in map(Requirement, asked):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in {lock}.txt: run `make lock`"
        assert requirement.specifier.contains(version), (
            f"{requirement} is {version} in {lock}.txt: run `make lock`"
        )


def test_whoever_silences_a_check_says_why() -> None:
    assert [where for path in code() for where in silent_in(path)] == []


SILENCER = re.compile(r"#\s*(noqa|type:\s*ignore)")
WITH_REASON = re.compile(r"# noqa: [A-Z0-9, ]+ - .{3,}|# type: ignore\[[\w, -]+\]  # .{3,}")


def silent_in(path: Path) -> Iterator[str]:
    """Where a comment silences a check without a reason."""
    text = text_of(path)
    found = [line[each.start() :] for line in text.splitlines() for each in SILENCER.finditer(line)]
    if all(WITH_REASON.fullmatch(each) for each in found):
        return  # comments or strings; to tell them apart takes longest
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        comment = token.string
        if token.type == tokenize.COMMENT and SILENCER.match(comment) and not WITH_REASON.fullmatch(comment):
            yield f"{name_of(path)}:{token.start[0]}: {comment}"
