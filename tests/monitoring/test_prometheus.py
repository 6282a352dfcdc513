"""What Prometheus is told: figures that equal a recount, conventional names, and nothing about people."""

import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tagbot.lib import metrics
from tagbot.messages import FaceStored
from tagbot.monitoring.heartbeat import HeartbeatSender
from tagbot.monitoring.prometheus import Counted, Measured, serving
from tagbot.settings import SettingsError
from tagbot.vocabulary import QueueName, StageName, State
from tests.monitoring.failing import trouble
from tests.source import ROOT
from tests.world import DATABASE, World

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool (package prometheus) is not here")

ALERTS = ROOT / "deploy/alerts.yml"

Samples = dict[tuple[str, tuple[str, ...]], float]
"""By name and the values of the labels, in the order of their names."""


def text_of(world: World) -> str:
    registry = CollectorRegistry()
    registry.register(Counted())
    registry.register(Measured(world.services))
    return generate_latest(registry).decode()


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def grown(before: Samples, after: Samples, name: str) -> dict[tuple[str, ...], float]:
    """What was counted between two looks; all tests of a process count into the same."""
    found = {
        labels: value - before.get((each, labels), 0)
        for (each, labels), value in after.items()
        if each == name
    }
    return {labels: value for labels, value in found.items() if value}


@pytest.mark.rule("metrics")
def test_the_figures_equal_a_recount(world: World) -> None:
    before = samples(text_of(world))
    faces = [world.face() for _ in range(3)]
    posted = world.face(posted=True)
    trouble(world, faces[0], "delayed")
    trouble(world, faces[1], "dead")
    world.publish(world.answer(posted, world.slack.people[0], "not_a_face"))
    HeartbeatSender().send(world.services)
    waits = samples(text_of(world))
    assert {state: waits["facetag_faces", (state,)] for state in State} == {
        "waiting": 3, "open": 1, "training": 0, "tagged": 0, "rejected": 0,
    }  # fmt: skip
    assert waits["facetag_photos", ()] == 4
    in_queue = {
        state: waits["facetag_queue_messages", ("images-in-db", state)] for state in ("delayed", "dead")
    }
    assert in_queue == {"delayed": 1, "dead": 1}
    assert waits["facetag_queue_messages", ("face-tagging", "ready")] == 1
    assert 0 < waits["facetag_queue_oldest_message_age_seconds", ("face-tagging",)] < 60
    assert (waits["facetag_database_up", ()], waits["facetag_queue_usable", ("face-undo",)]) == (1, 1)
    assert 0 <= waits["facetag_heartbeat_age_seconds", ()] < 60
    world.drain()
    after = samples(text_of(world))
    assert grown(before, after, "facetag_messages_total") == {
        ("done", stage): 1 for stage in ("RequestTaggingOnSlack", "StoreFaceTagSql", "SendFaceForTraining")
    }
    assert grown(before, after, "facetag_message_attempts_count") == {
        (stage,): 1 for stage in ("RequestTaggingOnSlack", "StoreFaceTagSql", "SendFaceForTraining")
    }
    calls = grown(before, after, "facetag_slack_calls_total")
    assert calls["ok", "chat.postMessage"] == 1
    assert sum(grown(before, after, "facetag_database_round_trip_duration_seconds_count").values()) > 10


@pytest.mark.rule("metrics")
def test_what_fails_is_counted_by_what_became_of_it(world: World) -> None:
    before = samples(text_of(world))
    world.slack.fail("chat.postMessage", status=429, times=1)
    world.publish(FaceStored(face_id=world.face().id))
    world.drain()
    world.publish(FaceStored(face_id="there is none"))
    world.drain()
    after = samples(text_of(world))
    assert grown(before, after, "facetag_slack_calls_total")["busy", "chat.postMessage"] == 1
    fates = grown(before, after, "facetag_messages_total")
    assert fates["retry", "RequestTaggingOnSlack"] == 1
    assert grown(before, after, "facetag_message_attempts_count") == {
        labels[1:]: count for labels, count in fates.items() if labels[0] != "retry"
    }


@pytest.mark.rule("metrics", "nothing-personal-in-metrics")
def test_nothing_in_it_is_about_a_person_and_no_label_is_without_bounds(world: World) -> None:
    anna, ben, *_ = world.slack.people
    name = world.slack.members()[anna].real_name
    face = world.face(posted=True)
    for tagger in (anna, ben):
        world.publish(world.answer(face, tagger, anna))
    world.drain()
    HeartbeatSender().send(world.services)
    text = text_of(world)
    for personal in (anna, ben, name, "xoxb", face.id, world.settings.slack_channel):
        assert personal not in text
    known: dict[str, set[str]] = {
        "stage": {*StageName}, "queue": {*QueueName},
        "state": {*State, "ready", "delayed", "in_flight", "dead"},
        "fate": {"done", "retry", "rejected", "gave_up", "bug"},
        "answer": {metrics.OK, metrics.BUSY, metrics.REFUSED, metrics.NO_ANSWER},
    }  # fmt: skip
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for label, value in sample.labels.items():
                assert value in known.get(label, {value}), (sample.name, label)
                assert label in {*known, "le", "version", "place", "method", "service", "operation", "kind"}


def test_their_names_are_by_the_conventions_of_prometheus(world: World) -> None:
    for family in text_string_to_metric_families(text_of(world)):
        assert re.fullmatch(r"facetag(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".")
        assert family.type in {"counter", "gauge", "histogram"}
        if family.type == "histogram" and not family.name.endswith("_attempts"):
            assert family.name.endswith("_seconds")


@needs_promtool
@pytest.mark.process
def test_promtool_finds_nothing_to_say_about_the_names(world: World) -> None:
    ran = run_promtool("check", "metrics", given=text_of(world))
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


@pytest.mark.rule("metrics")
def test_dashboard_and_alerts_ask_for_what_there_is(world: World) -> None:
    known = {name for name, _ in samples(text_of(world))}
    known |= {f"{each.name}_total" for each in metrics.COUNTERS}
    known |= {f"{each.name}_{what}" for each in metrics.HISTOGRAMS for what in ("bucket", "count", "sum")}
    known |= {"facetag_heartbeat_age_seconds"}  # there is none before the first
    dashboard = json.loads((ROOT / "deploy/dashboard.json").read_text())
    shown = names_in(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    alerted = names_in(re.findall(r"expr:.*?for:", ALERTS.read_text(), re.DOTALL))
    assert (shown | alerted) - known == set()
    # All that is told is shown, but for what is a count of something shown.
    unseen = known - shown - alerted
    assert {name for name in unseen if not name.endswith(("_bucket", "_count", "_sum"))} == {
        "facetag_build_info"
    }


def names_in(expressions: Iterable[str]) -> set[str]:
    return {name for each in expressions for name in re.findall(r"\bfacetag_\w+", each)}


@needs_promtool
@pytest.mark.process
@pytest.mark.rule("metrics")
def test_each_alert_is_raised_by_what_it_is_about_and_by_nothing_else() -> None:
    ran = run_promtool("test", "rules", str(Path(__file__).with_name("alerts_test.yml")))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    ran = run_promtool("check", "rules", str(ALERTS))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "6 rules found" in ran.stdout


def run_promtool(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    assert PROMTOOL
    return subprocess.run(
        [PROMTOOL, *arguments], input=given, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.process
@pytest.mark.rule("metrics")
def test_it_answers_on_this_machine_alone_until_the_bot_stops(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingsError, match=rf"METRICS_PORT {port} cannot be used: "),
            serving(world.services, port),
        ):
            pass
    with serving(world.services, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            told = samples(answer.read().decode())
        assert told["facetag_database_up", ()] == 1
        assert told["process_resident_memory_bytes", ()] > 0
        listening = Path("/proc/net/tcp").read_text()
        assert f" 0100007F:{port:04X} 00000000:0000 0A" in listening
        assert f" 00000000:{port:04X} " not in listening
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_messages_at_amazon_are_counted_once_a_minute_as_each_count_costs(world: World) -> None:
    at_amazon = replace(world.services, settings=replace(world.settings, queue_url="sqs://facetag"))
    measured, here = Measured(at_amazon), Measured(world.services)

    def ready(which: Measured) -> float:
        registry = CollectorRegistry()
        registry.register(which)
        return samples(generate_latest(registry).decode())[
            "facetag_queue_messages", ("images-in-db", "ready")
        ]

    assert ready(measured) == ready(here) == 0
    world.publish(FaceStored(face_id=world.face().id))
    assert (ready(measured), ready(here)) == (0, 1)


def test_while_the_database_cannot_be_used_all_else_is_told(world: World) -> None:
    path = world.settings.data_dir / DATABASE
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    told: list[Samples] = []
    scrape = threading.Thread(
        target=lambda: told.append(samples(text_of(world)))
    )  # with a connection of its own
    scrape.start()
    scrape.join()
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert told[0]["facetag_database_up", ()] == 0
    assert ("facetag_photos", ()) not in told[0]
    assert told[0]["facetag_queue_usable", ("face-tagging",)] == 1
