"""What a running bot tells of itself, and what `status`, perhaps in another process, makes of it."""

import json
import shutil
import socket
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tagbot import __version__
from tagbot.database.models.bookkeeping import RunningBot
from tagbot.database.shared_clock import shared_now
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.lib.in_flight import WorkInFlight
from tagbot.monitoring import heartbeat, status_figures, status_words
from tagbot.monitoring.heartbeat import FORGOTTEN_SECONDS, SILENT_SECONDS, Heartbeat, HeartbeatSender
from tagbot.monitoring.hung_stages import HANGS_SECONDS
from tagbot.schedule.timed_jobs import send_heartbeat
from tagbot.services import Services, Shutdown
from tagbot.settings import SettingsError
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.vocabulary import StageName
from tests.source import ROOT
from tests.world import World, portrait

OFF = "Socket Mode is switched off"
AT_NINE = 1_795_424_400.0
"""2026-11-23 09:00 UTC."""


@pytest.fixture(name="link")
def _link() -> ConnectionTracker:
    return ConnectionTracker(lambda: AT_NINE)


def tell(services: Services, link: ConnectionTracker | None = None) -> None:
    Heartbeat.of(replace(services, link=link or ConnectionTracker())).store()


def tell_ago(seconds: float, services: Services) -> None:
    """As it was told then."""
    now = Heartbeat.of(services)
    replace(now, seen_at=now.seen_at - seconds).store()


def figures(world: World, this: Heartbeat | None = None) -> dict[str, Any]:
    return status_figures.collect(world.queues, world.services.inbox, this)


def shown(world: World, this: Heartbeat | None = None) -> str:
    return status_words.in_words(figures(world, this))


def about_bots(world: World) -> list[str]:
    """The lines between those on the faces and on the queues."""
    return shown(world).splitlines()[1:-1]


@pytest.mark.rule("status-of-bots")
def test_status_has_a_line_for_each_bot_with_host_version_stages_and_since_when(
    world: World, link: ConnectionTracker
) -> None:
    link.opened()
    tell(replace(world.services, started_at=AT_NINE), link)
    me = f"Bot on {socket.gethostname()} (version {__version__}, all stages)"
    assert about_bots(world) == [
        f"{me}: running since 2026-11-23 09:00 UTC, seen just now.",
        "Slack: connected since 2026-11-23 09:00 UTC.",
    ]
    [bot] = figures(world)["bots"]
    assert bot["stages"] == list(StageName)
    assert bot["since"] == "2026-11-23T09:00:00.000+00:00"
    assert bot["slack"] == {"connections": 1, "since": "2026-11-23T09:00:00.000+00:00", "trouble": ""}


def test_a_bot_tells_again_and_is_still_one(world: World, link: ConnectionTracker) -> None:
    sender, services = HeartbeatSender(), replace(world.services, link=link)
    for _ in range(2):
        send_heartbeat(sender, services)
        world.offset += 5
    assert len(figures(world)["bots"]) == 1


@dataclass
class Process:
    """A bot whose `DATA_DIR` is in a folder of its own."""

    services: Services
    sender: HeartbeatSender = field(default_factory=HeartbeatSender)

    def send(self) -> None:
        send_heartbeat(self.sender, self.services)

    @property
    def stops(self) -> bool:
        return self.services.shutdown.reason is not None


def a_process_on(folder: Path, world: World, later: float = 0.0) -> Process:
    settings = replace(world.settings, data_dir=folder)
    started_at = world.services.started_at + later
    return Process(replace(world.services, settings=settings, shutdown=Shutdown(), started_at=started_at))


@pytest.fixture(name="folders")
def _folders(world: World, tmp_path: Path) -> tuple[Path, Path]:
    """The folder of a bot that has run, and a copy of it."""
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.mkdir()
    a_process_on(original, world).send()
    shutil.copytree(original, copy)
    return original, copy


@pytest.mark.rule("copied-folder")
def test_a_bot_whose_folder_is_a_copy_of_anothers_gets_a_line_of_its_own(
    world: World, folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    processes = [a_process_on(folder, world) for folder in folders]
    for _ in range(3):
        for process in processes:
            process.send()
    assert len(figures(world)["bots"]) == 2
    [line] = [each for each in caplog.messages if not each.startswith("stopping")]
    assert line.startswith(f"the bot on {socket.gethostname()} has the same DATA_DIR/bot-id")
    for folder in folders:
        a_process_on(folder, world).send()
    assert len(figures(world)["bots"]) == 2, "and both keep it when they are started again"
    heartbeat.withdraw(processes[0].services)
    assert len(figures(world)["bots"]) == 1


@pytest.mark.rule("copied-folder")
def test_and_gives_way_where_its_queues_are_its_own(world: World, folders: tuple[Path, Path]) -> None:
    first, second = a_process_on(folders[0], world), a_process_on(folders[1], world, later=1.0)
    for process in (first, second, first, second):
        process.send()
    assert (first.stops, second.stops) == (False, True)


@pytest.mark.rule("copied-folder")
def test_a_bot_that_was_killed_and_started_again_is_still_one(
    world: World, folders: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        again = a_process_on(folders[0], world)
        for _ in range(2):
            again.send()
    assert len(figures(world)["bots"]) == 1
    assert caplog.messages == []


def test_what_is_wrong_with_the_connection_is_told_as_long_as_it_is(
    world: World, link: ConnectionTracker
) -> None:
    tell(world.services, link)
    assert "Slack: not connected since 2026-11-23 09:00 UTC: the bot has just started." in shown(world)
    link.failed(OFF)
    tell(world.services, link)
    assert f"Please look at this: {link.state.in_words()}" in shown(world).splitlines()
    link.opened()
    tell(world.services, link)
    assert OFF not in shown(world)


@pytest.mark.rule("status-of-bots")
@pytest.mark.failure("readme-slack-away", "slack-limits", shows="who is told")
def test_what_has_failed_at_slack_is_told_since_when_until_it_works_again(world: World) -> None:
    slack = world.services.slack
    slack.api.health = Health(lambda: time.time() - 600)

    def told() -> list[str]:
        tell(world.services)
        return [line for line in about_bots(world) if line.startswith("Slack fails")]

    world.slack.fail("users.info", times=2, status=503)
    for _ in range(2):
        with pytest.raises(Retry):
            slack.members.profile("U0ANNA0001")
    assert told() == ["Slack fails: users.info: Slack answers 503. That began 10 minutes ago."]
    slack.granted_scopes()
    assert len(told()) == 1, "another method's success is not this one's"
    with pytest.raises(Reject):
        slack.members.profile("U0NOBODY01")
    assert told() == []


@pytest.mark.failure("rekognition-busy", shows="who is told")
def test_what_has_failed_at_the_training_backend_is_told_until_it_answers(world: World) -> None:
    training = world.services.training
    health = training.health
    with pytest.raises(Retry), health.watching("detect"):
        raise Retry("the face recogniser's process was killed after 60 s")
    tell(world.services)
    line = "The training backend fails: the face recogniser's process was killed after 60 s."
    assert line in about_bots(world)
    with world.services.decoder.decoded(portrait(1)) as photo:
        training.detect(photo)
    tell(world.services)
    assert line not in about_bots(world)


def test_what_has_failed_where_photos_come_from_and_pictures_are_kept_is_told(world: World) -> None:
    world.services.inbox.health.failed("look", "cannot look into the inbox: no such device")
    world.services.images.health.failed("written", "pictures cannot be written: no space")
    tell(world.services)
    assert [line for line in about_bots(world) if "fails" in line] == [
        "The image store fails: pictures cannot be written: no space.",
        "The inbox fails: cannot look into the inbox: no such device.",
    ]


def test_in_the_bots_own_process_its_state_is_todays(world: World, link: ConnectionTracker) -> None:
    tell(world.services, link)
    link.failed(OFF)
    assert OFF not in shown(world)
    assert OFF in shown(world, Heartbeat.of(replace(world.services, link=link)))


@pytest.mark.rule("status-of-bots")
@pytest.mark.failure("readme-bot-gone", "bot-gone", "one-bot-dies", shows="who is told")
def test_a_bot_that_falls_silent_is_told_with_what_to_do(world: World) -> None:
    silent = replace(world.services, in_flight=WorkInFlight(lambda: HANGS_SECONDS * 2))
    with silent.in_flight.tracking("UndoTag", "face-undo:F:1"):
        tell_ago(600, silent)
    [line] = about_bots(world)
    assert line.startswith("Please look at this: Bot on ")
    assert line.endswith(
        "was last seen 10 minutes ago. If it does not run, start it again; if it does, its log says why."
    )


def test_a_bot_that_has_told_lately_is_not_called_silent(world: World) -> None:
    tell_ago(SILENT_SECONDS - 10, world.services)
    assert "last seen" not in shown(world)


@pytest.mark.parametrize("fast", [-3600.0, 3600.0])
def test_a_machine_whose_clock_is_wrong_neither_hides_its_bot_nor_forgets_another(
    world: World, fast: float
) -> None:
    there = Heartbeat("other", "attic", "1", 0.0, time.time() - FORGOTTEN_SECONDS + 1800)
    there.store()
    tell(replace(world.services, now=lambda: time.time() + fast))
    lines = about_bots(world)
    assert lines[0].startswith("Please look at this: Bot on attic")
    assert lines[1].endswith("seen just now.")


def test_a_bot_that_stopped_as_it_was_asked_to_is_not_missed(world: World) -> None:
    tell(world.services)
    heartbeat.withdraw(world.services)
    assert about_bots(world) == ["No bot is running."]


def test_a_bot_that_never_came_back_is_forgotten_after_a_week(world: World) -> None:
    with writing():
        RunningBot.insert(id="gone", seen_at=time.time() - FORGOTTEN_SECONDS - 1, told="{}").execute()
    tell(world.services)
    assert [bot.id for bot in RunningBot.select()] == [Heartbeat.of(world.services).id]


def test_a_bot_of_another_version_is_understood_as_far_as_it_goes(world: World) -> None:
    told = {"id": "other", "host": "attic", "version": "0.0.9", "started_at": 1.0, "seen_at": time.time()}
    with writing():
        RunningBot.insert(
            id="other", seen_at=told["seen_at"], told=json.dumps(told | {"mood": "good"})
        ).execute()
    assert "Bot on attic (version 0.0.9" in shown(world)


@pytest.mark.rule("status-of-bots")
@pytest.mark.parametrize("damaged", ["", "no JSON", "[]", "{}", '{"id": "other"}'])
def test_a_damaged_heartbeat_hides_nothing_and_is_taken_for_a_bot_that_may_run(
    world: World, damaged: str
) -> None:
    tell(world.services)
    with writing():
        RunningBot.insert(id="other", seen_at=shared_now(), told=damaged).execute()
    assert {"Bot on unknown", f"Bot on {socket.gethostname()}"} <= {
        line.partition(" (")[0] for line in about_bots(world)
    }
    with pytest.raises(SettingsError, match="QUEUE_URL=unknown"):
        heartbeat.refuse_other_queues(world.settings)


def test_the_version_is_the_projects() -> None:
    assert f'\nversion = "{__version__}"\n' in (ROOT / "pyproject.toml").read_text()
