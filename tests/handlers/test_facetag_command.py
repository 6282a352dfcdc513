"""/facetag: answered in time, so that only who asked sees it."""

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tagbot.sandbox.defaults import LUNCH
from tagbot.slack import words
from tagbot.vocabulary import State
from tests.handlers.conftest import Desk, connected_desk
from tests.world import World


def ask(desk: Desk, text: str) -> str:
    """What the bot answers to whoever typed this."""
    anna = desk.slack.people[0]
    before = len(desk.slack.ephemerals(anna))
    act = desk.slack.slash(anna, "/facetag", text)
    assert (act.acknowledged, act.error) == (True, None)
    assert (act.latency_ms or 0.0) < 3000
    reply = desk.slack.wait_for(
        lambda: (desk.slack.ephemerals(anna)[before:] or [None])[0],  # type: ignore[list-item]  # None while there is none
        "the reply",
    )
    assert desk.slack.messages() == [message for message in desk.slack.messages() if message.metadata]
    return reply.text


def bury(world: World) -> Face:
    face = world.face()
    world.publish(FaceStored(face_id=face.id))
    delivery = world.queues["images-in-db"].get(0)
    assert delivery is not None
    delivery.bury("Slack is away")
    return face


@pytest.mark.rule("facetag-words")
@pytest.mark.parametrize("text", ["help", "", "nonsense", "status please", "retry one two", "Status!"])
def test_what_it_does_not_know_gets_the_help(desk: Desk, text: str) -> None:
    assert ask(desk, text) == words.HELP


@pytest.mark.rule("facetag-words")
def test_the_help_names_every_word_that_it_knows() -> None:
    assert all(f"/facetag {word}" in words.HELP for word in ("status", "retry", "help"))


@pytest.mark.rule("facetag-words")
@pytest.mark.parametrize("text", ["status", "  status  ", "Status", "STATUS.", "`status`", "“status”"])
def test_status_says_what_waits_and_why(desk: Desk, text: str) -> None:
    bury(desk.world)
    lines = ask(desk, text).splitlines()
    assert "Faces: 0 tagged, 0 open, 0 being learned, 1 waiting to be asked about, 0 set aside." in lines
    assert "images-in-db: 1 given up because: Slack is away." in lines


@pytest.mark.rule("retry-puts-back")
@pytest.mark.parametrize("target", ["", "all", "images-in-db", "FACE"])
def test_retry_puts_dead_letters_back_and_says_how_many(desk: Desk, target: str) -> None:
    face = bury(desk.world)
    reply = ask(desk, f"retry {face.id if target == 'FACE' else target}".strip())
    assert reply == "1 message is tried again.\nimages-in-db: 1"
    assert desk.world.queues["images-in-db"].counts().ready == 1


@pytest.mark.rule("facetag-typed-by-people", "retry-puts-back")
@pytest.mark.parametrize(
    "text",
    [
        "Retry",
        "retry.",
        "RETRY All",
        "retry `all`.",
        "retry Images-In-DB",
        'retry "images-in-db"',
        "retry ‘images–in–db’",
        "retry images in db",
        "retry the queue images-in-db.",
        "retry FACE",
        "retry Face FACE",
        "retry face FACE.",
        "retry `Face FACE`",
        "retry “face: FACE”",
        "Retry\u00a0FACE\u200b",
        "retry *FACE*",
        "retry 'UPPER'",
        "retry Face UPPER.",
    ],
)
def test_what_people_type_or_paste_is_understood(desk: Desk, text: str) -> None:
    face = bury(desk.world)
    reply = ask(desk, text.replace("FACE", face.id).replace("UPPER", face.id.upper()))
    assert reply == "1 message is tried again.\nimages-in-db: 1"


@pytest.mark.rule("harmless-output")
def test_what_is_said_back_turns_nothing(desk: Desk) -> None:
    assert ask(desk, "retry a\u202eb\x1b[1m") == words.nothing_of_that_name(r"a\u202eb\x1b[1m")


@pytest.mark.rule("retry-asks-again")
def test_retry_asks_again_about_a_rejected_face(desk: Desk) -> None:
    face = desk.request()
    with writing():
        Face.move(face.id, 1, State.OPEN, State.REJECTED, reason="unknown")
    assert ask(desk, f"retry {face.id}") == "1 face is asked about again."
    desk.world.drain()
    assert Face.get_by_id(face.id).round == 2


def test_retry_of_something_unknown_changes_nothing_and_says_so(desk: Desk) -> None:
    bury(desk.world)
    assert ask(desk, "retry images<!channel>") == words.nothing_of_that_name("images<!channel>")
    assert desk.world.queues["images-in-db"].counts().dead == 1


@pytest.mark.rule("admins-only")
@pytest.mark.parametrize("text", ["retry", "retry all"])
def test_with_admins_others_cannot_retry(world: World, text: str) -> None:
    bury(world)
    with connected_desk(world, admins=frozenset({world.slack.people[1]})) as desk:
        assert ask(desk, text) == words.ADMINS_ONLY
        assert "Faces: " in ask(desk, "status")
    assert world.queues["images-in-db"].counts().dead == 1


@pytest.mark.rule("retry-elsewhere")
def test_retry_from_another_channel_is_for_those_who_are_in_the_bots(desk: Desk) -> None:
    bury(desk.world)
    anna, ben = desk.slack.people[:2]
    many = [f"U0MANY{number:06}" for number in range(30_000)]
    desk.slack.set_channel(members=[*many, desk.slack.bot_user, anna])
    desk.slack.rules(rate_limits=1.0)
    for member, told in ((ben, words.ADMINS_ONLY), (anna, "1 message is tried again.")):
        act = desk.slack.slash(member, "/facetag", "retry", channel=LUNCH)
        assert (act.acknowledged, act.error) == (True, None)
        desk.slack.wait_for_ephemeral(member, lambda message, told=told: message.text.startswith(told))  # type: ignore[misc]  # a default
