"""StoreFaceTagSql."""

from tests.world import World


def test_an_answer_is_stored_as_a_vote(world: World) -> None:
    face = world.face(posted=True)
    world.publish(world.answer(face, world.slack.people[0], world.slack.people[1]))
    world.drain()
    print(world.slack.messages())
