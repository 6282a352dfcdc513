"""What goes wrong with photos, people and Slack, with the bot as a process."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tagbot.sandbox.driver import Slack
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot
from tests.scenario.test_flow import tag
from tests.world import astronaut


def as_gif() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (100, 100)).save(file, "GIF")
    return file.getvalue()


def huge_png() -> bytes:
    """10 KB that unpack to 81 megapixels."""
    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    return file.getvalue()


def bad_input() -> dict[str, tuple[bytes, bytes | None, str]]:
    """By file name: content, sidecar, and a word of the reason."""
    return {
        "text.jpg": (b"not a picture", None, "JPEG"),
        "moving.gif": (as_gif(), None, "GIF"),
        "huge.png": (huge_png(), None, "megapixels"),
        "cut-off.png": (astronaut()[:100_000], None, "cut off"),
        "empty.jpg": (b"", None, "empty"),
        "notes.txt": (b"milk, bread", None, "JPEG"),
        "outside.png": (
            astronaut() + b"1",
            b'{"faces": [{"rectangle": {"left": 500, "top": 0, "width": 96, "height": 96}}]}',
            "outside the picture",
        ),
        "no-json.png": (astronaut() + b"2", b"{", "not JSON"),
        "no-uuid.png": (
            astronaut() + b"3",
            b'{"faces": [{"id": "7", "rectangle": {"left": 1, "top": 1, "width": 96, "height": 96}}]}',
            "UUID",
        ),
    }


@pytest.mark.ci
@pytest.mark.rule("rejected-with-reason")
@pytest.mark.failure("readme-photo-unusable", "photo-broken")
def test_each_kind_of_bad_input_is_refused_with_its_reason_and_the_good_photo_goes_through(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    inputs = bad_input()
    with running_bot(tmp_path, stand_in, **at_rekognition) as bot:
        for name, (content, sidecar, _) in inputs.items():
            if sidecar is not None:
                bot.put(Path(name).with_suffix(".json").name, sidecar)
            bot.put(name, content)
        bot.put(".hidden.png", astronaut())
        bot.put("good.png", astronaut())

        stand_in.wait_for_message(timeout=PATIENCE)
        rejected = tmp_path / "rejected"
        texts = [rejected / f"{name}.error.txt" for name in inputs]
        stand_in.wait_for(lambda: all(text.exists() for text in texts), "all refusals", timeout=PATIENCE)
        bot.wait_for_status(lambda status: status["inbox"] == 0)

    for name, (content, sidecar, reason) in inputs.items():
        assert reason in (rejected / f"{name}.error.txt").read_text(), name
        assert (rejected / name).read_bytes() == content
        beside = (rejected / name).with_suffix(".json")
        assert (beside.read_bytes() if beside.exists() else None) == sidecar
    assert [entry.name for entry in (tmp_path / "inbox").iterdir()] == [".hidden.png"]
    assert len(stand_in.messages()) == 1


def test_a_stage_that_fails_five_times_and_then_works_ends_well(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    with running_bot(tmp_path, stand_in, **at_rekognition) as bot:
        stand_in.fail("users.info", status=503, times=5)
        stand_in.fail("chat.update", error="ratelimited", status=429, retry_after=0.1, times=5)
        bot.put("portrait.png", astronaut())
        request = stand_in.wait_for_message(timeout=PATIENCE)
        tag(stand_in, request.ts, stand_in.people[:2], stand_in.people[2])
        bot.wait_for_status(quiet)
        assert len(bot.export()) == 1
    assert len([call for call in stand_in.calls("users.info") if call.status == 503]) == 5


@pytest.mark.rule("retry-then-dead-letter")
@pytest.mark.failure("readme-keeps-failing", "scope-missing")
def test_a_stage_that_always_fails_ends_in_the_dead_letters_until_retry(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    with running_bot(tmp_path, stand_in, MAX_ATTEMPTS="3", **at_rekognition) as bot:
        granted = stand_in.state()["workspace"]["scopes"]
        stand_in.set_workspace(scopes=[scope for scope in granted if scope != "chat:write"])
        bot.put("portrait.png", astronaut())
        status = bot.wait_for_status(lambda status: status["queues"]["images-in-db"]["dead"] == 1)
        assert status["faces"]["waiting"] == 1
        [trouble] = status["troubles"]
        assert "missing_scope" in trouble["error"]
        assert "chat:write" in trouble["error"]
        assert "chat:write" in said(bot, "status")

        stand_in.set_workspace(scopes=granted)
        assert "1 message is tried again" in said(bot, "retry")

        request = stand_in.wait_for_message(timeout=PATIENCE)
        tag(stand_in, request.ts, stand_in.people[:2], stand_in.people[2])
        bot.wait_for_status(quiet)


def said(bot: RunningBot, word: str) -> str:
    """What `/facetag WORD` answers, seen by who typed it only."""
    anna, ben, *_ = bot.slack.people
    before = len(bot.slack.ephemerals(anna))
    assert bot.slack.slash(anna, "/facetag", word).acknowledged
    messages = bot.slack.wait_for(lambda: bot.slack.ephemerals(anna)[before:], "an answer", timeout=PATIENCE)
    assert not bot.slack.ephemerals(ben)
    return messages[-1].text


def wait_for_messages(slack: Slack, count: int) -> None:
    slack.wait_for(lambda: len(slack.messages()) == count, f"{count} messages", timeout=PATIENCE)


@pytest.mark.ci
@pytest.mark.rule("asked-again", "wrong-person", "export-votes")
def test_the_wrong_person_twice_and_the_right_one_the_third_time(tmp_path: Path, stand_in: Slack) -> None:
    anna, ben, chiara, *_ = stand_in.people
    with running_bot(tmp_path, stand_in) as bot:
        bot.put("portrait.png", astronaut())
        stand_in.wait_for_message(timeout=PATIENCE)
        for round_number, person in enumerate([anna, ben], 1):
            request = stand_in.messages()[-1]
            tag(stand_in, request.ts, [anna, ben], person)
            assert stand_in.click(chiara, request.ts, "wrong_person").acknowledged
            wait_for_messages(stand_in, round_number + 1)
        tag(stand_in, stand_in.messages()[-1].ts, [ben, anna], chiara)
        bot.wait_for_status(quiet)

        [line] = bot.export()
        assert line["person"]["slack_id"] == chiara
        assert [(vote["tagger"], vote["answer"]) for vote in line["votes"]] == [(ben, chiara), (anna, chiara)]
        assert "1 faces in the model" in bot.command("check").stdout

    *reopened, last = stand_in.messages()
    assert len(reopened) == 2
    for message in reopened:
        assert f"<@{chiara}> reopened this face" in message.text
        assert not [block for block in message.blocks if block["type"] == "actions"]
    assert last.metadata is not None
    assert last.metadata["event_payload"]["round"] == 3
