"""The workspace on disk."""

import json
from pathlib import Path

import pytest

from tagbot.errors import Reject
from tagbot.sandbox.defaults import FACES
from tagbot.sandbox.page.saved import Shelf
from tagbot.sandbox.state import Act, File, Message, ResponseUrl, Trigger, Version, View
from tagbot.sandbox.workspace import World

ANNA = "U0ANNA0001"


def lived_in() -> World:
    """A workspace with one of everything."""
    world = World()
    workspace = world.workspace
    past = Version("before", [], None, 1.0)
    world.post(Message(world.new_ts(), FACES, workspace.bot_user, "after", history=[past], by_bot=True))
    world.post(Message(world.new_ts(), FACES, workspace.bot_user, "psst", ephemeral_to=ANNA))
    gone = world.post(Message(world.new_ts(), FACES, ANNA, "oops"))
    world.remove(gone)
    workspace.files["F01"] = File("F01", "face.jpg", 3, workspace.bot_user, 1.0, ready_at=2.0)
    world.contents["F01"] = b"abc"
    workspace.views["V01"] = View("V01", ANNA, {"blocks": []}, "hash", "V01")
    workspace.homes[ANNA] = View("V02", ANNA, {"type": "home", "blocks": []}, "hash", "V02")
    workspace.response_urls["key"] = ResponseUrl("key", ANNA, FACES, 1.0)
    workspace.triggers["1.2.3"] = Trigger("1.2.3", ANNA, 1.0)
    workspace.acts["act1"] = Act("act1", "click", ANNA, {}, 1.0)
    return world


def loaded(folder: Path) -> World:
    world = World()
    Shelf(folder).load(world)
    return world


def shelf(folder: Path) -> Shelf:
    new = Shelf(folder)
    new.load(World())
    return new


def test_all_that_lasts_comes_back(tmp_path: Path) -> None:
    world = lived_in()
    shelf(tmp_path).save(world)
    world.workspace.triggers.clear()
    world.workspace.acts.clear()
    again = loaded(tmp_path)
    assert again.workspace == world.workspace
    assert again.contents == world.contents


def test_no_ts_is_given_out_twice_after_a_restart(tmp_path: Path) -> None:
    world = lived_in()
    world.workspace.last_ts += 3600 * 1_000_000  # as if the clock had been set back
    newest = world.new_ts()
    shelf(tmp_path).save(world)
    assert loaded(tmp_path).new_ts() > newest


def test_an_upload_that_was_deleted_is_gone_from_the_disk(tmp_path: Path) -> None:
    world, kept = lived_in(), shelf(tmp_path)
    kept.save(world)
    del world.contents["F01"]
    kept.save(world)
    assert loaded(tmp_path).contents == {}


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    world, kept = lived_in(), shelf(tmp_path)
    kept.save(world)
    state = tmp_path / "workspace.json"
    before = state.stat().st_mtime_ns, state.stat().st_ino
    kept.save(world)
    assert (state.stat().st_mtime_ns, state.stat().st_ino) == before


def test_what_another_version_wrote_is_still_read(tmp_path: Path) -> None:
    shelf(tmp_path).save(lived_in())
    state = tmp_path / "workspace.json"
    row = json.loads(state.read_text())
    row["members"][ANNA]["shoe_size"] = 38
    state.write_text(json.dumps(row))
    assert loaded(tmp_path).workspace.members[ANNA].name == "anna"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"members": 1}'])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "workspace.json").write_text(content)
    with pytest.raises(Reject, match=r"workspace\.json cannot be read"):
        loaded(tmp_path)
    assert (tmp_path / "workspace.json").read_text() == content
