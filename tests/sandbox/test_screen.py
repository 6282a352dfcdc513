"""What is on whose screen, and what a page is told of it."""

from tagbot.sandbox.defaults import FACES, LUNCH
from tagbot.sandbox.methods.chat import direct_with
from tagbot.sandbox.page.screen import Told, screen
from tagbot.sandbox.state import File, Message, View
from tagbot.sandbox.workspace import World

ANNA, BEN = "U0ANNA0001", "U0BEN00002"


def said(world: World, text: str = "hello", channel: str = FACES, to: str | None = None) -> str:
    return world.post(Message(world.new_ts(), channel, ANNA, text, ephemeral_to=to)).ts


def test_an_ephemeral_message_is_on_its_addressees_screen_only() -> None:
    world = World()
    ts = said(world, to=ANNA)
    assert screen(world, ANNA)[f"message:{ts}"]["ephemeral"]
    assert f"message:{ts}" not in screen(world, BEN)


def test_channels_that_one_is_not_in_are_on_nobodys_screen() -> None:
    world = World()
    world.channel(LUNCH).members.remove(BEN)
    ts = said(world, channel=LUNCH)
    assert f"message:{ts}" in screen(world, ANNA)
    assert f"message:{ts}" not in screen(world, BEN)
    assert [channel["id"] for channel in screen(world, BEN)["channels"]] == [FACES]


def test_what_one_chose_and_has_open_is_shown_to_nobody_else() -> None:
    world = World()
    ts = said(world)
    message = world.posted(FACES, ts)
    assert message
    message.selections[ANNA] = {"block": {"pick": BEN}}
    world.workspace.views["V1"] = View("V1", ANNA, {"blocks": []}, "hash", "V1")
    mine, theirs = screen(world, ANNA), screen(world, BEN)
    assert mine[f"message:{ts}"]["chosen"] == {"block": {"pick": BEN}}
    assert theirs[f"message:{ts}"]["chosen"] == {}
    assert [view["id"] for view in mine["views"]] == ["V1"]
    assert theirs["views"] == []


def test_a_home_is_on_its_members_screen_only() -> None:
    world = World()
    assert screen(world, ANNA)["home"] is None
    world.workspace.homes[ANNA] = View("V2", ANNA, {"blocks": []}, "hash", "V2")
    assert screen(world, ANNA)["home"]["id"] == "V2"
    assert screen(world, BEN)["home"] is None


def test_a_picture_that_was_deleted_is_told_as_gone() -> None:
    world = World()
    file = File("F01", "face.jpg", 3, "U0FACETAG", 1.0, mimetype="image/jpeg", width=30, height=20)
    world.workspace.files["F01"] = file
    blocks = [{"type": "image", "slack_file": {"id": "F01"}, "alt_text": "a face"}]
    ts = world.post(Message(world.new_ts(), FACES, "U0FACETAG", "", blocks)).ts
    key = f"message:{ts}"
    assert screen(world, ANNA)[key]["pictures"] == {"F01": {"id": "F01", "width": 30, "height": 20}}
    file.deleted = True
    assert screen(world, ANNA)[key]["pictures"] == {"F01": None}


def test_a_page_is_told_what_is_new_different_or_gone_and_nothing_twice() -> None:
    told = Told()
    assert told.news({"a": 1, "b": [2]}) == {"set": {"a": 1, "b": [2]}}
    assert told.news({"a": 1, "b": [2]}) == {}
    assert told.news({"a": 1, "b": [3], "c": 4}) == {"set": {"b": [3], "c": 4}}
    assert told.news({"b": [3]}) == {"drop": ["a", "c"]}


def test_the_direct_conversation_with_the_bot_bears_its_name_and_is_on_one_screen_only() -> None:
    world = World()
    channel = direct_with(world, ANNA)
    ts = said(world, channel=channel.id)
    assert screen(world, ANNA)["channels"][-1] == {
        "id": channel.id,
        "name": "FaceTag",
        "direct": True,
        "takes_words": False,
    }
    assert f"message:{ts}" in screen(world, ANNA)
    assert f"message:{ts}" not in screen(world, BEN)
    assert not any(each["direct"] for each in screen(world, BEN)["channels"])
