"""The house rules that no single test of a part can see: one door to each outside thing, and so on."""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.source import PACKAGE, ROOT, nodes_of, python_files

DOORS: dict[str, set[str]] = {
    "boto3": {"aws/boto.py"},
    "botocore": {"aws/boto.py"},
    "persistqueue": {"queues/disk/queue_file.py"},
    "dlib": {"recognition/dlib_encoder.py"},
    "onnxruntime": {"recognition/onnx_network.py"},
    "psycopg": {"database/postgresql.py", "database/postgresql_errors.py"},
    "PIL": {"photos/pixels.py"},
    "pi_heif": {"photos/heic_decoder.py"},
    "apscheduler": {"schedule/job_runner.py"},
    "prometheus_client": {"monitoring/prometheus.py"},
    "slack_sdk.WebClient": {"slack/api.py"},
    "slack_sdk.models": {
        "slack/blocks.py",
        "slack/group_message.py",
        "slack/group_modals.py",
        "slack/home_view.py",
        "slack/people_options.py",
        "slack/person_messages.py",
        "slack/person_page_view.py",
        "slack/request_message.py",
        "slack/someone_else_modal.py",
    },
    "websockets": {"slack/socket_mode/connection.py", "slack/socket_mode/disconnect_reasons.py"},
    "os.environ": {"main.py"},
    "os.getenv": set(),
    "fcntl": {"lib/process_lock.py", "lib/write_ahead_log.py"},
    "argparse": {"main.py", "sandbox/__main__.py", "commands/*.py"},
}
"""Each outside thing, and who may import it."""

BROAD = {
    "lib/process_pool.py": 1,  # in the process: the other side raises it again
    "photos/inbox/s3_listener.py": 1,  # an unforeseen answer must not end the thread that hears of photos
    "queues/sqs/long_poll.py": 1,  # an answer nobody thought of must not end the thread that fetches
    "queues/sqs/visibility_timeout.py": 1,  # nor the thread that keeps messages invisible
    "schedule/job_runner.py": 1,  # a failing job must not end the timer
    "slack/socket_mode/supervisor.py": 1,  # a bug while connecting must not leave the bot deaf for good
    "slack/ephemeral_messages.py": 1,  # a bug in telling one member must not leave all others untold
    "slack/homes.py": 1,  # nor a bug in one Home the thread of all
    "slack/updates.py": 1,  # a bug in one update must not end the thread of all
    "worker.py": 2,  # a bug becomes a dead letter; and one of a queue must not end the thread of its stage
}
"""How many `except Exception` there are, and why. Handlers have none: Bolt's `@app.error` is theirs."""

IMPORT_ALL = """
import pkgutil, sys, threading
import urllib3  # it binds a socket to see whether there is IPv6; boto3 brings it, and it is not ours

FORBIDDEN = (
    "socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect", "os.mkdir", "os.rename",
    "os.remove",
)

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in FORBIDDEN or writes:
        print(event, arguments)

sys.dont_write_bytecode = True
sys.addaudithook(watch)
import tagbot
for module in pkgutil.walk_packages(tagbot.__path__, "tagbot."):
    if "migrations" not in module.name:
        __import__(module.name)
print(*(thread.name for thread in threading.enumerate()), sep="\\n")
"""


@cache
def nodes() -> dict[str, tuple[ast.AST, ...]]:
    """Everything in each module of the package, by its path."""
    return {path.relative_to(PACKAGE).as_posix(): nodes_of(path) for path in python_files("tagbot")}


def imported(inside: Iterable[ast.AST]) -> Iterator[str]:
    """All that a module imports or reaches for by its dotted name: `os.environ`, `slack_sdk.WebClient`."""
    for node in inside:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@cache
def names() -> dict[str, set[str]]:
    return {path: set(imported(inside)) for path, inside in nodes().items()}


def uses(thing: str) -> set[str]:
    """The modules that import a thing, or something in it."""
    return {
        path
        for path, found in names().items()
        if any(name == thing or name.startswith(f"{thing}.") for name in found)
    }


def functions() -> Iterator[tuple[str, int]]:
    for path, inside in nodes().items():
        for node in inside:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "migrations" not in path:
                yield f"{path}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("thing", DOORS)
def test_there_is_one_door_to_each_outside_thing(thing: str) -> None:
    allowed = DOORS[thing]
    strangers = {path for path in uses(thing) if not any(Path(path).match(each) for each in allowed)}
    assert not strangers
    assert all(any(Path(path).match(each) for path in uses(thing)) for each in allowed), "a door nobody uses"


@pytest.mark.parametrize("part", ["stages", "handlers"])
def test_stages_and_handlers_see_no_queue_no_thread_and_no_client(part: str) -> None:
    for thing in ("tagbot.queues", "tagbot.worker", "threading", "slack_sdk", "time", "persistqueue", "dlib"):
        assert not {path for path in uses(thing) if path.startswith(f"{part}/")}, thing


def test_handlers_do_not_reach_for_the_database_as_slack_waits_meanwhile() -> None:
    for thing in ("tagbot.database.models", "tagbot.database", "peewee"):
        assert not {path for path in uses(thing) if path.startswith("handlers/")}


def test_the_bot_does_not_know_the_sandbox() -> None:
    inside = {path for path in uses("tagbot.sandbox") if not path.startswith("sandbox/")}
    # The command line may offer it, as it offers the commands.
    assert inside <= {"main.py", "commands/sandbox.py"}


@pytest.mark.process
def test_importing_any_module_does_nothing() -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout, told.returncode) == ("MainThread\n", 0), told.stdout + told.stderr


def test_every_broad_except_is_known() -> None:
    found: dict[str, int] = {}
    for path, inside in nodes().items():
        for node in inside:
            if isinstance(node, ast.ExceptHandler) and (node.type is None or "Exception" in named(node.type)):
                found[path] = found.get(path, 0) + 1
    assert found == BROAD


def test_what_is_caught_as_a_base_is_raised_again() -> None:
    for path, inside in nodes().items():
        for node in inside:
            if isinstance(node, ast.ExceptHandler) and node.type and "BaseException" in named(node.type):
                assert isinstance(node.body[-1], ast.Raise), path


def named(caught: ast.expr) -> set[str]:
    """The names in an `except`."""
    return {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)}


def test_functions_are_short() -> None:
    lengths = sorted(length for _, length in functions())
    assert statistics.median(lengths) <= 10
    assert lengths[int(0.9 * len(lengths))] <= 35


def test_no_function_is_longer_than_a_screen() -> None:
    assert [name for name, length in functions() if length > 60] == []
