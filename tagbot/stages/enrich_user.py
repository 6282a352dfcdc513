"""Take a person's name, email and picture from their Slack profile."""

from peewee import Case

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.write_lock import writing
from tagbot.lib.names import clean_name
from tagbot.lib.unseen import can_be_seen
from tagbot.messages import PersonAdded
from tagbot.services import Services
from tagbot.vocabulary import State


def enrich_user(message: PersonAdded, services: Services) -> tuple[()]:
    """Store the profile, and have messages that name the person say the name."""
    # Again is harmless: it writes what the profile says then.
    person = Person.get_or_none(Person.id == message.person_id)
    if person is None or person.slack_id is None:
        return ()  # forgotten meanwhile, or without an account
    profile = services.slack.members.profile(person.slack_id)
    names = filter(can_be_seen, map(clean_name, (profile.real_name, profile.display_name)))
    with writing():
        # Only what the profile says: meanwhile the training backend may have come to know the person.
        Person.update(
            # The name that an admin gave stays.
            name=Case(None, [(Person.renamed_at.is_null(), next(names, None))], Person.name),
            email=profile.email,
            picture_url=profile.picture_url,
            enriched_at=services.now(),
        ).where(Person.id == person.id).execute()
        tagged = (Face.person == person) & (Face.state == State.TAGGED)
        Face.changed(tagged)
        requests = {face.request_id for face in Face.select(Face.request).where(tagged)}
    for request_id in filter(None, requests):
        services.updates.show_soon(request_id)
    return ()
