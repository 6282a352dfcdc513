"""The figures of `stats`."""

import json

import pytest

from tagbot.database.models.bookkeeping import BackendCalls
from tagbot.database.models.labelled_faces import LabelledFace
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database
from tagbot.messages import FaceReopened
from tagbot.monitoring.stats_figures import collect, of_people
from tagbot.vocabulary import SpecialAnswer
from tests.maintenance.forgetting.scenes import forget
from tests.postgresql import on_every_database
from tests.stages.scenes import MakeWorld, fresh, say, tagged
from tests.world import World

NOTHING = {
    "asked": 0,
    "closed": 0,
    "labelled": 0,
    "answers": 0,
    "clicks": 0,
    "answers_per_face": 0.0,
    "clicks_per_face": 0.0,
    "agreed_at_once": 0.0,
    "alpha": None,
    "median_seconds": None,
    "machine": {"sure": 0, "right": 0, "precision": None, "lower_bound": None, "votes": False},
    "aws": {"calls": {}, "dollars": 0.0},
}


@pytest.mark.rule("stats-json")
@on_every_database
def test_before_anything_happened_it_is_all_zero(database_url: str) -> None:
    open_database(database_url)
    told = json.loads(json.dumps(collect()))
    assert told == NOTHING
    assert list(told) == list(NOTHING)


@pytest.mark.rule("stats-json")
def test_each_figure_of_people() -> None:
    faces = [
        LabelledFace(("A", "A"), 10.0),
        LabelledFace(("B", "A", "B"), 70.0),
        LabelledFace(("C", SpecialAnswer.DONT_KNOW, "C"), 20.0),
        LabelledFace(("D",), 30.0),
        LabelledFace(("E", "E"), None),
    ]
    told = of_people(faces, labelled=8, answers=6, clicks=10)
    assert (told["labelled"], told["answers"], told["clicks"]) == (8, 6, 10)
    assert (told["answers_per_face"], told["clicks_per_face"]) == (0.75, 1.25)
    assert told["agreed_at_once"] == 0.6
    assert told["median_seconds"] == 25.0
    # Two of A, one of A beside two of B, two of C, two of E: 1 - 8 * 2 / (9 * 9 - 9 - 4 - 4 - 4).
    assert told["alpha"] == pytest.approx(1 - 8 * 2 / 60)


@pytest.mark.rule("stats-json")
def test_what_a_bot_has_done_is_told_and_never_by_whom(world: World) -> None:
    anna, ben, clara, *_ = people = world.slack.people
    for person in (anna, ben):
        tagged(world, person)
    differing = world.face(posted=True)
    say(world, differing, anna, anna)
    say(world, differing, ben, ben, clara)
    no_face = world.face(posted=True)
    say(world, no_face, SpecialAnswer.NOT_A_FACE, anna, ben)
    unknown = world.face(posted=True)
    say(world, unknown, SpecialAnswer.DONT_KNOW, *people[:3])
    say(world, world.face(posted=True), anna, ben)
    figures = collect()
    assert (figures["asked"], figures["closed"]) == (6, 5)
    assert (figures["labelled"], figures["answers"], figures["clicks"]) == (4, 13, 13)
    assert (figures["answers_per_face"], figures["clicks_per_face"]) == (13 / 4, 13 / 4)
    assert figures["agreed_at_once"] == 0.75
    assert 0.0 <= figures["median_seconds"] < 60.0
    # Two of Anna, two of Ben, one of Anna beside two of Ben, two that it is no face.
    assert figures["alpha"] == pytest.approx(1 - 8 * 2 / (81 - 9 - 16 - 4))
    assert not [each for each in people if each in json.dumps(figures)]


@pytest.mark.rule("stats-json")
def test_asked_and_closed_are_faces_that_people_were_asked_about(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    anna, ben, chiara, *_ = world.slack.people

    def counted() -> tuple[int, int]:
        figures = collect()
        return figures["asked"], figures["closed"]

    small = world.face(size=40, posted=True)
    assert (small.state, small.reason, counted()) == ("rejected", "too_small", (0, 0))
    face, waiting = world.face(posted=True), world.face(posted=True)
    assert (face.state, waiting.state, counted()) == ("open", "waiting", (1, 0))
    say(world, face, chiara, anna, ben)
    assert (fresh(face).state, fresh(waiting).state, counted()) == ("tagged", "open", (2, 1))
    say(world, waiting, SpecialAnswer.DONT_KNOW, anna, ben, chiara)
    assert counted() == (2, 2)
    forget(world, chiara)
    assert counted() == (2, 2), "all counts stay"


def test_answers_outlive_the_votes(world: World) -> None:
    anna, ben, *_ = world.slack.people
    face = tagged(world, anna)
    world.publish(FaceReopened(face_id=face.id, round=1, by=ben))
    world.drain()
    assert (fresh(face).state, Vote.select().count()) == ("open", 0)
    figures = collect()
    assert (figures["labelled"], figures["answers"], figures["answers_per_face"]) == (0, 2, 0.0)


def test_only_the_last_faces_say_how_people_agree_and_how_long_they_take(world: World) -> None:
    anna, ben, *_ = world.slack.people
    face = world.face(posted=True)
    say(world, face, SpecialAnswer.DONT_KNOW, world.slack.people[2])
    say(world, face, anna, anna, ben)
    tagged(world, anna)
    tagged(world, ben)
    assert collect(last=2)["agreed_at_once"] == 1.0
    assert collect(last=3)["agreed_at_once"] == pytest.approx(2 / 3)
    assert collect(last=2)["labelled"] == 3


@on_every_database
def test_calls_to_amazon_are_summed_over_the_months_and_what_looks_at_a_picture_costs(
    database_url: str,
) -> None:
    open_database(database_url)
    with connected():
        for month, operation, count in (
            ("2026-10", "index_faces", 3),
            ("2026-11", "index_faces", 2),
            ("2026-11", "search_users_by_image", 4),
            ("2026-11", "associate_faces", 5),
        ):
            BackendCalls.insert(month=month, operation=operation, count=count).execute()
    assert collect()["aws"] == {
        "calls": {"associate_faces": 5, "index_faces": 5, "search_users_by_image": 4},
        "dollars": 0.009,
    }
