"""The log: text and JSON, one line for each settled message, and nobody's name or token in it."""

import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import pytest

from tagbot.database.models.votes import Vote
from tagbot.lib import logs
from tagbot.sandbox.driver import Slack
from tagbot.schedule.timed_jobs import DAY_SECONDS
from tests.handlers.conftest import connected_desk
from tests.maintenance.forgetting.scenes import forget
from tests.world import World, astronaut, ts_of

Told = Callable[[], str]

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(params=["text", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What was written to standard error since it was asked last."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:], root.level = handlers, level


def failing(why: str) -> None:
    raise ZeroDivisionError(why)


@pytest.mark.rule("log-lines")
def test_a_line_of_text_has_time_level_and_message(told: Told) -> None:
    logs.set_up("INFO", "text")
    logging.getLogger("tagbot.worker").info("DetectFaces done message=%s", "inbox:12")
    assert re.fullmatch(rf"{TIME} INFO    DetectFaces done message=inbox:12\n", told())


@pytest.mark.rule("log-lines")
def test_a_line_of_json_is_one_object_with_the_fields_of_a_settled_message(told: Told) -> None:
    logs.set_up("INFO", "json")
    extra = {
        "action": "done",
        "stage": "DetectFaces",
        "message_id": "inbox:12",
        "ms": 41,
        "other": "left out",
    }
    logging.getLogger("tagbot.worker").info("DetectFaces done", extra=extra)
    [line] = told().splitlines()
    content = json.loads(line)
    assert re.fullmatch(TIME, content.pop("at"))
    assert content == {
        "level": "INFO", "logger": "tagbot.worker", "message": "DetectFaces done",
        "action": "done", "stage": "DetectFaces", "message_id": "inbox:12", "ms": 41,
    }  # fmt: skip


def test_a_traceback_is_in_the_log_and_in_json_on_the_same_line(told: Told, form: str) -> None:
    logs.set_up("INFO", form)
    try:
        failing("oh")
    except ZeroDivisionError:
        logging.getLogger("tagbot").exception("a bug")
    written = told()
    assert "ZeroDivisionError: oh" in written
    if form == "json":
        assert "Traceback" in json.loads(written)["traceback"]


@pytest.mark.rule("no-token-in-log")
@pytest.mark.parametrize("token", ["xoxb-1-2-mellon", "xapp-1-A-mellon", "xoxp-mellon", "xoxe.xoxp-1-mellon"])
def test_a_token_is_taken_out_of_whatever_is_logged(told: Told, form: str, token: str) -> None:
    logs.set_up("INFO", form)
    try:
        failing(f"with {token}")
    except ZeroDivisionError:
        logging.getLogger("some_library").exception("header: Bearer %s!", token)
    written = told()
    assert "mellon" not in written
    assert "(token)" in written


@pytest.mark.rule("log-lines")
def test_lines_below_the_level_are_left_out(told: Told, form: str) -> None:
    logs.set_up("WARNING", form)
    logging.getLogger("tagbot").info("quiet")
    assert told() == ""


@pytest.mark.rule("no-token-in-log")
@pytest.mark.parametrize(
    "library",
    ["slack_sdk", "slack_bolt", "websockets", "botocore", "apscheduler", "peewee", "urllib3", "PIL", "any"],
)
def test_libraries_do_not_tell_what_they_send_also_with_debug(told: Told, library: str) -> None:
    logs.set_up("DEBUG", "text")
    logging.getLogger(f"{library}.inside").debug("real_name=Anna Lindqvist")
    assert told() == ""


@pytest.mark.rule("no-person-in-log")
def test_a_whole_flow_tells_no_name_no_email_and_no_token(
    world: World, stand_in: Slack, told: Told, form: str
) -> None:
    logs.set_up("DEBUG", form)
    (world.settings.data_dir / "inbox" / "Anna Lindqvist.txt").write_text("no picture of anna@example.com")
    a_flow(world, stand_in)
    lines = told().splitlines()
    assert len(lines) > 12
    assert any("EnrichUser done" in line for line in lines)
    if form == "json":
        assert all(json.loads(line)["at"] for line in lines)
    members = stand_in.members().values()
    secrets = {
        *(word for member in members if not member.is_bot for word in (member.real_name, member.email)),
        "Lindqvist", "Zoë", "zo\\u00eb", "Ångström", "zoe@example.com", "xoxb-", "xapp-",
    }  # fmt: skip
    assert [line for line in lines if any(each.lower() in line.lower() for each in secrets)] == []


@pytest.mark.rule("no-slack-id-in-log")
def test_no_line_tells_who_answered_so_that_none_does_of_who_was_forgotten_and_answers_anew(
    world: World, stand_in: Slack, told: Told, form: str
) -> None:
    logs.set_up("DEBUG", form)
    anna, ben = stand_in.people[:2]
    with connected_desk(world) as desk:
        still_open = desk.request()
        stand_in.click(anna, ts_of(still_open), "dont_know")
        world.drain()
        assert forget(world, anna).finished_at is not None
        stand_in.click(anna, ts_of(still_open), "dont_know")
        stand_in.choose(ben, ts_of(still_open), "tag_person", ben)
        world.drain()
    assert Vote.get_or_none(Vote.tagger == anna), "she may answer anew"
    written = told()
    assert "StoreFaceTagSql done" in written
    assert "SendFaceForTraining done" in written
    assert [line for line in written.splitlines() if any(each in line for each in stand_in.members())] == []


def a_flow(world: World, slack: Slack) -> None:
    """Everything that touches names: answers of each kind, a modal, a tag, a reopening, failures, a bug."""
    anna, ben, chiara = slack.people[:3]
    with connected_desk(world) as desk:
        for person in (chiara, ""):
            face = desk.request()
            for tagger in (anna, ben):
                if person:
                    slack.choose(tagger, ts_of(face), "tag_person", person)
                else:
                    slack.click(tagger, ts_of(face), "someone_else")
                    view = slack.wait_for_view(tagger)
                    typed = {"name": "Zoë Ångström", "email": "zoe@example.com"}
                    slack.submit(tagger, view.id, typed)
            slack.fail("chat.update", status=500)
            world.drain()
        slack.click(anna, ts_of(face), "wrong_person")
        slack.slash(anna, "/facetag", "retry Anna Lindqvist")
        world.drain()
        world.queues["face-tagging"].close()
        slack.click(anna, slack.messages()[-1].ts, "dont_know")
    world.offset += DAY_SECONDS
    while world.workers[0].work_once(timeout=1.5):
        pass


@pytest.mark.rule("no-person-in-log")
def test_the_life_of_a_photo_can_be_told_by_its_id_without_its_name(world: World, told: Told) -> None:
    logs.set_up("INFO", "json")
    (world.settings.data_dir / "inbox" / "anna.png").write_bytes(astronaut())
    assert world.workers[0].work_once(timeout=3)
    written = told()
    [line] = map(json.loads, written.splitlines())
    assert line["message_id"].startswith("inbox:")
    assert "anna" not in written


@pytest.mark.rule("harmless-output")
def test_what_others_wrote_ends_no_line_and_moves_no_cursor(told: Told, form: str) -> None:
    logs.set_up("INFO", form)
    name = "a\x1b[2J\nERROR forged\u202e\x9b"
    logging.getLogger("tagbot.worker").info("took %s over", name)
    try:
        failing(name)
    except ZeroDivisionError:
        logging.getLogger("tagbot.worker").exception("bug at %s", name)
    lines = told().split("\n")
    assert not [line for line in lines if line.startswith("ERROR forged")] or form == "text"
    assert lines[0].endswith(r"a\x1b[2J\nERROR forged\u202e\x9b over") or form == "json"
    assert not set("\x1b\x9b\u202e") & set("".join(lines))


@pytest.fixture
def hooks() -> Iterator[None]:
    """Puts back what Python does by itself."""
    before = sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    yield
    sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = before


@pytest.mark.rule("log-of-libraries")
def test_what_python_prints_by_itself_is_in_the_log(told: Told, hooks: None, form: str) -> None:
    assert hooks is None
    logs.set_up("INFO", form)
    logs.take_over_warnings()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn_explicit("this picture is odd", UserWarning, "pillow.py", 7)
    thread = threading.Thread(target=failing, args=("in a thread",), name="worker")
    thread.start()
    thread.join()
    sys.excepthook(ZeroDivisionError, ZeroDivisionError("at the top"), None)
    lines = told().splitlines()
    if form == "json":
        found = [json.loads(line) for line in lines]
        assert [each["level"] for each in found] == ["WARNING", "CRITICAL", "CRITICAL"]
        assert found[0]["message"] == "UserWarning: this picture is odd (pillow.py:7)"
        assert "in thread worker" in found[1]["message"]
        assert found[2]["traceback"].endswith("ZeroDivisionError: at the top")
    else:
        assert re.match(rf"{TIME} WARNING UserWarning: this picture is odd", lines[0])
        assert re.match(rf"{TIME} CRITICAL an error that nothing caught in thread worker", lines[1])


@pytest.mark.rule("log-of-libraries")
def test_whoever_prints_to_standard_error_it_is_json(told: Told, hooks: None) -> None:
    assert hooks is None
    logs.take_over_standard_error()
    sys.stderr.write("half of ")
    sys.stderr.write("a line\nand xoxb-secret\n\nÜnïcode ✂\n")
    logs.set_up("INFO", "json")  # once the settings are read
    sys.stderr.write("again\n")
    found = [json.loads(line) for line in told().splitlines()]
    assert [each["message"] for each in found] == ["half of a line", "and (token)", "Ünïcode ✂", "again"]
    assert {each["logger"] for each in found} == {"tagbot.stderr"}
