"""A person's own data: what they are shown of it, and the file with all of it."""

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

from tagbot.database.models import kept
from tagbot.database.models.consents import ConsentText
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Reject, Retry
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.slack.client import Slack
from tagbot.slack.consent_question import day
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.slack.person_messages import KeptShown
from tagbot.slack.person_words import DATA_SENT, README

FILE_NAME = "facetag-my-data.zip"


def kept_of(slack_id: str, key: KeyedHash, text: str, now: float) -> KeptShown:
    """All that is kept of a member, as they are shown it; `text` is what they may agree to, `key` that
    of those who opted out. Raises `Retry` while the database is away.
    """
    with reached(), connected():
        if OptOut.has(slack_id, key):
            return KeptShown(slack_id=slack_id, opted_out=True)
        person = Person.of_account(slack_id)
        answers = kept.answers_of(slack_id)
        if person is None:
            return KeptShown(slack_id=slack_id, answers=answers)
        known = kept.known_person(person)
        return KeptShown(
            slack_id=slack_id,
            name=person.name,
            email=person.email,
            has_picture=person.picture_url is not None,
            faces=known.faces,
            photos=kept.photos_of(person.id),
            learned=known.learned,
            waiting=kept.faces_waiting(person.id),
            answers=answers,
            is_person=True,
            text=text,
            text_id=ConsentText.keep(text, now),
            standing=known.consent,
            date=day(known.consent_at),
        )


def write_zip(
    file: IO[bytes], person: Person | None, slack_id: str | None, crop: Callable[[str], bytes]
) -> None:
    """Write all that is kept of a person; `crop` gives a face's. This thread is connected to the database."""
    data = kept.own_data(person, slack_id)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2))
        for face in data["faces"]:
            with suppress(Reject):  # a crop that is lost
                archive.writestr(f"crops/{face['face_id']}.jpg", crop(face["face_id"]))


def send_own_data(slack_id: str, slack: Slack, crop: Callable[[str], bytes]) -> bool:
    """Send a member all that is kept of them by direct message; whether Slack lets the bot write to them."""
    with reached(), connected(), TemporaryFile() as file:
        person = Person.of_account(slack_id)
        write_zip(file, person, slack_id, crop)
        file.seek(0)
        try:
            slack.direct.send_file(slack_id, FILE_NAME, file.read(), DATA_SENT)
        except CannotBeWrittenTo:
            return False
    return True


def is_known(slack_id: str) -> bool:
    """Whether a member is one of the people who are known; taken for one while the database is away."""
    try:
        with reached(), connected():
            return Person.of_account(slack_id) is not None
    except Retry:
        return True


def let_be_tagged(slack_id: str, key: KeyedHash) -> None:
    """A member who opted out can be tagged again; raises `Retry` while the database is away."""
    with reached(), connected():
        OptOut.let_in(slack_id, key)
