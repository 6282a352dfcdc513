"""`check`: a line for each part, and how to mend what fails."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tagbot.database.models.opt_outs import OptOut
from tagbot.database.opening import connected
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.queues.disk import disk_queues
from tagbot.recognition.model_files import YUNET
from tagbot.sandbox.driver import Slack
from tagbot.slack.message_kinds import every_kind
from tagbot.vocabulary import QueueName
from tests.commands.conftest import Run
from tests.postgresql import Server
from tests.tls import with_tls

PARTS = [
    "database", "queues", "image store", "inbox", "own files", "consent and opting out",
    "Slack bot token", "Slack app token", "Slack app's Home", "Slack channel", "Slack messages",
    "training backend",
    "face detector",
]  # fmt: skip


@pytest.mark.rule("check-lines")
def test_each_part_has_a_line_when_all_is_well(on_slack: Run) -> None:
    ran = on_slack("check")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [f"ok    {part}" for part in PARTS]


def archived(slack: Slack, _: Path) -> None:
    slack.set_channel(is_archived=True)


def shared(slack: Slack, _: Path) -> None:
    slack.set_channel(is_ext_shared=True)


def not_invited(slack: Slack, _: Path) -> None:
    slack.set_channel(members=slack.people)


def without_a_scope(slack: Slack, _: Path) -> None:
    scopes = slack.state()["workspace"]["scopes"]
    slack.set_workspace(
        scopes=[scope for scope in scopes if scope not in ("files:write", "users:read.email")]
    )


def without_a_home(slack: Slack, _: Path) -> None:
    slack.set_workspace(home_tab=False)


def refused_bot_token(slack: Slack, _: Path) -> None:
    slack.set_workspace(bot_token="xoxb-another")


def refused_app_token(slack: Slack, _: Path) -> None:
    slack.set_workspace(app_token="xapp-another")


def away(slack: Slack, _: Path) -> None:
    slack.fail("auth.test", times=None, reset=True)


def damaged_queue(_: Slack, data: Path) -> None:
    (data / "queues").mkdir(parents=True)
    (data / "queues/face-tagging.db").write_bytes(b"no database at all" * 100)


def damaged_database(_: Slack, data: Path) -> None:
    data.mkdir()
    (data / "tagbot.db").write_bytes(b"no database at all" * 100)


def no_folder_for_pictures(_: Slack, data: Path) -> None:
    data.mkdir()
    (data / "images").write_text("a file in the place of the folder")


BROKEN: list[tuple[Callable[[Slack, Path], None], str, str]] = [
    (archived, "Slack channel", "archived: choose another one"),
    (shared, "Slack channel", "another organisation, whose people would see your photos: choose another"),
    (not_invited, "Slack channel", "/invite"),
    (without_a_scope, "Slack bot token", "files:write, users:read.email"),
    (refused_bot_token, "Slack bot token", "invalid_auth"),
    (without_a_home, "Slack app's Home", "switch the Home Tab on"),
    (refused_app_token, "Slack app token", "invalid_auth"),
    (away, "Slack bot token", "no answer from Slack"),
    (damaged_queue, "queues", "face-tagging.db cannot be used"),
    (damaged_database, "database", "not a database"),
    (no_folder_for_pictures, "image store", "images"),
]


@pytest.mark.rule("check-lines", "permission-named")
@pytest.mark.failure("readme-queue-damaged", "scope-missing", "queue-damaged", shows="who is told")
@pytest.mark.parametrize(("break_it", "part", "says"), BROKEN)
def test_a_part_that_fails_says_how_to_mend_it(
    on_slack: Run,
    stand_in: Slack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[Slack, Path], None],
    part: str,
    says: str,
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)  # starting the recogniser takes a second
    break_it(stand_in, tmp_path / "data")
    ran = on_slack("check")
    assert ran.code == 1
    [line] = [line for line in ran.out.splitlines() if line.startswith(f"FAILS {part}: ")]
    assert says in line
    assert "xoxb-" not in ran.out + ran.err
    assert "xapp-" not in ran.out + ran.err


@pytest.mark.rule("shared-channel")
@pytest.mark.failure("channel-shared", shows="who is told")
@pytest.mark.parametrize("allowed", [True, False])
def test_a_shared_channel_is_refused_in_one_line_unless_allowed(
    on_slack: Run, stand_in: Slack, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    stand_in.set_channel(is_ext_shared=True)
    ran = on_slack("check", ALLOW_SHARED_CHANNEL="yes" if allowed else "no")
    [line] = [line for line in ran.out.splitlines() if "Slack channel: " in line]
    assert "shared with another organisation" in line
    assert line.startswith("ok    " if allowed else "FAILS ")


@pytest.mark.rule("privacy-warnings")
@pytest.mark.parametrize("is_private", [True, False])
def test_a_public_channel_is_told_as_everybody_may_see_the_faces_there(
    on_slack: Run, stand_in: Slack, monkeypatch: pytest.MonkeyPatch, is_private: bool
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    stand_in.set_channel(is_private=is_private)
    ran = on_slack("check")
    [line] = [line for line in ran.out.splitlines() if line.startswith("ok    Slack channel: ")]
    assert ("it is public, so every member of the workspace may see" in line) is not is_private


@pytest.mark.rule("privacy-warnings", "owner-only")
def test_files_that_others_may_read_are_told_with_one_of_them(
    on_slack: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert "ok    own files: readable by their owner alone" in on_slack("check").out
    (tmp_path / "data/tagbot.db").chmod(0o644)
    [line] = [line for line in on_slack("check").out.splitlines() if "own files" in line]
    assert f"may be able to read 1 of them, such as {tmp_path / 'data/tagbot.db'}" in line


def test_a_channel_that_slack_does_not_know_is_told_with_the_variable(
    on_slack: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    ran = on_slack("check", SLACK_CHANNEL="C0NOWHERE1")
    assert ran.code == 1
    assert "FAILS Slack channel: conversations.info: channel_not_found: is SLACK_CHANNEL right" in ran.out


def test_a_recogniser_that_is_not_installed_says_what_to_install(
    on_slack: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    ran = on_slack("check")
    assert ran.code == 1
    assert (
        "FAILS training backend: dlib, which TRAINING_BACKEND=local needs, is not installed: "
        "`make venv WITH=all` adds it" in ran.out
    )


@pytest.mark.rule("models-listed")
def test_it_says_which_detector_is_used_and_which_better_one_can_be_had(on_slack: Run) -> None:
    [line] = [line for line in on_slack("check").out.splitlines() if "face detector" in line]
    assert line == (
        f"ok    face detector: centerface; `python bot.py models get yunet` brings one that {YUNET.worth}"
    )


@pytest.mark.rule("only-check-needs-slack")
def test_it_needs_the_slack_settings(run: Run) -> None:
    ran = run("check")
    assert ran.code == 2
    assert [line.split()[0] for line in ran.err.splitlines()] == [
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CHANNEL",
    ]  # fmt: skip


@pytest.mark.rule("check-database-server")
def test_of_a_database_server_it_says_version_time_and_encryption(
    on_slack: Run, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with postgresql.database() as url:
        ran = on_slack("check", DATABASE_URL=url)
    pattern = r"ok    database: PostgreSQL [0-9.]+ without TLS, [0-9.]+ ms for an answer, 0 faces\n"
    assert re.match(pattern, ran.out)


@pytest.mark.rule("check-database-server")
def test_with_tls_it_says_so(
    on_slack: Run, postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with postgresql.database() as url, with_tls(url, tmp_path) as encrypted:
        ran = on_slack("check", DATABASE_URL=encrypted)
        assert re.match(r"ok    database: PostgreSQL [0-9.]+ with TLS, ", ran.out)
        certificate = tmp_path / "certificate.pem"
        certificate.unlink()
        ran = on_slack("check", DATABASE_URL=encrypted)
    [line] = [line for line in ran.out.splitlines() if line.startswith("FAILS database: ")]
    assert str(certificate) in line


@pytest.mark.rule("not-let-in")
def test_of_a_database_server_that_is_away_it_says_where_it_was_looked_for(
    on_slack: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    ran = on_slack("check", DATABASE_URL="postgresql://bot:hunter2@127.0.0.1:1/facetag")
    [line] = [line for line in ran.out.splitlines() if line.startswith("FAILS database: ")]
    assert "Connection refused" in line
    assert "hunter2" not in ran.out + ran.err


@pytest.mark.rule("commands-beside-bot")
def test_it_works_beside_a_running_bot(
    on_slack: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with disk_queues(tmp_path / "data/queues", QueueName) as queues:
        queues["face-tagging"].put("m", "F", {})
        ran = on_slack("check")
    assert f"ok    queues: {len(QueueName)} queues, 1 messages ready" in ran.out


@pytest.mark.rule("privacy-report")
def test_privacy_says_what_is_kept_where_who_sees_it_and_what_people_agree_to(
    on_slack: Run, stand_in: Slack, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("May we learn your face? See <https://example.com|our policy>.")
    ran = on_slack(
        "check", "--privacy", CONSENT="required", CONSENT_TEXT=str(tmp_path / "text.txt"), LINE_UP="4"
    )
    assert (ran.code, ran.err) == (0, "")
    said = ran.out
    for told in (
        "data/images on this machine", "data/tagbot.db", "a public channel", stand_in.channel,
        "CONSENT=required", "unless MAX_GROUP=1 and LINE_UP=0", "May we learn your face?", "/facetag me",
        "in the database, numbers that describe each learned face", "no face was found is kept",
    ):  # fmt: skip
        assert told in said, told
    assert stand_in.bot_token not in said
    region = {"TRAINING_BACKEND": "rekognition", "AWS_REGION": "eu-west-1"}
    days = {"KEEP_PICTURES_DAYS": "30", "FORGET_AFTER_DAYS": "365"}
    elsewhere = on_slack("check", "--privacy", CONSENT="off", **region, **days).out
    for told in ("30 days after a face is closed", "in no new photo for 365 days are forgotten"):
        assert told not in said
        assert told in elsewhere
    assert (
        "go within an hour once a face is closed"
        in on_slack("check", "--privacy", KEEP_PICTURES_DAYS="0").out
    )
    assert "Amazon Rekognition in eu-west-1" in elsewhere
    assert "in the collection facetag of Amazon Rekognition, numbers that describe each learned" in elsewhere
    assert "CONSENT=off" in elsewhere
    assert "May we learn your face?" in elsewhere
    general, amazons = "nothing trains anybody's general model", "AI services opt-out policy"
    assert [text in report for report in (said, elsewhere) for text in (general, amazons)] == [
        True, False, False, True,
    ]  # fmt: skip


@pytest.mark.rule("privacy-report")
def test_privacy_says_that_faces_are_described_and_looked_for_before_they_are_named(on_slack: Run) -> None:
    described, sent = "those of each other face until it is closed", "to see whom they resemble"
    region = {"TRAINING_BACKEND": "rekognition", "AWS_REGION": "eu-west-1"}
    for settings, told in ({"LINE_UP": "4"}, True), ({"LINE_UP": "0", "MAX_GROUP": "1"}, False):
        said = on_slack("check", "--privacy", **region, **settings).out
        assert (described in said, sent in said) == (told, told), settings


@pytest.mark.rule("opted-out")
def test_another_key_which_keeps_nobody_out_is_told(on_slack: Run, tmp_path: Path) -> None:
    assert on_slack("check").code == 0
    with connected():
        OptOut.keep_out("U0ANNA0001", KeyedHash(bytes(32)), 1.0)
    ran = on_slack("check")
    assert ran.code == 1
    assert "FAILS consent and opting out: 1 person asked not to be tagged" in ran.out
    assert (tmp_path / "data/opt-out.key").stat().st_mode & 0o077 == 0


@pytest.mark.rule("check-messages")
def test_slack_looks_at_one_of_every_kind_of_message_and_shows_none(stand_in: Slack, on_slack: Run) -> None:
    [line] = [line for line in on_slack("check").out.splitlines() if "Slack messages" in line]
    assert line == f"ok    Slack messages: Slack takes each of the {len(list(every_kind()))} kinds"
    assert stand_in.messages() == []


@pytest.mark.rule("check-messages")
@pytest.mark.parametrize(
    ("error", "code", "says"),
    [("invalid_view", 1, "please tell the makers"), ("unknown_method", 0, "not looked at")],
)
def test_a_kind_that_slack_does_not_take_is_named_and_a_slack_that_cannot_look_is_none(
    stand_in: Slack, on_slack: Run, error: str, code: int, says: str
) -> None:
    stand_in.fail("blocks.validate", error=error, times=None)
    ran = on_slack("check")
    assert ran.code == code
    [line] = [line for line in ran.out.splitlines() if "Slack messages" in line]
    assert says in line
