"""Showing what has become of a face, in the request that it may share with others."""

from tagbot.database.models.faces import Face
from tagbot.services import Services
from tagbot.vocabulary import State


def show_outcome(face: Face | None, services: Services) -> None:
    """Return when Slack shows it. Where more faces of its request are under way, it is shown with the last
    one at the latest, and is not waited for.
    """
    if face is None or face.request_id is None:
        return
    under_way = Face.state << (State.OPEN, State.TRAINING)
    if Face.select().where((Face.request == face.request_id) & under_way).exists():
        services.updates.show_soon(face.request_id)
    else:
        services.updates.show(face.request_id)
