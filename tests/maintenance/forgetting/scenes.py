"""What tests of forgetting need: all by which a person can be known, and having them forgotten."""

from collections.abc import Sequence

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.messages import ForgetAsked, Message
from tests.maintenance.forgetting.traces import variants
from tests.world import World

LATER = 1000.0
"""Seconds until another attempt."""


def of_person(slack_id: str) -> dict[str, set[bytes]]:
    """All by which a person can be known, as it is now."""
    person = Person.get(Person.slack_id == slack_id)
    theirs = TrainedVector.select().where(TrainedVector.person_ref == person.id)
    return {
        "the Slack id": variants(slack_id),
        "our id": variants(person.id),
        "the name": variants(person.name),
        "the address": variants(person.email),
        "a vector": {bytes(each.vector) for each in theirs},
    }


def forget(world: World, person: str) -> Forgetting:
    """As the button has it."""
    asked = ForgetAsked.of(person)
    world.publish(asked)
    world.drain()
    return Forgetting.get_by_id(asked.receipt)


def put_ready_waiting_and_dead(world: World, messages: Sequence[Message], *, reason: str = "never") -> None:
    """Put each three times: one is ready, one waits for another attempt, and one is dead for this reason."""
    for number, message in enumerate(messages):
        queue = world.queues[message.QUEUE]
        for how in ("dead", "delayed"):
            queue.put(f"{how} {number}", message.key, message.to_json())
            delivery = queue.get(timeout=0)
            assert delivery is not None
            delivery.bury(reason) if how == "dead" else delivery.retry_after(LATER, "later")
    for number, message in enumerate(messages):
        world.queues[message.QUEUE].put(f"ready {number}", message.key, message.to_json())
