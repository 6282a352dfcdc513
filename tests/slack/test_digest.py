"""The digest: once a day at nine, by the machine's clock, about what waits for answers, if anything does."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tagbot.database.models.digests import Digest
from tagbot.database.models.requests import Request
from tagbot.errors import Retry
from tagbot.slack.digest import MOST_LINES, day_due, local, send_digest
from tagbot.slack.history import SETTLE_SECONDS
from tests.dying import done_in_spite_of_deaths
from tests.stages.scenes import MakeWorld, say
from tests.world import World, ts_of
from tests.zones import in_zone, zone_where_it_is

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 30, tzinfo=BERLIN)


@pytest.fixture(name="world")
def _world(make_world: MakeWorld) -> World:
    return make_world()


@pytest.fixture(name="nine")
def _nine() -> Iterator[float]:
    """Now, in a time zone where it is nine; in seconds since 1970."""
    now = time.time()
    with in_zone(zone_where_it_is(9, 0, 1, now)):
        yield now


def post(world: World, now: float, how_often: str = "daily") -> None:
    send_digest(how_often, world.services.slack, world.settings.rule, now)


def digests(world: World) -> list[str]:
    """Those in the channel, in their order."""
    announced = [
        each
        for each in world.slack.messages()
        if each.metadata and each.metadata["event_type"] == "facetag_announcement"
    ]
    return [each.text for each in announced]


@pytest.mark.rule("digest")
@pytest.mark.parametrize(
    ("at", "how_often", "is_due"),
    [
        ("08:59:59", "daily", False),
        ("09:00:00", "daily", True),
        ("09:59:59", "daily", True),
        ("10:00:00", "daily", False),
        ("21:00:00", "daily", False),
        ("09:00:00", "weekly", True),
        ("09:00:00", "off", False),
    ],
)
def test_it_is_due_from_nine_until_ten(at: str, how_often: str, is_due: bool) -> None:
    now = datetime.fromisoformat(f"2026-11-30T{at}+01:00")
    assert day_due(now, how_often) == ("2026-11-30" if is_due else None)


@pytest.mark.rule("digest")
def test_a_weekly_one_comes_on_mondays() -> None:
    nine = MONDAY.replace(hour=9)
    due = [day_due(nine + timedelta(days=day), "weekly") for day in range(8)]
    assert due == ["2026-11-30", *[None] * 6, "2026-12-07"]


@pytest.fixture(name="in_berlin")
def _in_berlin() -> Iterator[None]:
    with in_zone("Europe/Berlin"):
        yield


@pytest.mark.rule("digest")
@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    "day", ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24", "2026-10-25", "2026-10-26"]
)
def test_days_on_which_the_clocks_change_have_one_at_nine_all_the_same(day: str) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=BERLIN).timestamp()
    minutes = [midnight + 60 * minute for minute in range(23 * 60)]
    due = [moment for moment in minutes if day_due(local(moment), "daily")]
    assert len(due) == 60
    assert local(due[0]).isoformat()[:16] == f"{day}T09:00"


@pytest.mark.rule("digest")
def test_what_waits_is_told_once_with_links(world: World, nine: float) -> None:
    anna, ben, *_ = world.slack.people
    first, second = world.face(posted=True), world.face(posted=True)
    say(world, second, "dont_know", anna)
    say(world, second, ben, anna)
    Request.update(posted_at=nine - 3 * 86_400).where(Request.id == first.request_id).execute()
    for seconds in (0, 20, 3_000):
        post(world, nine + seconds)
    [told] = digests(world)
    heading, *lines = told.split("\n")
    assert heading == "*2 faces wait for your answer.* For 1 of them one more answer is enough."
    web = world.services.slack.api.client
    links = [
        str(web.chat_getPermalink(channel=world.slack.channel, message_ts=ts_of(face))["permalink"])
        for face in (first, second)
    ]
    assert lines == [
        f"• <{links[0]}|Who is this?> (asked 3 days ago)",
        f"• <{links[1]}|Who is this?> (asked today)",
    ]
    post(world, nine + 86_400)
    assert len(digests(world)) == 2
    assert Digest.select().count() == 1


@pytest.mark.rule("digest")
def test_the_list_is_cut_and_what_follows_is_counted(make_world: MakeWorld, nine: float) -> None:
    world = make_world(MAX_OPEN_REQUESTS=str(MOST_LINES + 1))
    for _ in range(MOST_LINES + 1):
        world.face(posted=True)
    world.face()
    post(world, nine)
    [told] = digests(world)
    *_, more, later = told.split("\n")
    assert len(told.split("\n")) == MOST_LINES + 3
    assert (more, later) == (
        "• and 1 more question in this channel",
        "1 more face follows as these are answered.",
    )


@pytest.mark.rule("digest")
@pytest.mark.parametrize("how_often", ["off", "daily"])
def test_none_when_it_is_off_or_nothing_waits_at_nine(world: World, nine: float, how_often: str) -> None:
    if how_often == "off":
        world.face(posted=True)
    post(world, nine, how_often)
    world.face(posted=True)
    post(world, nine + 60, how_often)
    assert digests(world) == []


@pytest.mark.rule("digest", "crash-anywhere")
def test_wherever_the_bot_dies_it_is_posted_once(world: World, nine: float) -> None:
    world.face(posted=True)

    def settle() -> None:
        Digest.update(posting_since=Digest.posting_since - SETTLE_SECONDS).execute()

    _, deaths = done_in_spite_of_deaths("SendDigest", lambda: post(world, nine), between=settle)
    assert deaths > 3
    post(world, nine)
    assert len(digests(world)) == 1


@pytest.mark.rule("digest")
@pytest.mark.parametrize("effect", [True, False])
def test_an_answer_of_slacks_that_got_lost_is_looked_for(
    world: World,
    nine: float,
    effect: bool,
) -> None:
    world.face(posted=True)
    world.slack.fail("chat.postMessage", reset=True, effect=effect)
    with pytest.raises(Retry):
        post(world, nine)
    post(world, nine + SETTLE_SECONDS - 1)
    assert Digest.get().ended_at is None, "it may still appear"
    post(world, nine + SETTLE_SECONDS)
    assert len(digests(world)) == 1
    assert Digest.get().ended_at is not None


@pytest.mark.rule("digest")
@pytest.mark.failure("digest-not-posted")
def test_while_slack_is_away_it_is_tried_until_ten(world: World, nine: float) -> None:
    world.face(posted=True)
    world.slack.fail("chat.postMessage", error="team_access_not_granted")
    with pytest.raises(Retry):
        post(world, nine)
    post(world, nine + 3_600)
    assert digests(world) == []
    post(world, nine + 3_500)
    assert len(digests(world)) == 1
