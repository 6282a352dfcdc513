"""What the machine says about the faces of a request, noted before anybody answers: the names that it offers,
and whom it is sure of.

The two never meet: what a request shows comes from the names alone.
"""

import logging
from collections.abc import Collection, Sequence

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import Guess
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.named_faces import NamedFace
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.lib.names import name_key
from tagbot.photos.image_keys import crop_key
from tagbot.services import Services
from tagbot.stages.identify_face import PATIENCE
from tagbot.training.backend import FaceSearch
from tagbot.training.machine import NearestPeople, as_one

log = logging.getLogger(__name__)

SPARE = 12
"""People more than are offered are looked for: some of them may have left."""


def note_opinion(request: Request, faces: Sequence[Face], services: Services) -> None:
    """Note it, once. What was noted stays, so that everybody sees the same."""
    most = services.settings.line_up
    if request.line_up is not None:
        return
    offered: tuple[str, ...] = ()
    guesses: list[Guess] = []
    if most and services.machine.may_know_somebody:
        nearest = as_one(_nearest(faces, most + SPARE, services), MergedPeople.now().root)
        named = NamedFace.people(faces, services.opt_out_key)
        names = _names(dict.fromkeys([*named, *(each.person for each in nearest)]), services)
        offered = services.machine.line_up(nearest, names, most, named)
        guesses = _guesses(request, faces, nearest, services)
    with writing():
        Request.offer(request, offered)
        NamedFace.served(faces)
        for guess in guesses:
            Guess.insert(guess.__data__).on_conflict_ignore().execute()


def _nearest(faces: Sequence[Face], most: int, services: Services) -> NearestPeople:
    """The people nearest to the faces; nobody where one of them cannot be compared."""
    if (search := services.machine.search) is not None:
        return _search(search, faces, most, services)
    vectors = FaceVector.of_each([face.id for face in faces])
    return services.machine.nearest(vectors, most) if len(vectors) == len(faces) else []


def _search(search: FaceSearch, faces: Sequence[Face], most: int, services: Services) -> NearestPeople:
    """By the training backend; nobody where it cannot tell, or is down for long: people know without it."""
    clearest = max(faces, key=lambda face: (min(face.width, face.height), face.id))
    crop = services.images.get(crop_key(clearest.id))
    try:
        return search.resembling(crop, most)
    except Reject as why:
        log.warning("no names are offered for face=%s: %s", clearest.id, why.reason)
    except Retry as why:
        since = min((failure.since for failure in services.training.health.failing()), default=None)
        if since is None or services.now() - since < PATIENCE:
            raise
        log.warning("no names are offered for face=%s: %s", clearest.id, why.reason)
    return []


def _names(ids: Collection[str], services: Services) -> dict[str, str]:
    """Of those who can be chosen, by which they are sorted: not of people who have left or opted out.

    The likeliest come first in `ids`, as Slack is asked anew about a few only.
    """
    rows = Person.select().where((Person.id << list(ids)) & Person.name.is_null(False))
    people = {person.id: person for person in rows}
    members = services.slack.members
    return {
        person.id: name_key(person.name)
        for person in (people[each] for each in ids if each in people)
        if person.slack_id is None
        or (members.has_not_left(person.slack_id) and not OptOut.has(person.slack_id, services.opt_out_key))
    }


def _guesses(
    request: Request,
    faces: Sequence[Face],
    nearest: NearestPeople,
    services: Services,
) -> list[Guess]:
    sure_of = services.machine.sure_of(nearest)
    person: Person | None = Person.get_or_none(Person.id == sure_of) if sure_of else None
    if person is None:
        return []
    earned = services.settings.rule.machine_votes and Guess.record().earns_vote
    votes = services.machine.has_vote(request.id, Face.learned_of(person), is_earned=earned)
    now = services.now()
    return [Guess(face=face.id, round=face.round, person=person.id, at=now, votes=votes) for face in faces]
