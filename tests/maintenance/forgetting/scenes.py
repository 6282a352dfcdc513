"""What tests of forgetting need: all by which a person can be known, and having them forgotten."""

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.messages import ForgetAsked
from tests.maintenance.forgetting.traces import variants
from tests.world import World


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
