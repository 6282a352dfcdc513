"""Faces and photos whose pictures have been kept for long enough."""

from typing import Any

from peewee import fn

from tagbot.database.models.faces import Face
from tagbot.database.models.photos import Photo
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.write_lock import writing
from tagbot.vocabulary import State

AT_ONCE = 500

CLOSED = State.TAGGED, State.REJECTED


def due_faces(before: float) -> list[Face]:
    """Some that were closed before then and still have pictures that are to go."""
    closed = Face.closed_at < before
    never_asked = Face.closed_at.is_null() & (Face.stored_at < before)
    has_some = Face.keeps_pictures() | Face.crop_file.is_null(False)
    due = (Face.state << CLOSED) & (closed | never_asked) & has_some
    return list(Face.select().where(due).limit(AT_ONCE))


def note_gone(face: Face, now: float) -> None:
    """The pictures here went. Those at Slack are to go, too: their ids are the request's from now on."""
    with writing():
        files = " ".join(filter(None, (face.crop_file, face.context_file)))
        still = (Face.id == face.id) & (Face.state == face.state) & (Face.round == face.round)
        nothing = {"crop_file": None, "context_file": None}
        if not Face.update(pictures_gone_at=now, **nothing).where(still).execute():
            return
        if face.request_id is None:
            return
        request = Request.get_by_id(face.request_id)
        with_pictures = (Face.request == request.id) & Face.keeps_pictures()
        all_gone = not Face.select().where(with_pictures).exists()
        grid = request.grid_file if all_gone else None
        changes: dict[str, Any] = dict.fromkeys(("grid_file", "grid_size")) if grid else {}
        past = " ".join(filter(None, (request.past_grids, files, grid))) or None
        Request.update(past_grids=past, **changes).where(Request.id == request.id).execute()
        Request.changed(Request.id == request.id)


def due_photos() -> list[str]:
    """Some of which all faces have lost their pictures."""
    with_pictures = Face.select().where((Face.photo == Photo.sha256) & Face.keeps_pictures())
    any_face = Face.select().where(Face.photo == Photo.sha256)
    due = Photo.gone_at.is_null() & fn.EXISTS(any_face) & ~fn.EXISTS(with_pictures)
    return [photo.sha256 for photo in Photo.select(Photo.sha256).where(due).limit(AT_ONCE)]


def note_photo_gone(sha256: str, now: float) -> None:
    """It is not kept any more."""
    with writing():
        Photo.update(gone_at=now).where(Photo.sha256 == sha256).execute()


def files_to_delete() -> list[tuple[str, list[str]]]:
    """Requests whose faces have all lost their pictures, also where they left it before; each with the ids of
    those that Slack still has.
    """
    here = Face.select().where(Face.request == Request.id)
    kept = here.where(Face.keeps_pictures() | Face.crop_file.is_null(False))
    due = Request.past_grids.is_null(False) & fn.EXISTS(here) & ~fn.EXISTS(kept)
    left = (
        Face.select().join(PastRound, on=(PastRound.face == Face.id)).where(PastRound.request == Request.id)
    )
    empty = Request.has_pictures() & ~fn.EXISTS(here) & ~fn.EXISTS(left.where(Face.keeps_pictures()))
    return [(request.id, request.pictures) for request in Request.select().where(due | empty)]


def note_files_deleted(request_id: str) -> None:
    """Slack has none of them any more."""
    Request.note(request_id, **dict.fromkeys(Request.PICTURES))
