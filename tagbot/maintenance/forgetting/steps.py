"""Forgetting a person, step by step: each can be taken again, and the last one proves that nothing is left.

All that is to go is listed in rows before anything goes. Each store is emptied, then all are searched; a find
begins it anew.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tagbot.database.models.consents import ConsentText
from tagbot.database.models.erasing import erase_failures, erase_rows, list_things
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import IDLE, Forgetting, Kind, Marks, ToForget
from tagbot.database.models.marks import marks_of
from tagbot.database.models.mentioning_texts import mentions_of
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.requests import Request
from tagbot.database.named_lock import alone
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.maintenance.forgetting import proof
from tagbot.maintenance.forgetting.parts import Parts, model
from tagbot.messages import ForgetAsked
from tagbot.photos.context_picture import context_area
from tagbot.photos.hiding import is_shown, with_hidden_faces
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.queues.publish import Put, publish
from tagbot.slack import request_pictures, words
from tagbot.slack.consent_question import show_question_anew, text_of_today
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.training.other_models import leave_to_reconcile
from tagbot.vocabulary import StageName, State

PART_SECONDS = 20.0
"""So long one message goes on; the rest is for the next one, so that no stage seems to hang."""

OTHER_BACKEND_SECONDS = 60.0
"""So long since it was asked for, a forgetting waits for a training backend that is not set any more: it may
never answer.
"""

LASTS_SECONDS = 20.0
"""A find that comes back for so long, although it was erased each time, stays."""

FILES = "pictures in Slack, which it does not delete"

CLOSED_CONVERSATION = (
    "messages and files that the bot sent to this person alone: Slack opens no conversation with the account"
)

VERSIONS = "earlier versions of pictures at Amazon S3, which the bot may not delete"

Work = Callable[[Forgetting, Parts], Iterator[None]]
"""Takes a step, and yields after each thing that went."""


@dataclass(frozen=True, slots=True)
class Step:
    """One store, or all that is done at once."""

    name: str
    work: Work
    needs_slack: bool = False


def begin(receipt: str, marks: Marks, key: KeyedHash, now: float, *, way: str, never_again: bool) -> None:
    """Note that a person is to be forgotten, who is recognised by these marks; keep them out first, by `key`,
    where they asked for that.
    """
    if never_again:
        for slack_id in marks.slack_ids:
            OptOut.keep_out(slack_id, key, now)
    Forgetting.begin(receipt, marks, way=way, never_again=never_again, now=now)


def publish_go_on(queues: Mapping[str, Put], receipt: str, *, part: int) -> None:
    """Leave what is left to do to the bot."""
    publish(queues, ForgetAsked(receipt=receipt, part=part))


def go_on(receipt: str, part: int, parts: Parts) -> bool:
    """Take the next steps for a while, as that part; whether there are more to take. Raises `Retry`."""
    until = parts.now() + PART_SECONDS
    Forgetting.note(receipt, part=part)
    while (forgetting := Forgetting.get_or_none(Forgetting.id == receipt)) is not None:
        step = _next(forgetting)
        if step is None or (step.needs_slack and not parts.settings.has_slack):
            return False
        for _ in step.work(forgetting, parts):
            if parts.now() > until:
                return True
        Forgetting.note(receipt, step=step.name)
    return False


def _next(forgetting: Forgetting) -> Step | None:
    names = ["", *(step.name for step in STEPS)]
    place = names.index(forgetting.step) if forgetting.step in names else 0
    return STEPS[place] if place < len(STEPS) else None


def _rows(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    marks = forgetting.marks or Marks()
    with writing():
        # Once more: they may have been named since.
        for person in marks.ids:
            marks = marks.joined(marks_of(person))
        text = text_of_today(parts.settings)
        if (instead := mentions_of(marks).without(text, words.SOMEBODY)) != text:
            # The next person who is shown it would have it kept as it is.
            ConsentText.keep(text, parts.now(), instead)
        list_things(forgetting.id, marks, parts.other_models.used(), parts.training.name)
        Forgetting.note(forgetting.id, sealed=marks.sealed())
        _count(forgetting, erase_rows(forgetting.id, marks, parts.opt_out_key, words.SOMEBODY))
    yield


def _model(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    faces = ToForget.all_of(forgetting.id, Kind.FACE)
    for face in faces:
        if face.detail == State.TRAINING:
            with alone(f"{StageName.SEND_FACE_FOR_TRAINING} {face.ref}"):
                pass  # the stage is done with it then
    persons = (forgetting.marks or Marks()).person_ids
    for thing in ToForget.left(forgetting.id, Kind.MODEL):
        with _let_go(thing, forgetting, parts):
            gone = model(thing.ref, parts).forget(persons, [face.ref for face in faces])
            _count(forgetting, {"vectors": gone})
        thing.went()
        yield


@contextmanager
def _let_go(thing: ToForget, forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    """Of a training backend that is not set and does not answer: at once where it has no face of theirs by
    all that is known; else after a while, with a word to the operator.
    """
    try:
        yield
    except (Retry, Reject):
        if thing.detail != IDLE:
            is_soon = parts.now() < forgetting.asked_at + OTHER_BACKEND_SECONDS
            if thing.ref == parts.training.name or is_soon:
                raise
            leave_to_reconcile(thing.ref, forgetting.id, parts.now())
            thing.is_idle()
            _not_searched(forgetting, proof.left_in_model(thing.ref))
        _not_searched(forgetting, proof.of_other_model(thing.ref))


def _pictures(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    for thing in ToForget.left(forgetting.id, Kind.FACE):
        for key in (crop_key(thing.ref), context_key(thing.ref)):
            _delete(key, forgetting, parts)
        thing.went()
        yield
    for thing in ToForget.left(forgetting.id, Kind.PHOTO):
        _delete(photo_key(thing.ref), forgetting, parts)
        thing.went()
        yield
    for thing in ToForget.left(forgetting.id, Kind.HIDDEN):
        _hide(photo_key(thing.ref), None, Places.of(thing), forgetting, parts)
        thing.went()
        yield
    places = {thing.ref: Places.of(thing) for thing in ToForget.all_of(forgetting.id, Kind.HIDDEN)}
    for thing in ToForget.left(forgetting.id, Kind.NEIGHBOUR):
        told = json.loads(thing.detail or "{}")
        _hide_beside(thing.ref, Rectangle(*told["place"]), places[told["photo"]], forgetting, parts)
        thing.went()
        yield


@dataclass(frozen=True, slots=True)
class Places:
    """Where the faces of a photo are."""

    size: Size
    hide: list[Rectangle]
    keep: list[Rectangle]

    @classmethod
    def of(cls, hidden: ToForget) -> "Places":
        """As they are noted."""
        told = json.loads(hidden.detail or "{}")
        faces = ([Rectangle(*each) for each in told[name]] for name in ("hide", "keep"))
        return cls(Size(*told["size"]), *faces)


def _hide_beside(face_id: str, face: Rectangle, places: Places, forgetting: Forgetting, parts: Parts) -> None:
    """In the surroundings of another face, here and at Slack."""
    shown = context_area(places.size, face)
    if not any(is_shown(shown, each) for each in places.hide):
        return
    _hide(context_key(face_id), shown, places, forgetting, parts)
    # The stage that asks about it may have its picture in hand, and notes where that is at Slack.
    with alone(f"{StageName.REQUEST_TAGGING_ON_SLACK} {face_id}"), writing():
        neighbour = Face.get_or_none(Face.id == face_id)
        if neighbour is None or neighbour.context_file is None:
            return
        ToForget.note(forgetting.id, Kind.FILE, [neighbour.context_file])
        Face.note(face_id, context_file=None)
        if neighbour.request_id is not None:
            ToForget.note(forgetting.id, Kind.REQUEST, [neighbour.request_id])
            Request.changed(Request.id == neighbour.request_id)
            if neighbour.state == State.OPEN:
                ToForget.note(forgetting.id, Kind.PICTURES, [neighbour.request_id])


def _hide(key: str, shown: Rectangle | None, places: Places, forgetting: Forgetting, parts: Parts) -> None:
    try:
        picture = parts.images.get(key)
    except Reject:
        return  # it went before
    whole = Rectangle(0, 0, *places.size)
    parts.images.put(key, with_hidden_faces(picture, shown or whole, places.hide, places.keep))
    _forget_versions(key, forgetting, parts)
    _count(forgetting, {"pictures blurred": 1})


def _delete(key: str, forgetting: Forgetting, parts: Parts) -> None:
    try:
        parts.images.get(key)
    except Reject:
        pass
    else:
        _count(forgetting, {"pictures": 1})
    parts.images.delete(key)
    _forget_versions(key, forgetting, parts)


def _forget_versions(key: str, forgetting: Forgetting, parts: Parts) -> None:
    if not parts.images.forget_versions(key):
        _not_searched(forgetting, VERSIONS)


def _queues(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    marks = forgetting.marks or Marks()
    faces = [thing.ref for thing in ToForget.all_of(forgetting.id, Kind.FACE)]
    ToForget.note(forgetting.id, Kind.QUEUE, parts.queues)
    for thing in ToForget.left(forgetting.id, Kind.QUEUE):
        dropped = parts.queues[thing.ref].drop(lambda text: proof.concerns(text, marks, faces))
        with writing():
            thing.went()
            _count(forgetting, {"messages": dropped})
        yield
    erase_failures([*marks.ids, *faces])


def _direct_messages(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    """List what the bot told the person alone; without the Slack settings, the bot does so later."""
    if not parts.settings.has_slack:
        return
    for slack_id in (forgetting.marks or Marks()).slack_ids:
        try:
            for channel, ts, files in parts.slack.direct.told(slack_id):
                with writing():
                    ToForget.note(forgetting.id, Kind.MESSAGE, {ts: channel})
                    ToForget.note(forgetting.id, Kind.FILE, files)
        except CannotBeWrittenTo:
            _not_searched(forgetting, CLOSED_CONVERSATION)
        yield


def _proof(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    left, not_searched = proof.search(forgetting, parts)
    if not _only_lasts(forgetting, left, parts.now()):
        with writing():
            Forgetting.note(forgetting.id, step="")
            ToForget.update(is_gone=False).where(ToForget.forgetting == forgetting.id).execute()
        raise Retry(f"something is left of a person who is to be forgotten: {', '.join(left)}", after=1.0)
    for what in not_searched:
        _not_searched(forgetting, what)
    account = Marks(slack_ids=(forgetting.marks or Marks()).slack_ids)
    # Only by their account the bot finds what it told them alone, once it reaches Slack.
    is_needed = account.slack_ids and not parts.settings.has_slack
    sealed = account.sealed() if is_needed else None
    Forgetting.note(forgetting.id, sealed=sealed, searched_at=parts.now())
    yield


def _only_lasts(
    forgetting: Forgetting, left: Sequence[str], now: float, *, before: Sequence[str] = ()
) -> bool:
    """Whether all that was found has been found for so long that it stays: the receipt says so. `before` are
    places that were found to stay before.
    """
    known = Forgetting.get_by_id(forgetting.id).found_since
    found = {place: known.get(place, now) for place in (*before, *left)}
    Forgetting.note(forgetting.id, found=json.dumps(found))
    return all(found[place] <= now - LASTS_SECONDS for place in left)


def _slack(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    """The messages first: they are not to show pictures that are no more."""
    yield from _direct_messages(forgetting, parts)
    for thing in ToForget.left(forgetting.id, Kind.PICTURES):
        _renew_pictures(thing.ref, parts)
        thing.went()
        yield
    requests = list(ToForget.left(forgetting.id, Kind.REQUEST))
    for thing in requests:
        parts.updates.show_soon(thing.ref)
    for thing in requests:
        parts.updates.show(thing.ref)
        _counted_gone(thing, forgetting, "Slack messages updated")
        yield
    for thing in ToForget.left(forgetting.id, Kind.QUESTION):
        show_question_anew(str(thing.detail), thing.ref, parts.slack)
        _counted_gone(thing, forgetting, "Slack messages updated")
        yield
    for thing in ToForget.left(forgetting.id, Kind.MESSAGE):
        parts.slack.channel.delete(thing.ref, str(thing.detail))
        _counted_gone(thing, forgetting, "Slack messages deleted")
        yield
    for thing in ToForget.left(forgetting.id, Kind.FILE):
        parts.slack.uploads.delete(thing.ref)
        _counted_gone(thing, forgetting, "Slack files")
        yield


def _renew_pictures(request_id: str, parts: Parts) -> None:
    """Of a request that is open: without the face that went."""
    request, faces = Request.get_by_id(request_id), Face.of_request(request_id)
    if not faces or faces[0].state != State.OPEN:
        return
    share = parts.settings.slack_pictures == "shared"
    request_pictures.have_ready(request, faces, parts.slack, parts.images, share=share, now=parts.now)
    with writing():
        Request.note(request_id, posting_since=None)
        Request.changed(Request.id == request_id)


def _end(forgetting: Forgetting, parts: Parts) -> Iterator[None]:
    """Slack is searched as well; then the receipt alone stays."""
    there = [
        thing.ref
        for thing in ToForget.all_of(forgetting.id, Kind.FILE)
        if parts.slack.uploads.are_there([thing.ref])
    ]
    before = [place for place in forgetting.found_since if place != FILES]
    if not _only_lasts(forgetting, [FILES] if there else [], parts.now(), before=before):
        with writing():
            files = (ToForget.forgetting == forgetting.id) & (ToForget.ref << there)
            ToForget.update(is_gone=False).where(files).execute()
            Forgetting.note(forgetting.id, step=PROOF)
        raise Retry(f"Slack still has {len(there)} files that were deleted", after=1.0)
    with writing():
        ToForget.delete().where(ToForget.forgetting == forgetting.id).execute()
        Forgetting.note(forgetting.id, sealed=None, finished_at=parts.now())
    yield


PROOF = "proof"

STEPS = (
    Step("rows", _rows),
    Step("model", _model),
    Step("pictures", _pictures),
    Step("queues", _queues),
    Step("direct messages", _direct_messages),  # after all that goes while Slack is away
    Step(PROOF, _proof),
    Step("Slack", _slack, needs_slack=True),
    Step("end", _end, needs_slack=True),
)


def _counted_gone(thing: ToForget, forgetting: Forgetting, what: str) -> None:
    with writing():
        thing.went()
        _count(forgetting, {what: 1})


def _count(forgetting: Forgetting, more: dict[str, int]) -> None:
    """Add to what has gone."""
    with writing():
        now = Forgetting.get_by_id(forgetting.id)
        counts = dict(now.counted)
        for what, number in more.items():
            counts[what] = counts.get(what, 0) + number
        Forgetting.note(forgetting.id, counts=json.dumps({what: n for what, n in counts.items() if n}))


def _not_searched(forgetting: Forgetting, what: str) -> None:
    with writing():
        now = Forgetting.get_by_id(forgetting.id)
        listed = dict.fromkeys([*now.not_searched, what])
        Forgetting.note(forgetting.id, unsearched=json.dumps(list(listed)))
