"""Requests: each state of a face as a message that Slack takes, and that says all in its text too."""

import itertools
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tagbot.errors import Reject
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.sandbox.driver import running_slack
from tagbot.settings import Settings
from tagbot.slack import words
from tagbot.slack.api import SlackApi
from tagbot.slack.blocks import PersonShown, Rendered
from tagbot.slack.client import Slack
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_message import RequestShown, past_request_message, request_message
from tagbot.slack.uploads import Picture
from tests.slack.spoken import objects, unspoken
from tests.world import environment

pytestmark = pytest.mark.process

FACE_ID = str(uuid.UUID(int=7))
TAGGERS = [f"U0TAGGER{number:03}" for number in range(200)]
ANN = PersonShown("U0ANN00001", "Ann Lee")
UPDATE_CHARACTERS = 4000
"""Of a text: more is refused by chat.update."""


@pytest.fixture(scope="module", name="slack")
def _slack() -> Iterator[SlackStandIn]:
    with running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack:
        yield slack


@pytest.fixture(scope="module", name="door")
def _door(slack: SlackStandIn) -> Slack:
    settings = Settings.from_env(environment(Path("unused"), slack))
    return Slack(SlackApi.of(settings, 5), settings.slack_channel, 100_000.0, threading.Event())


@pytest.fixture(scope="module", name="open_request")
def _open_request(door: Slack) -> RequestShown:
    """A request that nobody has answered, with pictures that are there."""
    out = BytesIO()
    Image.new("RGB", (120, 100), "grey").save(out, "JPEG")
    crop, context = door.uploads.upload([Picture(out.getvalue(), name, name) for name in ("Face", "Photo")])
    door.uploads.complete({crop: "Face", context: "Photo"})
    return RequestShown(
        face_id=FACE_ID, round=1, state="open", crop_file=crop, context_file=context, required_votes=2
    )


def states(request: RequestShown) -> dict[str, Rendered]:
    """Every message that a face can have, by what it is."""
    many = replace(request, taggers=TAGGERS)
    shown = {
        "open": request,
        "open, answered": replace(request, taggers=TAGGERS[:1]),
        "open, people differ": replace(request, taggers=TAGGERS[:3], differ=True),
        "open, one is enough": replace(request, required_votes=1),
        "open, 200 answers": replace(many, differ=True, required_votes=100_000),
        "open, without pictures": replace(request, crop_file=None, context_file=None),
        "training": replace(many, state="training"),
        "tagged": replace(many, state="tagged", person=ANN),
        "tagged, no name yet": replace(many, state="tagged", person=PersonShown("U0ANN00001", None)),
        "tagged, nobody": replace(request, state="tagged", person=None),
        "tagged, long name": replace(many, state="tagged", person=PersonShown(None, "Ä&" * 150)),
        "tagged, without picture": replace(request, state="tagged", person=ANN, crop_file=None),
        **{
            f"tagged, {reason}": replace(many, state="tagged", person=ANN, reason=reason)
            for reason in words.NOT_SENT
        },
        **{
            f"rejected, {reason}": replace(many, state="rejected", reason=reason)
            for reason in [*words.REJECTED, "another_reason", None]
        },
    }
    rendered = {name: request_message(each) for name, each in shown.items()}
    past = RequestId(FACE_ID, 12)
    rendered["reopened"] = past_request_message(past, [FACE_ID], words.reopened(TAGGERS[0]))
    rendered["reopened by the operator"] = past_request_message(past, [FACE_ID], words.reopened(None))
    return rendered


# --- Slack takes them -----------------------------------------------------------------------------------


def test_slack_takes_the_message_of_every_state_as_a_post_and_as_an_update(
    door: Slack, slack: SlackStandIn, open_request: RequestShown
) -> None:
    for number, (name, rendered) in enumerate(states(open_request).items()):
        ts = door.channel.post(rendered, FACE_ID, number)
        door.channel.update(ts, rendered)
        message = slack.message(ts)
        assert message.text == rendered.text, name
        assert len(message.blocks) == len(rendered.blocks), name


def test_the_stand_in_would_refuse_a_message_that_slack_refuses(
    door: Slack, open_request: RequestShown
) -> None:
    broken = request_message(replace(open_request, crop_file="F0NOBODY99"))
    with pytest.raises(Exception, match="not ready"):
        door.channel.post(broken, FACE_ID, 1)
    with pytest.raises(Reject):
        door.channel.post(
            Rendered("x", [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]), FACE_ID, 1
        )


def test_texts_stay_below_what_an_update_may_have(open_request: RequestShown) -> None:
    assert max(len(rendered.text) for rendered in states(open_request).values()) < UPDATE_CHARACTERS / 2


# --- What they say --------------------------------------------------------------------------------------


@pytest.mark.rule("text-says-all")
def test_the_text_says_all_that_the_blocks_say(open_request: RequestShown) -> None:
    for name, rendered in states(open_request).items():
        assert unspoken(rendered) == [], name


@pytest.mark.rule("pictures-not-public", "alt-text")
def test_every_picture_has_a_description_and_none_a_public_address(open_request: RequestShown) -> None:
    for name, rendered in states(open_request).items():
        assert "image_url" not in json.dumps(rendered.blocks), name
        for each in objects(rendered.blocks):
            if "slack_file" in each:
                assert len(each["alt_text"]) > 10, name


@pytest.mark.rule("text-says-all")
def test_the_pictures_descriptions_are_in_the_text_of_an_open_request(open_request: RequestShown) -> None:
    text = request_message(open_request).text
    assert words.FACE_ALT in text
    assert words.CONTEXT_ALT in text
    assert (
        words.FACE_ALT not in request_message(replace(open_request, crop_file=None, context_file=None)).text
    )


@pytest.mark.rule("face-id-in-small-print")
def test_the_face_id_stands_in_small_print(open_request: RequestShown) -> None:
    for name, rendered in states(open_request).items():
        small = [each for each in rendered.blocks if each["type"] == "context"]
        assert any(FACE_ID in json.dumps(each) for each in small), name
        assert FACE_ID in rendered.text, name


@pytest.mark.rule("four-ways-to-answer")
def test_controls_are_there_while_they_work_and_never_longer(open_request: RequestShown) -> None:
    asking = {"tag_person", "someone_else", "dont_know", "not_a_face"}
    for name, rendered in states(open_request).items():
        actions = {each["action_id"] for each in objects(rendered.blocks) if "action_id" in each}
        state = re.split(r"[ ,]", name)[0]
        expected = {"open": asking, "tagged": {"wrong_person"}}.get(state, set())
        assert actions >= expected, name
        assert not actions & (asking - expected), name
        assert bool(actions) == bool(expected), name


@pytest.mark.rule("controls-named-after-face")
def test_controls_stand_in_a_block_that_names_face_and_round(open_request: RequestShown) -> None:
    for state in ("open", "tagged"):
        rendered = request_message(replace(open_request, state=state, person=ANN, round=12))
        (block_id,) = [each["block_id"] for each in rendered.blocks if each["type"] == "actions"]
        assert block_id.startswith(f"face:{FACE_ID}")
        assert RequestId.parse(block_id) == RequestId(FACE_ID, 12)


@pytest.mark.rule("choice-kept-secret")
def test_nobody_is_named_before_the_face_is_tagged(open_request: RequestShown) -> None:
    for state, differ in itertools.product(("waiting", "open", "training", "rejected"), (True, False)):
        request = replace(open_request, state=state, person=ANN, differ=differ, taggers=TAGGERS[:2])
        told = json.dumps(request_message(request).blocks) + request_message(request).text
        assert "Ann" not in told
        assert str(ANN.slack_id) not in told


def test_a_name_is_shown_letter_by_letter_and_calls_nobody(open_request: RequestShown) -> None:
    name = "*Ann* <!channel> & _Lee_ :tada:"
    rendered = request_message(replace(open_request, state="tagged", person=PersonShown("U0ANN00001", name)))
    assert rendered.blocks[0]["text"] == {"type": "plain_text", "text": f"Tagged as {name}", "emoji": False}
    assert "<!" not in rendered.text
    assert "&lt;!channel&gt; &amp;" in rendered.text


@pytest.mark.rule("name-once-known")
def test_a_person_is_mentioned_until_the_name_is_known(open_request: RequestShown) -> None:
    unknown = request_message(replace(open_request, state="tagged", person=PersonShown("U0ANN00001", None)))
    assert "<@U0ANN00001>" in unknown.blocks[0]["text"]["text"]
    assert unknown.blocks[0]["text"]["type"] == "mrkdwn"
    assert "<@U0ANN00001>" in unknown.text


def test_a_known_name_mentions_nobody_so_that_nobody_is_notified_twice(open_request: RequestShown) -> None:
    known = request_message(replace(open_request, state="tagged", person=ANN))
    assert "<@U0ANN00001>" not in json.dumps(known.blocks) + known.text


def test_reopening_asks_whether_it_is_meant(open_request: RequestShown) -> None:
    rendered = request_message(replace(open_request, state="tagged", person=ANN))
    (button,) = [each for each in objects(rendered.blocks) if each.get("action_id") == "wrong_person"]
    assert set(button["confirm"]) == {"title", "text", "confirm", "deny"}


def test_a_message_that_slack_would_refuse_for_its_form_is_rejected_before_it_is_sent(
    open_request: RequestShown,
) -> None:
    with pytest.raises(Reject, match="block_id"):
        request_message(replace(open_request, face_id="x" * 256))
