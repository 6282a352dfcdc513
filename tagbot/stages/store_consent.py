"""Store whether a person may be learned, and do what follows from it."""

from collections.abc import Iterator

from tagbot.database.models.consents import (
    IN_SLACK,
    ConsentStatement,
    ConsentText,
    after_yes,
    may_be_learned,
    waiting_for_consent,
)
from tagbot.database.models.merges import merged_into
from tagbot.database.models.people import Person
from tagbot.messages import ConsentChanged, FaceTagged
from tagbot.services import Services
from tagbot.slack.consent_question import ask_for_consent, show_answer, text_of_today
from tagbot.stages.unlearning import unlearn_person


def store_consent(message: ConsentChanged, services: Services) -> Iterator[FaceTagged]:
    """Learn a person's faces that waited for a yes; or unlearn them all, and ask a person who was not asked
    yet.
    """
    # Again is harmless: a statement is stored once, a face is sent and taken out once, and a person is asked
    # once.
    person = Person.get_or_none((Person.slack_id == message.person) | (Person.id == message.person))
    if person is None:
        return  # a person who was forgotten meanwhile stays so
    if message.said:
        known = ConsentText.get_or_none(ConsentText.id == message.text)
        text_id = None if known is None else message.text
        ConsentStatement.note(person.id, message.said, at=message.at, way=IN_SLACK, text_id=text_id)
    one = person.root()
    if may_be_learned(one.id, required=services.settings.requires_consent):
        said = ConsentStatement.latest(one.id)
        for face in waiting_for_consent(one.id):
            yield after_yes(face, said.at if said else 0.0)
    else:
        unlearn_person(one.id, services)
        if services.settings.requires_consent:
            text = text_of_today(services.settings)
            # A person without an account of their own may be one with somebody who has one.
            with_account = next((each for each in (one, *merged_into(one.id)) if each.slack_id), one)
            ask_for_consent(with_account, text, services.slack, services.now)
    for each in {person.id: person, one.id: one}.values():
        show_answer(each, services.slack)
