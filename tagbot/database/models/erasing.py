"""The rows about a person: listing the things that are to go with them, and erasing them."""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from peewee import fn

from tagbot.database.models.bookkeeping import Effort, FailedMessage, Notice
from tagbot.database.models.consents import ConsentQuestion, ConsentStatement
from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import IDLE, Kind, Marks, ToForget, opaque_tagger
from tagbot.database.models.guesses import Guess
from tagbot.database.models.mentioning_texts import mentioning_questions, mentions_of, replace_mentions
from tagbot.database.models.named_faces import NamedFace, hashed_name
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.sent_photos import PhotosWish, SentPhoto
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.vocabulary import FORGOTTEN, LEAST_OFFERED, RejectionReason, State


def list_things(receipt: str, marks: Marks, backends: Iterable[str], current: str) -> None:
    """Note all that is to go but the rows, in a transaction of the caller's. `backends` are the training
    backends that may know the person; the `current` one is set.
    """
    faces = list(Face.select(Face, Photo).join(Photo).where(Face.person << marks.person_ids))
    nobody = _nobody_beside(faces)
    ToForget.note(receipt, Kind.FACE, {face.id: face.state for face in (*faces, *nobody)})
    known = {current, *(str(face.training_backend) for face in faces if face.face_ref is not None)}
    ToForget.note(
        receipt, Kind.MODEL, {name: None if name in known else IDLE for name in {*backends, *known}}
    )
    questions = ConsentQuestion.select().where(ConsentQuestion.person << marks.person_ids)
    told = {each.message_ts: each.channel for each in questions if each.message_ts and each.channel}
    ToForget.note(receipt, Kind.MESSAGE, told)
    shown = {str(each.message_ts): each.channel for each in mentioning_questions(mentions_of(marks))}
    ToForget.note(receipt, Kind.QUESTION, {ts: channel for ts, channel in shown.items() if ts not in told})
    _list_photos(receipt, faces)
    ToForget.note(receipt, Kind.FILE, [each.file for each in SentPhoto.select().where(_sent(marks, receipt))])
    _list_requests(receipt, marks, [face.id for face in (*faces, *nobody)])


def erase_rows(receipt: str, marks: Marks, key: KeyedHash, somebody: str) -> dict[str, int]:
    """Erase or change the rows, in the same transaction; how many of what went. People's words about
    others stay; where they mention the person, they say `somebody` instead.
    """
    faces = [thing.ref for thing in ToForget.all_of(receipt, Kind.FACE)]
    photos = [thing.ref for thing in ToForget.all_of(receipt, Kind.PHOTO)]
    counts = Counter(vectors=_erase_vectors(marks, faces))
    counts["votes"] = Vote.delete().where((Vote.face << faces) | (Vote.answer << marks.ids)).execute()
    counts["own votes"] = _hide_tagger(marks)
    _loosen_guesses(marks, faces)
    _note_in_requests(receipt, marks, faces)
    hashes = [hashed_name(name, key) for name in marks.names]
    NamedFace.delete().where((NamedFace.face << faces) | (NamedFace.name << hashes)).execute()
    for table in (DifferentPeople, PastRound):
        table.delete().where(table.face << faces).execute()
    DifferentPeople.delete().where(DifferentPeople.other << faces).execute()
    _let_others_come_back(marks)
    counts["faces"] = Face.delete().where((Face.id << faces) & (Face.person << marks.person_ids)).execute()
    nobody: int = Face.delete().where(Face.id << faces).execute()
    Effort.add_forgotten(counts["faces"] + nobody)
    counts["photos"] = Photo.delete().where(Photo.sha256 << photos).execute()
    PostedPhoto.delete().where(
        (PostedPhoto.member << marks.slack_ids) | (PostedPhoto.sha256 << photos)
    ).execute()
    SentPhoto.delete().where(_sent(marks, receipt)).execute()
    PhotosWish.delete().where(PhotosWish.member << marks.slack_ids).execute()
    for consent in (ConsentQuestion, ConsentStatement):
        consent.delete().where(consent.person << marks.person_ids).execute()
    counts["people"] = Person.delete().where(Person.id << marks.person_ids).execute()
    _erase_notices(marks, faces)
    counts["mentions"] = replace_mentions(mentions_of(marks), somebody)
    return +counts


def _list_photos(receipt: str, faces: Sequence[Face]) -> None:
    """Which go, and in which the face is to be hidden, with the faces around it."""
    of_photo: defaultdict[str, list[Face]] = defaultdict(list)
    for face in faces:
        of_photo[face.photo_id].append(face)
    others = _beside(faces)
    stay = {photo for photo, beside in others.items() if not all(map(_is_nobody, beside))}
    ToForget.note(receipt, Kind.PHOTO, [photo for photo in of_photo if photo not in stay])
    for photo in stay:
        size, neighbours = of_photo[photo][0].photo, others[photo]
        places = {
            "size": [size.width, size.height],
            "hide": [_place(face) for face in of_photo[photo]],
            "keep": [_place(face) for face in neighbours if not _is_nobody(face)],
        }
        ToForget.note(receipt, Kind.HIDDEN, {photo: json.dumps(places)})
        details = {face.id: json.dumps({"photo": photo, "place": _place(face)}) for face in neighbours}
        ToForget.note(receipt, Kind.NEIGHBOUR, details)


def _beside(faces: Sequence[Face]) -> Mapping[str, list[Face]]:
    """The other faces in the photos of these, by photo."""
    others: defaultdict[str, list[Face]] = defaultdict(list)
    photos, ids = {face.photo_id for face in faces}, [face.id for face in faces]
    for other in Face.select().where((Face.photo << list(photos)) & Face.id.not_in(ids)):
        others[other.photo_id].append(other)
    return others


def _nobody_beside(faces: Sequence[Face]) -> list[Face]:
    """Places that were taken for faces, in photos of theirs without anybody else: they go with the photos."""
    alone = (beside for beside in _beside(faces).values() if all(map(_is_nobody, beside)))
    return [face for beside in alone for face in beside]


def _is_nobody(face: Face) -> bool:
    """Whether people said that it is no face."""
    return face.state == State.REJECTED and face.reason == RejectionReason.NOT_A_FACE


def _sent(marks: Marks, receipt: str) -> Any:
    """Photos that were sent to the person, or that show them to others."""
    photos = [thing.ref for thing in ToForget.all_of(receipt, Kind.PHOTO, Kind.HIDDEN)]
    return (SentPhoto.member << marks.slack_ids) | (SentPhoto.photo << photos)


def _place(face: Face) -> list[int]:
    return [face.left, face.top, face.width, face.height]


def _list_requests(receipt: str, marks: Marks, faces: Sequence[str]) -> None:
    """The messages about the faces with their pictures, and those about others that name the person."""
    own = list(_requests_of(faces))
    unknown = Request.select().where(Request.id << _of_no_face())
    files = {file for request in (*own, *unknown) for file in request.pictures}
    pictures: Any = Face.select(Face.crop_file, Face.context_file).where(Face.id << faces)
    files |= {file for row in pictures.tuples() for file in row if file}
    ToForget.note(receipt, Kind.FILE, sorted(files))
    ToForget.note(receipt, Kind.REQUEST, sorted({request.id for request in own} | _naming(marks)))
    with_others = Face.select(Face.request).where((Face.state == State.OPEN) & Face.id.not_in(faces))
    left_open = Request.select(Request.id).where(
        (Request.id << [request.id for request in own]) & (Request.id << with_others)
    )
    ToForget.note(receipt, Kind.PICTURES, [request.id for request in left_open])


def _requests_of(faces: Sequence[str]) -> Iterator[Request]:
    """Those in which the faces are or were asked about."""
    now = Face.select(Face.request).where((Face.id << faces) & Face.request.is_null(False))
    before = PastRound.select(PastRound.request).where(PastRound.face << faces)
    yield from Request.select().where((Request.id << now) | (Request.id << before))


def _of_no_face() -> Any:
    """Ids of requests with pictures of faces that nobody can tell any more: they wait again, and were never
    asked about there.
    """
    now = Face.select().where(Face.request == Request.id)
    before = PastRound.select().where(PastRound.request == Request.id)
    return Request.select(Request.id).where(Request.has_pictures() & ~fn.EXISTS(now) & ~fn.EXISTS(before))


def _naming(marks: Marks) -> set[str]:
    """Ids of the requests whose messages name the person: as tagger, as who reopened it, or as one of those
    who are offered; and of those that count a vote which goes.
    """
    votes: Any = (
        Face.select(Face.request)
        .join(Vote, on=(Vote.face == Face.id))
        .where((Vote.tagger << marks.slack_ids) | (Vote.answer << marks.ids), Face.request.is_null(False))
    )
    reopened: Any = PastRound.select(PastRound.request).where(PastRound.reopened_by << marks.slack_ids)
    offering = {
        request.id
        for person in marks.person_ids
        for request in Request.select(Request.id).where(Request.line_up.contains(person))
    }
    return {each for query in (votes, reopened) for (each,) in query.distinct().tuples()} | offering


def _erase_vectors(marks: Marks, faces: Sequence[str]) -> int:
    FaceVector.delete().where(FaceVector.face << faces).execute()
    theirs = (TrainedVector.face_id << faces) | (TrainedVector.person_ref << marks.person_ids)
    vectors: int = TrainedVector.delete().where(theirs).execute()
    return vectors


def _let_others_come_back(marks: Marks) -> None:
    """Faces of somebody who was merged with them once, which a model still has as theirs: they leave it now,
    and come back.
    """
    nowhere = dict.fromkeys(("training_backend", "person_ref", "face_ref", "handed_to"))
    ids, others = list(marks.person_ids), Face.person.not_in(marks.person_ids)
    held = (Face.person_ref << ids) | (Face.handed_to << ids)
    Face.update(**nowhere, displaced_by=FORGOTTEN).where(others & held).execute()
    Face.update(displaced_by=FORGOTTEN).where(others & (Face.displaced_by << ids)).execute()


def _hide_tagger(marks: Marks) -> int:
    """The person's own votes: those on faces that are still asked about go, the others are an opaque
    tagger's.
    """
    own = Vote.tagger << marks.slack_ids
    still_open = Face.select(Face.id).where(Face.state << (State.WAITING, State.OPEN))
    Vote.delete().where(own & (Vote.face << still_open)).execute()
    opaque = opaque_tagger()
    kept: int = Vote.update(tagger=opaque).where(own).execute()
    PastRound.update(reopened_by=opaque).where(PastRound.reopened_by << marks.slack_ids).execute()
    for slack_id in marks.slack_ids:
        claimed = Face.claimed_by.contains(f":{slack_id}:")
        renamed = fn.REPLACE(Face.claimed_by, f":{slack_id}:", f":{opaque}:")
        Face.update(claimed_by=renamed).where(claimed).execute()
    return kept


def _loosen_guesses(marks: Marks, faces: Sequence[str]) -> None:
    """Guesses name them no more; whether each was right stays."""
    Guess.update(person=None).where(Guess.person << marks.person_ids).execute()
    for face_id in faces:
        Guess.update(face=str(uuid.uuid4()), person=None).where(Guess.face == face_id).execute()


def _note_in_requests(receipt: str, marks: Marks, faces: Sequence[str]) -> None:
    """Their messages show it from now on."""
    for request in _requests_of(faces):
        now = Face.select().where((Face.request == request.id) & (Face.id << faces)).count()
        past = PastRound.select().where((PastRound.request == request.id) & (PastRound.face << faces)).count()
        nothing = dict.fromkeys(Request.PICTURES)
        Request.update(forgotten=Request.forgotten + now + past, **nothing).where(
            Request.id == request.id
        ).execute()
    Request.update(dict.fromkeys(Request.PICTURES)).where(Request.id << _of_no_face()).execute()
    for person in marks.person_ids:
        for request in Request.select().where(Request.line_up.contains(person)):
            left = [each for each in request.offered if each != person]
            left = left if len(left) >= LEAST_OFFERED else []  # one alone would be the machine's guess
            Request.update(line_up=json.dumps(left)).where(Request.id == request.id).execute()
    named = [thing.ref for thing in ToForget.all_of(receipt, Kind.REQUEST)]
    Request.changed(Request.id << named)


def _erase_notices(marks: Marks, faces: Sequence[str]) -> None:
    """Notices to the operator of them or their faces are dealt with by this."""
    for mark in (*marks.ids, *faces):
        Notice.delete().where(Notice.name.contains(mark) | Notice.text.contains(mark)).execute()


def erase_failures(ids: Iterable[str]) -> None:
    """Notes on messages that were about people or faces of these ids, and are gone."""
    with writing():
        for each in ids:
            of_it = FailedMessage.message_id.contains(each) | (FailedMessage.key == each)
            FailedMessage.delete().where(of_it).execute()
