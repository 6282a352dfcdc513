"""The pictures of a request at Slack: there once, ready to be shown, and made anew when they were deleted.

One face has two, which serve all its rounds. Several faces have one together, which is the request's.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.named_lock import alone
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.photos.grid_picture import grid_picture
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.image_store import ImageStore
from tagbot.slack import words
from tagbot.slack.api_failures import OutcomeUnknown, PictureGone
from tagbot.slack.client import Slack
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.uploads import Picture


def have_ready(
    request: Request,
    faces: Sequence[Face],
    slack: Slack,
    images: ImageStore,
    *,
    share: bool = False,
    now: Callable[[], float],
) -> None:
    """Return when Slack can show the pictures of a request, which asks about these faces; those that were
    deleted there are uploaded anew. With `share` they are shared into its thread, which is noted as under
    way.
    """
    # Their ids are noted before Slack makes files of them, which it does once for each id: however often this
    # is interrupted, no pictures are there twice, and none that are noted nowhere. An upload that is not
    # completed, Slack forgets by itself.
    thread_ts = request.message_ts if share else None
    try:
        if not noted(request, faces):
            pictures = _missing(faces, images)
            files = slack.uploads.upload(pictures)
            with writing():
                _note(request, faces, files)
                if share:
                    Request.note(request.id, posting_since=now())
            _complete(dict(zip(files, _titles(pictures), strict=True)), slack, thread_ts)
        elif not slack.uploads.are_ready(noted(request, faces)):
            titles = [words.FACES_TITLE] if len(faces) > 1 else [words.FACE_TITLE, words.CONTEXT_TITLE]
            with suppress(PictureGone):  # they are files already, or never can be: that shows below
                _complete(dict(zip(noted(request, faces), titles, strict=True)), slack, thread_ts)
        slack.uploads.wait_until_ready(noted(request, faces))
    except PictureGone as gone:
        forget(request, faces)
        raise Retry(gone.reason) from None


def noted(request: Request, faces: Sequence[Face]) -> list[str]:
    """Slack's ids of the pictures that show just these faces; none where they have yet to be made."""
    if len(faces) == 1:
        [face] = faces
        wanted = [face.crop_file, *([face.context_file] if face.has_surroundings else [])]
        return [file for file in wanted if file] if all(wanted) else []
    fits = request.grid_size == len(faces)
    return [request.grid_file] if request.grid_file and fits else []


def are_there(request: Request, faces: Sequence[Face], slack: Slack) -> bool:
    """Whether Slack has the pictures that the request shows, ready or not."""
    shown = [request.grid_file] if len(faces) > 1 else [faces[0].crop_file, faces[0].context_file]
    return slack.uploads.are_there([file for file in shown if file])


def forget(request: Request, faces: Sequence[Face]) -> None:
    """There are no pictures at Slack any more."""
    if len(faces) == 1:
        _note_of_face(faces[0], None, None)
    else:
        request.grid_file = request.grid_size = None
        Request.note(request.id, grid_file=None, grid_size=None)


def photos_ready(request: Request, slack: Slack, images: ImageStore, *, share: bool) -> dict[str, str | None]:
    """Slack's ids of the photos around the faces of a request, by face, when Slack can show them; None for
    one that is no longer kept. Several members who ask at once are shown the same ones.
    """
    with reached(), connected(), alone(f"photos of {request.id}"):
        asked = Face.of_request(request.id)
        faces = [face for face in asked if face.has_surroundings]
        new = [face for face in faces if face.context_file is None]
        files = slack.uploads.upload([_photo_around(face, images) for face in new])
        with writing():
            for face, file in zip(new, files, strict=True):
                face.context_file = file
                Face.note(face.id, context_file=file)
        if new:
            thread_ts = request.message_ts if share else None
            _complete(dict.fromkeys(files, words.CONTEXT_TITLE), slack, thread_ts)
        try:
            slack.uploads.wait_until_ready([str(face.context_file) for face in faces])
        except PictureGone as gone:
            with writing():
                Face.update(context_file=None).where(Face.request == request.id).execute()
            raise Retry(gone.reason) from None
        return {face.id: face.context_file if face in faces else None for face in asked}


def _missing(faces: Sequence[Face], images: ImageStore) -> list[Picture]:
    """Those that have to be uploaded."""
    if len(faces) > 1:
        grid = grid_picture([(face.number or 1, images.get(crop_key(face.id))) for face in faces])
        return [Picture(grid, words.FACES_TITLE, words.grid_alt(len(faces)))]
    [face] = faces
    crop = Picture(images.get(crop_key(face.id)), words.FACE_TITLE, words.FACE_ALT)
    return [
        *([crop] if face.crop_file is None else []),
        *([_photo_around(face, images)] if face.context_file is None and face.has_surroundings else []),
    ]


def _photo_around(face: Face, images: ImageStore) -> Picture:
    return Picture(images.get(context_key(face.id)), words.CONTEXT_TITLE, words.CONTEXT_ALT)


def _titles(pictures: Sequence[Picture]) -> list[str]:
    return [picture.title for picture in pictures]


def _note(request: Request, faces: Sequence[Face], files: Sequence[str]) -> None:
    if len(faces) == 1:
        [face], new = faces, list(files)
        crop_file = face.crop_file or new.pop(0)
        _note_of_face(face, crop_file, face.context_file or (new.pop(0) if new else None))
        return
    past = " ".join(filter(None, (request.past_grids, request.grid_file))) or None
    request.grid_file, request.grid_size, request.past_grids = files[0], len(faces), past
    Request.note(request.id, grid_file=files[0], grid_size=len(faces), past_grids=past)


def _note_of_face(face: Face, crop_file: str | None, context_file: str | None) -> None:
    face.crop_file, face.context_file = crop_file, context_file
    Face.note(face.id, crop_file=crop_file, context_file=context_file)


def _complete(titles: Mapping[str, str], slack: Slack, thread_ts: str | None) -> None:
    try:
        slack.uploads.complete(titles, thread_ts)
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None
